//! Training, from configuration to checkpoint.

mod adam;
mod checkpoint;
mod config;
mod grid;
mod resume;
mod run_dir;
mod schedule;
mod support;
