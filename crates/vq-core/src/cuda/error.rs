//! Why a kernel could not run.

/// What can go wrong where tensors lie on a GPU.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CudaError {
    /// A library of CUDA is not there.
    #[error("{library} could not be loaded: {reason}")]
    Library {
        /// The library's file.
        library: &'static str,
        /// What the loader said, or what to install.
        reason: String,
    },

    /// A kernel's source was refused.
    #[error("NVRTC could not compile {file} for {architecture}: {log}")]
    Compile {
        /// The file in `kernels/`.
        file: &'static str,
        /// Such as `sm_90`.
        architecture: String,
        /// What the compiler said.
        log: String,
    },

    /// A call of CUDA failed.
    #[error("{call} failed: {code}")]
    Call {
        /// The function that was called.
        call: &'static str,
        /// Its error code.
        code: String,
    },
}
