//! Integration tests: the laws of quantizers, and comparisons with reference implementations.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod bit_entropy;
mod bsq;
mod cvq;
mod device;
mod ema;
mod fsq;
mod gpu;
mod gradient;
mod grouped;
mod gumbel;
mod ibq;
mod kmeans;
mod laws;
mod lfq;
mod matching;
mod nearest;
mod oracle;
mod outside;
mod product;
mod projected;
mod residual;
mod revival;
mod scatter;
mod search;
mod support;
mod usage;
mod window;
