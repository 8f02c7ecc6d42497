//! The content of a run folder.

use std::path::{Path, PathBuf};

use vq_file::FileError;
use vq_run::{RunDir, RunState, Sessions, unix_seconds};

use crate::{Point, ReportError, RunLog};

/// The grid of reconstructions at a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GridFile {
    /// The step.
    pub step: u64,
    /// A PNG.
    pub path: PathBuf,
}

/// The content of a run folder, read from its files.
#[derive(Debug, Clone)]
pub struct RunContents {
    /// The folder's name.
    pub name: String,
    /// `config.toml` as it is written.
    pub config_text: String,
    /// `config.toml` parsed; an experiment of another version is still a table.
    pub config: toml::Table,
    /// `metrics.jsonl`.
    pub log: RunLog,
    /// `sessions.jsonl`; without it, the run began at the time of `config.toml`.
    pub sessions: Sessions,
    /// By step.
    pub grids: Vec<GridFile>,
    /// When the run began, in seconds since 1970, UTC.
    pub begun: f64,
    /// When the log was last written, in seconds since 1970, UTC.
    pub last_write: f64,
}

impl RunContents {
    /// Reads a run folder in any state.
    ///
    /// # Errors
    /// [`ReportError::File`] naming the file that is missing or damaged.
    pub fn read(run: &RunDir) -> Result<Self, ReportError> {
        let config_text = std::fs::read_to_string(run.config()).map_err(FileError::io("read", &run.config()))?;
        let config: toml::Table = toml::from_str(&config_text)
            .map_err(|error| ReportError::damaged("config", &run.config(), "TOML", error.message()))?;
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
            last_write: changed(&run.metrics())?,
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
            true => (self.last_write - self.begun).max(0.0),
            false => self.sessions.elapsed(self.last_write),
        }
    }

    /// Images per second: the median over the log, which is robust against pauses of the machine.
    pub fn images_per_second(&self) -> Option<f64> {
        let mut rates: Vec<f64> =
            self.log.curve("train", "images_per_second").iter().map(|point| point.value).collect();
        rates.sort_unstable_by(f64::total_cmp);
        rates.get(rates.len() / 2).copied()
    }

    /// Seconds of training up to each of the steps, from the speeds in the log, without validation and pauses; none if
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

/// The last component of a path, also for `.` and `runs/..`.
fn name_of(path: &Path) -> String {
    let whole = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    whole.file_name().unwrap_or(whole.as_os_str()).to_string_lossy().into_owned()
}

fn changed(path: &Path) -> Result<f64, ReportError> {
    let modified = std::fs::metadata(path).and_then(|file| file.modified());
    Ok(modified.map(unix_seconds).map_err(FileError::io("read the time of", path))?)
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
