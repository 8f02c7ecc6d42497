//! Evaluations, studies, and codes read as words.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod comparison_configs;
mod evaluation;
mod study;
mod support;
mod text_to_image;
mod words;
