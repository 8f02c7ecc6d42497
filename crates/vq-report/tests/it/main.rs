//! Pages and event files of training runs.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod diff;
mod number;
mod report;
mod reporter;
mod support;
mod tensorboard;
