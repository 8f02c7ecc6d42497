//! When, where and by what a run was trained: `sessions.jsonl`.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tch::Device;

use crate::clock::now;
use crate::{End, RunDir, TrainError};

/// What this version is built against.
const LIBTORCH: &str = "2.11 (tch 0.24)";

/// What a run was trained with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Environment {
    /// Version of vqct.
    pub vqct: String,
    /// Version of libtorch.
    pub libtorch: String,
    /// The device of the tensors, such as `CPU` or `CUDA 0 (NVIDIA H100)`.
    pub device: String,
    /// Model of the processor.
    pub cpu: String,
    /// Threads of libtorch within an operation.
    pub threads: i32,
    /// The operating system.
    pub os: String,
}

impl Environment {
    /// Whether figures that were computed in both can be compared: programs and devices are the same, whatever processor,
    /// threads and system there are.
    pub(crate) fn computes_like(&self, other: &Self) -> bool {
        (&self.vqct, &self.libtorch, &self.device) == (&other.vqct, &other.libtorch, &other.device)
    }

    /// What this process runs on; `unknown` where the system does not tell.
    pub fn of(device: Device) -> Self {
        Self {
            vqct: env!("CARGO_PKG_VERSION").into(),
            libtorch: LIBTORCH.into(),
            device: match device {
                Device::Cuda(ordinal) => gpu(ordinal),
                Device::Cpu => "CPU".into(),
                other => format!("{other:?}"),
            },
            cpu: field("/proc/cpuinfo", "model name", ':').unwrap_or_else(|| std::env::consts::ARCH.into()),
            threads: tch::get_num_threads(),
            os: field("/etc/os-release", "PRETTY_NAME", '=').unwrap_or_else(|| std::env::consts::OS.into()),
        }
    }
}

/// A GPU by its number, with its model where there is no doubt which one it is.
fn gpu(ordinal: usize) -> String {
    let models: Vec<String> = std::fs::read_dir("/proc/driver/nvidia/gpus")
        .into_iter()
        .flatten()
        .filter_map(|gpu| field(gpu.ok()?.path().join("information"), "Model", ':'))
        .collect();
    match models.first() {
        Some(model) if models.iter().all(|other| other == model) => format!("CUDA {ordinal} ({model})"),
        _ => format!("CUDA {ordinal}"),
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
    /// Someone wanted it to stop; it can be resumed.
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

/// A training process at work in a run folder, which holds the folder's lock.
#[derive(Debug)]
pub struct Session {
    path: PathBuf,
    file: File,
}

impl Session {
    /// Notes that training goes on from `step`; who calls this holds the folder's lock.
    ///
    /// # Errors
    /// [`TrainError::Io`] if the file cannot be written.
    pub fn begin(run: &RunDir, environment: Environment, step: u64) -> Result<Self, TrainError> {
        let path = sessions_file(run);
        let file = OpenOptions::new().create(true).append(true).read(true).open(&path);
        let file = file.map_err(TrainError::io("open", &path))?;
        // A crash may have cut the last line; what follows must not be joined to it.
        let text = std::fs::read(&path).map_err(TrainError::io("read", &path))?;
        let mut session = Self { path, file };
        if text.last().is_some_and(|&byte| byte != b'\n') {
            session.write(b"\n")?;
        }
        session.append(&SessionLine::Begin { time: now(), step, environment })?;
        Ok(session)
    }

    /// Notes how training ended, and after which step.
    ///
    /// # Errors
    /// [`TrainError::Io`] if it cannot be written.
    pub fn end(mut self, step: u64, ending: Ending) -> Result<(), TrainError> {
        self.append(&SessionLine::End { time: now(), step, ending })
    }

    fn append(&mut self, line: &SessionLine) -> Result<(), TrainError> {
        let encoded = serde_json::to_string(line);
        let line = encoded.map_err(|error| TrainError::io("encode for", &self.path)(error.into()))?;
        self.write(format!("{line}\n").as_bytes())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), TrainError> {
        self.file.write_all(bytes).map_err(TrainError::io("append to", &self.path))
    }
}

/// What a run is doing, as far as its files tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunState {
    /// A process trains it.
    Running,
    /// All steps were taken.
    Finished,
    /// Ended by its user before the last step.
    Stopped,
    /// Ended by an error.
    Failed {
        /// The error.
        message: String,
    },
    /// Its process ended without a word: killed, or the power went.
    Killed,
    /// The folder does not tell: there is no readable `sessions.jsonl`, or its file system has no locks.
    Unknown,
}

impl From<End> for Ending {
    fn from(end: End) -> Self {
        match end {
            End::Finished => Self::Finished,
            End::Stopped => Self::Stopped,
        }
    }
}

impl RunState {
    /// One word for it.
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

/// A session that was begun at some time.
#[derive(Debug, Clone, PartialEq)]
pub struct PastSession {
    /// When, in seconds since 1970, UTC.
    pub begun: f64,
    /// Steps taken before it.
    pub step: u64,
    /// What it ran with.
    pub environment: Environment,
    /// How and when it ended; none if it runs, or was killed.
    pub end: Option<SessionEnd>,
}

/// The end of a session.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionEnd {
    /// When, in seconds since 1970, UTC.
    pub time: f64,
    /// Steps taken in all.
    pub step: u64,
    /// How.
    pub ending: Ending,
}

/// All sessions of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Sessions {
    /// In order.
    pub all: Vec<PastSession>,
    /// What the run is doing now.
    pub state: RunState,
}

impl Sessions {
    /// Reads `sessions.jsonl`, which runs of old versions do not have; lines that make no sense are passed over.
    pub fn of(run: &RunDir) -> Self {
        let path = sessions_file(run);
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

    /// Seconds spent in training over all sessions; `last_sign` is when the run last wrote something.
    ///
    /// A killed session that another one followed is left out: when it died is not known any more.
    pub fn elapsed(&self, last_sign: f64) -> f64 {
        let Some((last, before)) = self.all.split_last() else { return 0.0 };
        let ended = |session: &PastSession| Some((session.end.as_ref()?.time - session.begun).max(0.0));
        let last = ended(last).unwrap_or((last_sign - last.begun).max(0.0));
        last + before.iter().filter_map(ended).sum::<f64>()
    }
}

/// Whether a process holds the folder's lock, while the last session has not ended.
///
/// Looking takes the lock, shared with other readers, for an instant.
fn alive(run: &RunDir) -> RunState {
    match File::open(run.lock_file()).map(|file| file.try_lock_shared()) {
        Ok(Ok(())) => RunState::Killed,
        Ok(Err(TryLockError::WouldBlock)) => RunState::Running,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => RunState::Killed,
        Ok(Err(TryLockError::Error(_))) | Err(_) => RunState::Unknown,
    }
}

fn sessions_file(run: &RunDir) -> PathBuf {
    run.path().join("sessions.jsonl")
}
