//! The command as a user meets it.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod errors;
mod kill;
mod prior;
mod roundtrip;
mod support;
