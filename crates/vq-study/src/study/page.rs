//! The page of a study.

use std::collections::BTreeMap;

use image::{DynamicImage, RgbImage};
use maud::{Markup, html};
use vq_file::FileError;
use vq_report::chart::{Along, Chart, Curve};
use vq_report::html::{document, image_source};
use vq_report::{Point, RunContents};
use vq_run::{ChartScale, figure_info};

use super::table::Cells;
use super::{StudyRow, StudyRun, StudyTable};
use crate::StudyError;

/// Images of a row of a validation's grid.
const COLUMNS: u32 = 16;

/// Methods up to which charts are small.
const FEW: usize = 6;

/// A study on one page that needs no other file: the table, usage of codes over the steps, PSNR over time, codes by
/// rank, and the same images after each method.
#[derive(Debug)]
pub struct StudyPage {
    html: String,
}

impl StudyPage {
    /// Makes the page.
    ///
    /// # Errors
    /// [`StudyError::File`] or [`StudyError::Report`] if an image cannot be read or encoded.
    pub fn of(table: &StudyTable, title: &str) -> Result<Self, StudyError> {
        let rows = table.rows();
        let charts = [usage(rows), psnr_over_time(rows), ranks(rows)];
        let strips = strips(rows)?;
        let names = rows.iter().map(|row| row.title.as_str()).collect::<Vec<_>>().join(", ");
        let body = html! {
            header {
                h1 { (title) }
                p.sub { (names) }
            }
            main {
                section {
                    h2 { "Figures" }
                    p.note { "Mean ± standard deviation over the seeds. Training is without validations and pauses." }
                    (figures(&table.cells()))
                }
                section {
                    h2 { "Curves" }
                    p.note { "Means over the seeds; codes by rank are those of the first seed." }
                    div.charts.wide[rows.len() > FEW] { @for chart in charts.into_iter().flatten() { (chart) } }
                }
                @if !strips.is_empty() {
                    section {
                        h2 { "The same images" }
                        p.note { "First seed, last validation." }
                        div.scroll.strips {
                            table {
                                @for (title, picture) in &strips {
                                    tr { td { (title) } td { img src=(picture) alt=(title); } }
                                }
                            }
                        }
                    }
                }
            }
            footer { "Made by vqct " (env!("CARGO_PKG_VERSION")) " with " code { "vqct study --html" } "." }
        };
        Ok(Self { html: document(&format!("{title} · vqct"), &body) })
    }

    /// The page.
    pub fn html(&self) -> &str {
        &self.html
    }
}

/// The same validation images in strips: originals, then each method's reconstructions, from the last grid of its first
/// seed; as sources of images.
fn strips(rows: &[StudyRow]) -> Result<Vec<(&str, String)>, StudyError> {
    let mut strips = Vec::new();
    for row in rows {
        let Some(run) = row.runs.first() else { continue };
        let Some(grid) = run.contents.grids.last() else { continue };
        let refuse = |error: image::ImageError| FileError::format("image", &grid.path, "a PNG file", error.to_string());
        let picture = image::open(&grid.path).map_err(refuse)?;
        let side = picture.width() / COLUMNS.min(run.evaluation.conditions.data.images as u32).max(1);
        if strips.is_empty() {
            strips.push(("originals", image_source(&strip(&picture, 0, side))?));
        }
        strips.push((row.title.as_str(), image_source(&strip(&picture, side, side))?));
    }
    Ok(strips)
}

fn strip(picture: &DynamicImage, top: u32, height: u32) -> RgbImage {
    picture.crop_imm(0, top, picture.width(), height).to_rgb8()
}

fn figures(Cells { titles, rows }: &Cells) -> Markup {
    html! {
        div.scroll {
            table {
                thead { tr { th { "method" } @for title in titles { th.n { (title) } } } }
                tbody {
                    @for (title, cells) in rows { tr { td.whole { (title) } @for cell in cells { td.n { (cell) } } } }
                }
            }
        }
    }
}

fn usage(rows: &[StudyRow]) -> Option<Markup> {
    let of = |run: &StudyRun| run.contents.log.curve("validation", "usage");
    let curves = curves(rows, |runs| mean(&runs.iter().map(of).collect::<Vec<_>>()));
    Chart::of_figure(&figure_info("validation", "usage"), curves).draw()
}

fn psnr_over_time(rows: &[StudyRow]) -> Option<Markup> {
    let of = |run: &StudyRun| timed(&run.contents, run.contents.log.curve("validation", "psnr"));
    // Seeds take different times: their points are averaged in order.
    let joined = |runs: &[StudyRun]| {
        let all: Vec<Vec<Point>> = runs.iter().map(of).collect();
        let shortest = all.iter().map(Vec::len).min().unwrap_or(0);
        let at = |number: usize| {
            let count = all.len() as f64;
            let step = all.iter().map(|points| points[number].step as f64).sum::<f64>() / count;
            Point {
                step: step.round() as u64,
                value: all.iter().map(|points| points[number].value).sum::<f64>() / count,
            }
        };
        (0..shortest).map(at).collect()
    };
    let (title, unit, scale) = ("PSNR over time".to_owned(), "dB, validation", ChartScale::Tight);
    Chart { title, unit, scale, along: Along::Seconds, curves: curves(rows, joined) }.draw()
}

fn ranks(rows: &[StudyRow]) -> Option<Markup> {
    let of = |runs: &[StudyRun]| {
        let counts = runs.first().map(|run| &run.histograms).into_iter().flatten();
        let mut counts: Vec<i64> = counts.flat_map(|group| group.counts.clone()).filter(|&count| count > 0).collect();
        counts.sort_unstable_by(|one, other| other.cmp(one));
        let total = counts.iter().sum::<i64>() as f64;
        let point = |(rank, count): (u64, i64)| Point { step: rank, value: count as f64 / total * 100.0 };
        (1..).zip(counts).map(point).collect()
    };
    let (title, unit, scale) = ("Codes by rank".to_owned(), "% of all choices", ChartScale::LogIfWide);
    Chart { title, unit, scale, along: Along::Ranks, curves: curves(rows, of) }.draw()
}

fn curves(rows: &[StudyRow], points: impl Fn(&[StudyRun]) -> Vec<Point>) -> Vec<Curve> {
    rows.iter().map(|row| Curve { label: row.title.clone(), points: points(&row.runs) }).collect()
}

/// The mean at each step that all have.
fn mean(curves: &[Vec<Point>]) -> Vec<Point> {
    let mut sums: BTreeMap<u64, (f64, usize)> = BTreeMap::new();
    for point in curves.iter().flatten() {
        let (sum, count) = sums.entry(point.step).or_default();
        *sum += point.value;
        *count += 1;
    }
    let whole = sums.into_iter().filter(|(_, (_, count))| *count == curves.len());
    whole.map(|(step, (sum, count))| Point { step, value: sum / count as f64 }).collect()
}

/// Points at the seconds of their steps.
fn timed(contents: &RunContents, points: Vec<Point>) -> Vec<Point> {
    let steps: Vec<u64> = points.iter().map(|point| point.step).collect();
    let seconds = contents.seconds_at(&steps).unwrap_or_default();
    points.into_iter().zip(seconds).map(|(point, seconds)| Point { step: seconds.round() as u64, ..point }).collect()
}
