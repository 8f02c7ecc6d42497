//! Experiments: keys, checks, and what they build.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod adversarial;
mod captions;
mod config;
mod configs;
mod generator;
mod loss;
mod old_keys;
mod scene_classifier;
mod schedule;
mod support;
