//! `vqct runs`.

use std::cmp::Ordering;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::ValueEnum;
use serde::Serialize;
use vq_report::{RunContents, date_time, short_duration, short_number};
use vq_run::RunDir;

use super::table::Table;
use crate::output::chain;

#[derive(Debug, clap::Args)]
pub(crate) struct ListArgs {
    /// The folder that holds the runs.
    #[arg(value_name = "FOLDER", default_value = "runs")]
    folder: PathBuf,
    /// What to sort by; figures have the best run first.
    #[arg(long, value_enum, default_value = "name")]
    sort: SortBy,
    /// Print a list in JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum SortBy {
    Name,
    /// The newest first.
    Begun,
    State,
    Step,
    Psnr,
    Ssim,
    Usage,
    Speed,
}

/// What is shown of a run.
#[derive(Debug, Serialize)]
struct Row {
    name: String,
    folder: PathBuf,
    state: &'static str,
    step: u64,
    /// Of the whole run; none if the configuration does not have it.
    steps: Option<u64>,
    /// Of the last validation, in dB.
    psnr: Option<f64>,
    ssim: Option<f64>,
    /// Share of all codes.
    usage: Option<f64>,
    /// The median.
    images_per_second: Option<f64>,
    /// Seconds since 1970, UTC.
    begun: f64,
    /// Seconds of training.
    seconds: f64,
    /// Lines of the log that are no records.
    damaged_lines: usize,
}

impl Row {
    fn of(folder: PathBuf) -> Result<Self> {
        let run = RunContents::read(&RunDir::existing(&folder))?;
        let validation = |name| run.log.last_figure("validation", name);
        Ok(Self {
            folder,
            state: run.sessions.state.word(),
            step: run.log.last_step(),
            steps: run.steps(),
            psnr: validation("psnr"),
            ssim: validation("ssim"),
            usage: validation("usage"),
            images_per_second: run.images_per_second(),
            begun: run.begun,
            seconds: run.elapsed(),
            damaged_lines: run.log.damage.len(),
            name: run.name,
        })
    }

    fn cells(&self) -> Vec<String> {
        let or_none = |value: Option<String>| value.unwrap_or_else(|| "–".into());
        let steps = self.steps.map_or(String::new(), |steps| format!("/{steps}"));
        vec![
            self.name.clone(),
            self.state.into(),
            format!("{}{steps}", self.step),
            or_none(self.psnr.map(|psnr| format!("{psnr:.2}"))),
            or_none(self.ssim.map(|ssim| format!("{ssim:.4}"))),
            or_none(self.usage.map(|usage| format!("{:.1} %", usage * 100.0))),
            or_none(self.images_per_second.map(short_number)),
            date_time(self.begun),
            short_duration(self.seconds),
        ]
    }
}

pub(crate) fn run(args: &ListArgs) -> Result<()> {
    let mut rows = rows(&args.folder)?;
    rows.sort_by(|one, other| order(args.sort, one, other).then_with(|| one.name.cmp(&other.name)));
    if args.json {
        print_line!("{}", serde_json::to_string_pretty(&rows)?);
        return Ok(());
    }
    if rows.is_empty() {
        print_line!("no runs in {}", args.folder.display());
        return Ok(());
    }
    let mut table =
        Table::new(&["run", "state", "step", "PSNR", "SSIM", "usage", "images/s", "begun (UTC)", "trained for"]);
    rows.iter().for_each(|row| table.push(row.cells()));
    print_line!("{table}");
    for row in rows.iter().filter(|row| row.damaged_lines > 0) {
        eprintln!("{}: {} lines of metrics.jsonl are no records", row.folder.display(), row.damaged_lines);
    }
    Ok(())
}

/// A row for each run in the folder; other folders are named and skipped.
fn rows(folder: &Path) -> Result<Vec<Row>> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("read folder {}", folder.display()))?;
    let mut folders = entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<PathBuf>>>()?;
    folders.retain(|path| path.is_dir());
    folders.sort();
    let mut rows = Vec::new();
    for folder in folders {
        match Row::of(folder.clone()) {
            Ok(row) => rows.push(row),
            Err(error) => eprintln!("skipped {}: {}", folder.display(), chain(&error)),
        }
    }
    Ok(rows)
}

fn order(by: SortBy, one: &Row, other: &Row) -> Ordering {
    // Runs without the figure come last.
    let best = |figure: fn(&Row) -> Option<f64>| {
        let of = |row| figure(row).unwrap_or(f64::NEG_INFINITY);
        of(other).total_cmp(&of(one))
    };
    match by {
        SortBy::Name => Ordering::Equal,
        SortBy::Begun => best(|row| Some(row.begun)),
        SortBy::State => one.state.cmp(other.state),
        SortBy::Step => other.step.cmp(&one.step),
        SortBy::Psnr => best(|row| row.psnr),
        SortBy::Ssim => best(|row| row.ssim),
        SortBy::Usage => best(|row| row.usage),
        SortBy::Speed => best(|row| row.images_per_second),
    }
}
