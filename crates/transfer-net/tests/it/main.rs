//! The transfer network against dense algebra and PyTorch Geometric.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod adjacency;
mod attention;
mod golden;
mod support;
mod transfer_net;
