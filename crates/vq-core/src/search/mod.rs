//! Nearest-code search on CPUs and GPUs. `docs/kernels.md` of the repository describes the algorithm and its speed.

mod cpu;
mod gpu;
mod nearest;
mod query;
mod sampling;
#[cfg(test)]
mod test_inputs;

pub use self::nearest::nearest_codes;
pub use self::query::{Neighbors, SearchConfig};
pub use self::sampling::SamplingConfig;
