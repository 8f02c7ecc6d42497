//! Tests of the public interface.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod captions;
mod grades;
mod maps;
mod scenes;
mod support;
