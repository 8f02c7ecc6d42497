//! Training, from configuration to checkpoint.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod accumulation;
mod adam;
mod adversarial_training;
mod adversary;
mod adversary_schedule;
mod captions;
mod cvq;
mod dataset;
mod folder;
mod generator;
mod guards;
mod papers;
mod poison;
mod quantizers;
mod resume;
mod run_files;
mod scene_classifier;
mod scenes;
mod support;
mod usage_alarm;
mod version_1;
