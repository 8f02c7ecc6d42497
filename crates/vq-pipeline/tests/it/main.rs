//! Checkpoints, and tokenizers and generators loaded from them.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod checkpoint;
