//! Laws of quantizers, and references to hold them against.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod bit_entropy;
mod bsq;
mod device;
mod fsq;
mod grouped;
mod gumbel;
mod ibq;
mod laws;
mod lfq;
mod nearest;
mod oracle;
mod outside;
mod search;
mod support;
mod usage;
