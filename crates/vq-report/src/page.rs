//! The page of one run.

use maud::{Markup, html};

use vq_run::{ChartScale, Ending, PastSession, RunState, figure_info};

use crate::RunContents;
use crate::chart::{Along, Chart, Curve};
use crate::grids::{EmbeddedGrid, EmbeddedGrids};
use crate::groups::{self, GroupUse, group_of};
use crate::html::document;
use crate::number::{date_time, short_duration, short_number};

/// Kinds of records with figures, in the order in which the page shows their charts.
const KINDS: [&str; 4] = ["validation", "generation", "classification", "train"];

/// Figures that are charted in another way, or say little over time.
const CHARTED_ELSEWHERE: [&str; 1] = ["usage"];

pub(crate) fn page(run: &RunContents) -> String {
    let grids = EmbeddedGrids::of(&run.grids);
    let body = html! {
        header {
            h1 { (run.name) " " span class={ "state " (run.sessions.state.word()) } { (run.sessions.state.word()) } }
            p.sub { (subtitle(run)) }
            @if let RunState::Failed { message } = &run.sessions.state { p.alarm { (message) } }
        }
        main {
            (tiles(run))
            @if let Some(last) = grids.shown.last() { (grid(&GridTitle::of(run), &grids.shown, last)) }
            (curves(run))
            (codes(run))
            (events(run, &grids.damage))
            (environment(run))
            section {
                details {
                    summary { h2 { "Configuration" } }
                    pre { (run.config_text) }
                }
            }
        }
        footer {
            "Made by vqct " (env!("CARGO_PKG_VERSION")) " from the files of the run folder; "
            code { "vqct runs report FOLDER" } " makes it again."
        }
    };
    document(&format!("{} · vqct", run.name), &body)
}

fn subtitle(run: &RunContents) -> String {
    let steps = run.steps().map_or(String::new(), |steps| format!(" of {steps}"));
    let begun = date_time(run.begun);
    format!("Step {}{steps} · begun {begun} UTC · last record {} UTC", run.log.last_step(), date_time(run.last_write))
}

fn tiles(run: &RunContents) -> Markup {
    let tile = |title: &str, value: Option<String>, below: &str| {
        html! {
            @if let Some(value) = value {
                div.tile { span { (title) } b { (value) } small { (below) } }
            }
        }
    };
    let best = run.best_psnr().map(|best| format!("best {:.2} at step {}", best.value, best.step)).unwrap_or_default();
    let last = |kind: &str, name: &str, below: &str| {
        let info = figure_info(kind, name);
        let value = run.log.last_figure(kind, name).map(|value| format!("{} {}", info.format(value), info.unit));
        tile(&info.capitalized(), value, below)
    };
    html! {
        section.tiles {
            (last("validation", "psnr", &best))
            (last("validation", "ssim", "last validation"))
            (last("generation", "perplexity", "last validation"))
            (last("classification", "object_f1", "last validation"))
            (last("validation", "usage", "of all codes, last validation"))
            (tile("Loss", run.log.last_figure("train", "loss").map(short_number), "last record"))
            (tile("Speed", run.images_per_second().map(short_number), "images/s, median"))
            (tile("Trained for", Some(short_duration(run.elapsed())), ""))
        }
    }
}

/// Title and caption of a run's grids.
struct GridTitle {
    title: &'static str,
    caption: &'static str,
}

impl GridTitle {
    fn of(run: &RunContents) -> Self {
        match run.log.names("generation").is_empty() {
            true => Self { title: "Reconstructions", caption: "Originals above reconstructions" },
            false => Self { title: "Samples", caption: "Validation images above samples on the same conditions" },
        }
    }
}

fn grid(GridTitle { title, caption }: &GridTitle, grids: &[EmbeddedGrid], last: &EmbeddedGrid) -> Markup {
    let [width, height] = last.size;
    html! {
        section {
            h2 { (title) }
            figure.grid {
                div.scroll {
                    img.shown src=(last.data) width=(width) height=(height) alt=(caption);
                }
                figcaption {
                    (caption) ", step " output { (last.step) }
                    @if grids.len() > 1 {
                        " " input type="range" min="0" max=(grids.len() - 1) value=(grids.len() - 1)
                            aria-label="step of the grid";
                    }
                }
                @if grids.len() > 1 {
                    div.former hidden {
                        @for grid in grids { img src=(grid.data) data-step=(grid.step) alt=""; }
                    }
                }
            }
        }
    }
}

