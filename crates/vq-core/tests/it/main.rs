//! Laws of quantizers, and references to hold them against.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod device;
mod fsq;
mod grouped;
mod laws;
mod nearest;
mod oracle;
mod outside;
mod search;
mod support;
mod usage;
