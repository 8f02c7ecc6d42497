//! All that a run folder tells, read from its files alone.

use std::path::{Path, PathBuf};

use super::log::{Point, RunLog};
use crate::clock::unix_seconds;
use crate::session::{RunState, Sessions};
use crate::{RunDir, TrainError};

/// The grid of reconstructions at a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GridFile {
    /// The step.
    pub step: u64,
    /// A PNG.
    pub path: PathBuf,
}

/// A run, as its files have it.
#[derive(Debug, Clone)]
pub struct RunFolder {
    /// The folder's name.
    pub name: String,
    /// `config.toml` as it is written.
    pub config_text: String,
    /// The same, read. An experiment of another version is still a table.
    pub config: toml::Table,
    /// `metrics.jsonl`.
    pub log: RunLog,
    /// `sessions.jsonl`; without it, the time of `config.toml` counts as the run's begin.
    pub sessions: Sessions,
    /// By step.
    pub grids: Vec<GridFile>,
    /// When the run was begun, in seconds since 1970, UTC.
    pub begun: f64,
    /// When the log was last written to, likewise.
    pub last_sign: f64,
}

impl RunFolder {
    /// Reads a run folder, whatever state it is in.
    ///
    /// # Errors
    /// [`TrainError::Io`] naming the file that a run must have and this folder has not, [`TrainError::Config`] if
    /// `config.toml` is damaged.
    pub fn read(run: &RunDir) -> Result<Self, TrainError> {
        let config_text = std::fs::read_to_string(run.config()).map_err(TrainError::io("read", &run.config()))?;
        let config: toml::Table = toml::from_str(&config_text).map_err(|error| TrainError::Config {
            file: run.config().display().to_string(),
            message: error.message().to_owned(),
        })?;
        let log = RunLog::read(&run.metrics())?;
        let mut sessions = Sessions::of(run);
        let steps = steps(&config);
        if sessions.state == RunState::Unknown && steps.is_some_and(|steps| log.last_step() >= steps) {
            sessions.state = RunState::Finished;
        }
        let begun = sessions.all.first().map(|session| session.begun);
        Ok(Self {
            name: name_of(run.path()),
            config_text,
            config,
            log,
            begun: begun.map_or_else(|| changed(&run.config()), Ok)?,
            last_sign: changed(&run.metrics())?,
            sessions,
            grids: grids(run),
        })
    }

    /// Steps of the whole run, if its configuration says so.
    pub fn steps(&self) -> Option<u64> {
        steps(&self.config)
    }

    /// Seconds of training.
    pub fn elapsed(&self) -> f64 {
        match self.sessions.all.is_empty() {
            true => (self.last_sign - self.begun).max(0.0),
            false => self.sessions.elapsed(self.last_sign),
        }
    }

    /// Images per second: the median over the log, which pauses of the machine do not move.
    pub fn images_per_second(&self) -> Option<f64> {
        let mut rates: Vec<f64> =
            self.log.curve("train", "images_per_second").iter().map(|point| point.value).collect();
        rates.sort_unstable_by(f64::total_cmp);
        rates.get(rates.len() / 2).copied()
    }

    /// Seconds of training up to each of the steps, by the speeds in the log: without validation and pauses. Nothing where
    /// the log has no speed or the configuration no batch size.
    pub fn seconds_at(&self, steps: &[u64]) -> Option<Vec<f64>> {
        let whole = |table: &str, key: &str| self.config.get(table)?.get(key)?.as_integer();
        let images = whole("data", "batch_size")? * whole("train", "accumulate").unwrap_or(1);
        let speeds = self.log.curve("train", "images_per_second");
        let speed_at = |step: u64| speeds.iter().find(|point| point.step >= step).or(speeds.last());
        let (mut seconds, mut before, mut all) = (0.0, 0, Vec::new());
        let ends: Vec<u64> = speeds.iter().map(|point| point.step).collect();
        for &step in steps {
            // Each speed is the mean since the record before it.
            for end in ends.iter().copied().filter(|&end| end < step).chain([step]) {
                if end > before {
                    seconds += (end - before) as f64 * images as f64 / speed_at(end)?.value;
                    before = end;
                }
            }
            all.push(seconds);
        }
        Some(all)
    }

    /// The validation of highest PSNR.
    pub fn best_psnr(&self) -> Option<Point> {
        self.log.curve("validation", "psnr").into_iter().max_by(|one, other| one.value.total_cmp(&other.value))
    }
}

fn steps(config: &toml::Table) -> Option<u64> {
    u64::try_from(config.get("train")?.get("steps")?.as_integer()?).ok()
}

/// The last part of a path, also of `.` and `runs/..`.
fn name_of(path: &Path) -> String {
    let whole = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    whole.file_name().unwrap_or(whole.as_os_str()).to_string_lossy().into_owned()
}

fn changed(path: &Path) -> Result<f64, TrainError> {
    let modified = std::fs::metadata(path).and_then(|file| file.modified());
    modified.map(unix_seconds).map_err(TrainError::io("read the time of", path))
}

/// Files `step-<number>.png`; a run has none before its first validation.
fn grids(run: &RunDir) -> Vec<GridFile> {
    let folder = run.grid(0).parent().map(Path::to_path_buf).unwrap_or_default();
    let step = |path: &Path| path.file_name()?.to_str()?.strip_prefix("step-")?.strip_suffix(".png")?.parse().ok();
    let mut grids: Vec<GridFile> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            Some(GridFile { step: step(&path)?, path })
        })
        .collect();
    grids.sort_unstable_by_key(|grid| grid.step);
    grids
}
