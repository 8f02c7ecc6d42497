//! The page of one run.

use maud::{Markup, html};

use super::axis::Scale;
use super::chart::{Along, Chart, Curve};
use super::folder::RunFolder;
use super::grids::{Picture, Pictures};
use super::groups::{self, GroupUse, group_of};
use super::look::Look;
use super::number::{date_time, short_duration, short_number};
use super::shell::shell;
use crate::session::{Ending, PastSession, RunState};

/// Figures that are charted in another way, or say little over time.
const OWN_PLACE: [&str; 1] = ["usage"];

pub(crate) fn page(run: &RunFolder) -> String {
    let pictures = Pictures::of(&run.grids);
    let body = html! {
        header {
            h1 { (run.name) " " span class={ "state " (run.sessions.state.word()) } { (run.sessions.state.word()) } }
            p.sub { (subtitle(run)) }
            @if let RunState::Failed { message } = &run.sessions.state { p.alarm { (message) } }
        }
        main {
            (tiles(run))
            @if let Some(last) = pictures.shown.last() { (shown(&Shown::of(run), &pictures.shown, last)) }
            (curves(run))
            (codes(run))
            (events(run, &pictures.damage))
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
            code { "vqct runs report FOLDER" } " makes it anew."
        }
    };
    shell(&format!("{} · vqct", run.name), &body)
}

fn subtitle(run: &RunFolder) -> String {
    let steps = run.steps().map_or(String::new(), |steps| format!(" of {steps}"));
    let begun = date_time(run.begun);
    format!("Step {}{steps} · begun {begun} UTC · last record {} UTC", run.log.last_step(), date_time(run.last_sign))
}

fn tiles(run: &RunFolder) -> Markup {
    let validation = |name| run.log.last_figure("validation", name);
    let generation = |name| run.log.last_figure("generation", name);
    let share = |share: f64| format!("{:.1} %", share * 100.0);
    let best = run.best_psnr().map_or(String::new(), |best| format!("best {:.2} at step {}", best.value, best.step));
    let tile = |title: &str, value: Option<String>, below: &str| {
        html! {
            @if let Some(value) = value {
                div.tile { span { (title) } b { (value) } small { (below) } }
            }
        }
    };
    html! {
        section.tiles {
            (tile("PSNR", validation("psnr").map(|psnr| format!("{psnr:.2} dB")), &best))
            (tile("SSIM", validation("ssim").map(|ssim| format!("{ssim:.4}")), "last validation"))
            (tile("Perplexity", generation("perplexity").map(short_number), "of an id, last validation"))
            (tile("Codes used", validation("usage").map(share), "of all, last validation"))
            (tile("Loss", run.log.last_figure("train", "loss").map(short_number), "last record"))
            (tile("Speed", run.images_per_second().map(short_number), "images/s, median"))
            (tile("Trained for", Some(short_duration(run.elapsed())), ""))
        }
    }
}

/// What a run's pictures are.
struct Shown {
    title: &'static str,
    caption: &'static str,
}

impl Shown {
    fn of(run: &RunFolder) -> Self {
        match run.log.names("generation").is_empty() {
            true => Self { title: "Reconstructions", caption: "Originals above reconstructions" },
            false => Self { title: "Samples", caption: "Validation images above samples on the same conditions" },
        }
    }
}

fn shown(Shown { title, caption }: &Shown, pictures: &[Picture], last: &Picture) -> Markup {
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
                    @if pictures.len() > 1 {
                        " " input type="range" min="0" max=(pictures.len() - 1) value=(pictures.len() - 1)
                            aria-label="step of the grid";
                    }
                }
                @if pictures.len() > 1 {
                    div.former hidden {
                        @for picture in pictures { img src=(picture.data) data-step=(picture.step) alt=""; }
                    }
                }
            }
        }
    }
}

fn curves(run: &RunFolder) -> Markup {
    let of = |kind: &'static str| {
        let plain = |name: &&str| !name.contains('/') && !OWN_PLACE.contains(name);
        run.log.names(kind).into_iter().filter(plain).map(move |name| (kind, name)).collect::<Vec<_>>()
    };
    let charts = of("validation").into_iter().chain(of("generation")).chain(of("train")).map(|(kind, name)| {
        let Look { title, unit, scale } = Look::of(kind, name);
        Chart {
            title,
            unit,
            scale,
            along: Along::Steps,
            curves: vec![Curve { label: String::new(), points: run.log.curve(kind, name) }],
        }
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

fn codes(run: &RunFolder) -> Markup {
    let last = groups::last(run);
    let names: Vec<&str> = run.log.names("validation").into_iter().filter_map(|name| group_of(name, "size")).collect();
    let chart = |title: &str, unit, value: fn(&GroupUse) -> f64| {
        let curve = |group: &&str| Curve { label: (*group).to_owned(), points: groups::curve(run, group, value) };
        let curves = names.iter().map(curve).collect();
        Chart { title: title.into(), unit, scale: Scale::FromZero, along: Along::Steps, curves }.draw()
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
                    "Counted over the whole validation set. Perplexity is the number of codes that, used equally, would "
                    "be as hard to foretell."
                }
                div.charts {
                    @if let Some(chart) = chart("Codes used", "%, validation", |group| group.share() * 100.0) { (chart) }
                    @if let Some(chart) = chart("Perplexity", "codes, validation", |group| group.perplexity) { (chart) }
                }
            }
        }
    }
}

/// What happened, in order of the steps: sessions, and records that are neither training nor validation.
fn events(run: &RunFolder, damaged_pictures: &[String]) -> Markup {
    let mut events: Vec<(u64, String)> = run.sessions.all.iter().flat_map(session_events).collect();
    let charted = ["train", "validation", "generation"];
    for entry in run.log.entries.iter().filter(|entry| !charted.contains(&entry.kind.as_str())) {
        events.push((entry.step, entry.words()));
    }
    events.sort_by_key(|(step, _)| *step);
    let damage = run.log.damage.iter().map(|line| format!("metrics.jsonl, {line}"));
    let damage: Vec<String> = damage.chain(damaged_pictures.iter().cloned()).collect();
    html! {
        @if !events.is_empty() || !damage.is_empty() {
            section {
                h2 { "Events" }
                div.scroll {
                    table {
                        thead { tr { th.n { "Step" } th { "What" } } }
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

fn environment(run: &RunFolder) -> Markup {
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
