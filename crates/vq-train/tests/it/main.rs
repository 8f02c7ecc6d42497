//! Training, from configuration to checkpoint.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod accumulation;
mod adam;
mod adversarial_training;
mod adversary;
mod adversary_schedule;
mod captions;
mod checkpoint;
mod config;
mod cvq;
mod dataset;
mod evaluation;
mod folder;
mod generation;
mod grid;
mod guards;
mod judge;
mod loss;
mod overnight;
mod papers;
mod poison;
mod quantizers;
mod reading;
mod report;
mod resume;
mod run_dir;
mod scenes;
mod schedule;
mod session;
mod study;
mod support;
mod tensorboard;
mod usage_alarm;
mod version_1;
