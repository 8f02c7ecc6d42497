//! Sessions of a run: when, where and with what it was trained (`sessions.jsonl`).

use std::fs::{File, OpenOptions, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use vq_file::FileError;

use crate::clock::now;
use crate::{RunDir, RunError};

/// The machine and the versions that a run was trained with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Environment {
    /// Version of vqct.
    pub vqct: String,
    /// Version of libtorch.
    pub libtorch: String,
    /// The device, such as `CPU` or `CUDA 0 (NVIDIA H100)`.
    pub device: String,
    /// Model of the processor.
    pub cpu: String,
    /// Threads of libtorch within an operation.
    pub threads: i32,
    /// The operating system.
    pub os: String,
}

impl Environment {
    /// The environment of this process, computing on `device`, with `threads` threads of `libtorch`. What the system
    /// does not tell is `unknown` or the name of the architecture.
    pub fn current(vqct: &str, libtorch: &str, device: &str, threads: i32) -> Self {
        Self {
            vqct: vqct.into(),
            libtorch: libtorch.into(),
            device: device.into(),
            cpu: field("/proc/cpuinfo", "model name", ':').unwrap_or_else(|| std::env::consts::ARCH.into()),
            threads,
            os: field("/etc/os-release", "PRETTY_NAME", '=').unwrap_or_else(|| std::env::consts::OS.into()),
        }
    }

    /// Whether figures computed in both environments can be compared: version and device are the same.
    pub fn computes_like(&self, other: &Self) -> bool {
        (&self.vqct, &self.libtorch, &self.device) == (&other.vqct, &other.libtorch, &other.device)
    }

    /// The model of the GPUs of this machine, if all have the same one.
    pub fn gpu_model() -> Option<String> {
        let models: Vec<String> = std::fs::read_dir("/proc/driver/nvidia/gpus")
            .into_iter()
            .flatten()
            .filter_map(|gpu| field(gpu.ok()?.path().join("information"), "Model", ':'))
            .collect();
        let first = models.first()?;
        models.iter().all(|other| other == first).then(|| first.clone())
    }
}

/// The first value of `name` in a file of `name<separator>value` lines, without quotes.
fn field(file: impl AsRef<Path>, name: &str, separator: char) -> Option<String> {
    let text = std::fs::read_to_string(file).ok()?;
    let values = text.lines().filter_map(|line| line.split_once(separator));
    let found = values.into_iter().find(|(key, _)| key.trim() == name)?.1.trim().trim_matches('"').to_owned();
    (!found.is_empty()).then_some(found)
}

/// How a session ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "kebab-case")]
pub enum Ending {
    /// All steps were taken.
    Finished,
    /// The user stopped it; it can be resumed.
    Stopped,
    /// An error ended it.
    Failed {
        /// The error.
        message: String,
    },
}

/// A line of `sessions.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
enum SessionLine {
    Begin { time: f64, step: u64, environment: Environment },
    End { time: f64, step: u64, ending: Ending },
}

/// A process that trains in a run folder and holds the folder's lock.
#[derive(Debug)]
pub struct Session {
    path: PathBuf,
    file: File,
}

impl Session {
    /// Records that training continues from `step`. The caller holds the folder's lock.
    ///
    /// # Errors
    /// [`RunError::File`] if the file cannot be written.
    pub fn begin(run: &RunDir, environment: Environment, step: u64) -> Result<Self, RunError> {
        let path = run.sessions();
        let file = OpenOptions::new().create(true).append(true).read(true).open(&path);
        let file = file.map_err(FileError::io("open", &path))?;
        // A crash may have cut the last line; what follows must not be joined to it.
        let text = std::fs::read(&path).map_err(FileError::io("read", &path))?;
        let mut session = Self { path, file };
        if text.last().is_some_and(|&byte| byte != b'\n') {
            session.write(b"\n")?;
        }
        session.append(&SessionLine::Begin { time: now(), step, environment })?;
        Ok(session)
    }

    /// Records how training ended, and after which step.
    ///
    /// # Errors
    /// [`RunError::File`] if it cannot be written.
    pub fn end(mut self, step: u64, ending: Ending) -> Result<(), RunError> {
        self.append(&SessionLine::End { time: now(), step, ending })
    }

