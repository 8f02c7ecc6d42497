//! Run folders, their locks and their sessions.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod checkpoint_files;
mod metrics_log;
mod run_dir;
mod session;
