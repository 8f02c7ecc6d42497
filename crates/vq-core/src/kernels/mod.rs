//! Launches the CUDA kernels in the folder `kernels/` of the crate.
//!
//! The build links only libtorch's CPU libraries, and nothing of CUDA is loaded without a GPU.
//! Kernels are compiled for the present GPU by NVRTC at first use, and run on libtorch's current stream.
//!
//! | File | Content |
//! |---|---|
//! | `libtorch` | libtorch's CUDA library, loaded at run time |
//! | `source`, `compile` | the kernels' source, and NVRTC |
//! | `launch` | the [`Launcher`] trait: what is needed to run a kernel |
//! | `gpu` | a launcher that runs kernels on a GPU |
//! | `emulator` | a launcher that runs kernels on the CPU, for tests |

mod compile;
#[cfg(test)]
mod emulator;
mod error;
mod gpu;
mod launch;
mod libtorch;
mod source;

#[cfg(test)]
pub(crate) use self::emulator::Emulator;
pub use self::error::CudaError;
pub(crate) use self::gpu::Gpu;
pub(crate) use self::launch::{KernelArgument, Launch, Launcher, Limits, Pointer, groups};
pub(crate) use self::libtorch::{describe, device_count};
pub(crate) use self::source::Source;
