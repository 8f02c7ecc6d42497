//! Nearest-code search on a GPU: bound, collect, rescore.
//!
//! The algorithm is that of the CPU (see [`super::cpu`]) with two passes of a filter instead of one, because thousands
//! of blocks cannot share a bound that tightens during the pass.
//! The first pass scans a part of the codes and bounds the `k`-th best score of each row; the second scans all codes
//! and collects those that reach the bound.
//! The distances of the collected codes are then computed in f64, in the order of operations of the CPU.
//! A row with more candidates than fit goes to the next, more precise filter, and at last to an exhaustive search.
//!
//! Everything runs on the device of the tensors. Kernels are launched through the trait
//! [`Launcher`](crate::kernels::Launcher), so that tests run these files on an emulator.

mod buffers;
mod centering;
mod constants;
mod filter;
mod search;
#[cfg(test)]
mod tests;

pub(super) use self::search::search;