    fn append(&mut self, line: &SessionLine) -> Result<(), RunError> {
        let encoded = serde_json::to_string(line);
        let line = encoded.map_err(|error| FileError::io("encode for", &self.path)(error.into()))?;
        self.write(format!("{line}\n").as_bytes())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), RunError> {
        Ok(self.file.write_all(bytes).map_err(FileError::io("append to", &self.path))?)
    }
}

/// The state of a run, as far as its files show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunState {
    /// A process trains it.
    Running,
    /// All steps were taken.
    Finished,
    /// The user stopped it before the last step.
    Stopped,
    /// Ended by an error.
    Failed {
        /// The error.
        message: String,
    },
    /// Its process ended without recording an ending: it was killed, or the power failed.
    Killed,
    /// Unknown: there is no readable `sessions.jsonl`, or the file system has no locks.
    Unknown,
}

impl RunState {
    /// The state in one word.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Finished => "finished",
            Self::Stopped => "stopped",
            Self::Failed { .. } => "failed",
            Self::Killed => "killed",
            Self::Unknown => "unknown",
        }
    }
}

/// A session as its lines describe it.
#[derive(Debug, Clone, PartialEq)]
pub struct PastSession {
    /// Its start, in seconds since 1970, UTC.
    pub begun: f64,
    /// Steps taken before it.
    pub step: u64,
    /// The environment.
    pub environment: Environment,
    /// Its end; none if it is running or was killed.
    pub end: Option<SessionEnd>,
}

/// The end of a session.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionEnd {
    /// The time, in seconds since 1970, UTC.
    pub time: f64,
    /// Steps taken in all.
    pub step: u64,
    /// How it ended.
    pub ending: Ending,
}

/// All sessions of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Sessions {
    /// In order.
    pub all: Vec<PastSession>,
    /// The state of the run now.
    pub state: RunState,
}

impl Sessions {
    /// Reads `sessions.jsonl`, which runs of old versions do not have; lines that cannot be read are skipped.
    pub fn of(run: &RunDir) -> Self {
        let path = run.sessions();
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let mut all: Vec<PastSession> = Vec::new();
        for line in text.lines().filter_map(|line| serde_json::from_str(line).ok()) {
            match line {
                SessionLine::Begin { time, step, environment } => {
                    all.push(PastSession { begun: time, step, environment, end: None });
                }
                SessionLine::End { time, step, ending } => {
                    if let Some(session) = all.last_mut() {
                        session.end = Some(SessionEnd { time, step, ending });
                    }
                }
            }
        }
        let state = match all.last() {
            None => RunState::Unknown,
            Some(PastSession { end: Some(end), .. }) => match &end.ending {
                Ending::Finished => RunState::Finished,
                Ending::Stopped => RunState::Stopped,
                Ending::Failed { message } => RunState::Failed { message: message.clone() },
            },
            Some(PastSession { end: None, .. }) => alive(run),
        };
        Self { all, state }
    }

    /// Seconds of training over all sessions; `last_write` is the time of the run's last record.
    ///
    /// A killed session that another one followed is left out, since its end is not known.
    pub fn elapsed(&self, last_write: f64) -> f64 {
        let Some((last, before)) = self.all.split_last() else { return 0.0 };
        let ended = |session: &PastSession| Some((session.end.as_ref()?.time - session.begun).max(0.0));
        let last = ended(last).unwrap_or((last_write - last.begun).max(0.0));
        last + before.iter().filter_map(ended).sum::<f64>()
    }
}

/// Whether a process holds the folder's lock, if the last session has not ended.
///
/// The check takes the lock, shared with other readers, for an instant.
fn alive(run: &RunDir) -> RunState {
    match File::open(run.lock_file()).map(|file| file.try_lock_shared()) {
        Ok(Ok(())) => RunState::Killed,
        Ok(Err(TryLockError::WouldBlock)) => RunState::Running,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => RunState::Killed,
        Ok(Err(TryLockError::Error(_))) | Err(_) => RunState::Unknown,
    }
}
