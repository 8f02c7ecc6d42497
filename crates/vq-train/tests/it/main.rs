//! Training, from configuration to checkpoint.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod adam;
mod checkpoint;
mod config;
mod cvq;
mod folder;
mod grid;
mod papers;
mod resume;
mod run_dir;
mod schedule;
mod support;
