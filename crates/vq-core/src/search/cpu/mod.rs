//! Nearest-code search on the CPU: filter, then rescore.
//!
//! A filter computes approximate scores of all rows and codes, one register tile at a time, and keeps for each row the
//! few codes that its error bound cannot exclude ([`candidates`]).
//! Rescoring computes the distances of these codes in f64 ([`exact`]), so the ids are those of an exhaustive search in
//! f64, for every filter.
//! A row with more candidates than fit goes to the next, more precise filter, and at last to an exhaustive search.
//!
//! | File | Content |
//! |---|---|
//! | `problem` | inputs and outputs as slices |
//! | `search` | the cascade of filters and the exhaustive search |
//! | `tasks` | the units of work that threads run |
//! | `centering`, `pack`, `panel` | vectors as the kernels read them, with their error bounds |
//! | `kernel`, `scan` | the inner loops, one per instruction set |
//! | `candidates`, `exact` | the codes of a row that remain, and their f64 distances |
//! | `threads` | libtorch's OpenMP threads |
//! | `tensor` | a tensor's memory as a slice |

mod candidates;
mod centering;
mod exact;
mod kernel;
mod pack;
mod panel;
mod problem;
mod scan;
mod search;
mod tasks;
mod tensor;
#[cfg(test)]
mod tests;
mod threads;

pub(super) use self::kernel::{Kernel, check_max_isa};
pub(super) use self::problem::{Problem, Results};
pub(super) use self::search::search;
pub(super) use self::tensor::{TensorElement, as_slice};
