//! Training, from configuration to checkpoint.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod adam;
mod checkpoint;
mod config;
mod grid;
mod report;
mod resume;
mod run_dir;
mod schedule;
mod session;
mod support;
mod tensorboard;