fn curves(run: &RunContents) -> Markup {
    let of = |kind: &'static str| {
        let here = |name: &&str| !name.starts_with("groups/") && !CHARTED_ELSEWHERE.contains(name);
        run.log.names(kind).into_iter().filter(here).map(move |name| (kind, name)).collect::<Vec<_>>()
    };
    let charts = KINDS.into_iter().flat_map(of).map(|(kind, name)| {
        let curve = Curve { label: String::new(), points: run.log.curve(kind, name) };
        Chart::of_figure(&figure_info(kind, name), vec![curve])
    });
    let charts: Vec<Markup> = charts.filter_map(|chart| chart.draw()).collect();
    html! {
        section {
            h2 { "Curves" }
            @if charts.is_empty() { p { "Nothing is logged yet." } }
            div.charts { @for chart in &charts { (chart) } }
        }
    }
}

fn codes(run: &RunContents) -> Markup {
    let last = groups::last(run);
    let names: Vec<&str> = run.log.names("validation").into_iter().filter_map(|name| group_of(name, "size")).collect();
    let share = |group: &GroupUse| group.share() * 100.0;
    let chart = |title: &str, unit, value: fn(&GroupUse) -> f64| {
        let curve = |group: &&str| Curve { label: (*group).to_owned(), points: groups::curve(run, group, value) };
        let curves = names.iter().map(curve).collect();
        Chart { title: title.into(), unit, scale: ChartScale::FromZero, along: Along::Steps, curves }.draw()
    };
    html! {
        @if !last.is_empty() {
            section {
                h2 { "Codes" }
                div.scroll {
                    table {
                        thead { tr {
                            th { "Group" } th.n { "Codes" } th.n { "Used" } th { "Share" } th.n { "Perplexity" }
                        } }
                        tbody {
                            @for group in &last {
                                @let percent = format!("{:.1} %", group.share() * 100.0);
                                tr {
                                    td.whole { (group.group) }
                                    td.n { (group.size) }
                                    td.n { (group.used) }
                                    td.whole { meter min="0" max="1" value=(group.share()) { (percent) } " " (percent) }
                                    td.n { (short_number(group.perplexity)) }
                                }
                            }
                        }
                    }
                }
                p.note {
                    "Counted over the whole validation set. Perplexity is the number of codes that, used equally, "
                    "would be as hard to predict."
                }
                div.charts {
                    @if let Some(chart) = chart("Codes used", "%, validation", share) { (chart) }
                    @if let Some(chart) = chart("Perplexity", "codes, validation", |group| group.perplexity) { (chart) }
                }
            }
        }
    }
}

/// Events in order of steps: sessions, and records without charts.
fn events(run: &RunContents, damaged_grids: &[String]) -> Markup {
    let mut events: Vec<(u64, String)> = run.sessions.all.iter().flat_map(session_events).collect();
    for entry in run.log.entries.iter().filter(|entry| !KINDS.contains(&entry.kind.as_str())) {
        events.push((entry.step, entry.summary()));
    }
    events.sort_by_key(|(step, _)| *step);
    let damage = run.log.damage.iter().map(|line| format!("metrics.jsonl, {line}"));
    let damage: Vec<String> = damage.chain(damaged_grids.iter().cloned()).collect();
    html! {
        @if !events.is_empty() || !damage.is_empty() {
            section {
                h2 { "Events" }
                div.scroll {
                    table {
                        thead { tr { th.n { "Step" } th { "Event" } } }
                        tbody {
                            @for (step, what) in &events { tr { td.n { (step) } td { (what) } } }
                            @for what in &damage { tr.alarm { td.n { "–" } td { "cannot be read: " (what) } } }
                        }
                    }
                }
            }
        }
    }
}

fn session_events(session: &PastSession) -> Vec<(u64, String)> {
    let word = if session.step == 0 { "begun" } else { "resumed" };
    let mut events = vec![(session.step, format!("{word} {} UTC", date_time(session.begun)))];
    if let Some(end) = &session.end {
        let how = match &end.ending {
            Ending::Finished => "finished".into(),
            Ending::Stopped => "stopped".into(),
            Ending::Failed { message } => format!("failed: {message}"),
        };
        events.push((end.step, format!("{how}, {} UTC", date_time(end.time))));
    }
    events
}

fn environment(run: &RunContents) -> Markup {
    html! {
        @if let Some(PastSession { environment, .. }) = run.sessions.all.last() {
            section {
                h2 { "Environment" }
                dl {
                    dt { "vqct" } dd { (environment.vqct) }
                    dt { "libtorch" } dd { (environment.libtorch) }
                    dt { "Device" } dd { (environment.device) }
                    dt { "Processor" } dd { (environment.cpu) ", " (environment.threads) " threads" }
                    dt { "System" } dd { (environment.os) }
                }
            }
        }
    }
}
