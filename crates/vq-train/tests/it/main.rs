//! Training, from configuration to checkpoint.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod adam;
mod adversary;
mod adversary_schedule;
mod checkpoint;
mod config;
mod grid;
mod loss;
mod resume;
mod run_dir;
mod schedule;
mod support;
