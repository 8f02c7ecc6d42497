//! Errors of CUDA.

/// An error of CUDA or of one of its libraries.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CudaError {
    /// A CUDA library could not be loaded.
    #[error("{library} could not be loaded: {reason}")]
    Library {
        /// The library's file.
        library: &'static str,
        /// The loader's message, or what to install.
        reason: String,
    },

    /// A kernel did not compile.
    #[error("NVRTC could not compile {file} for {architecture}: {log}")]
    Compile {
        /// The file in `kernels/`.
        file: &'static str,
        /// The target, such as `sm_90`.
        architecture: String,
        /// The compiler's log.
        log: String,
    },

    /// A CUDA call failed.
    #[error("{call} failed: {code}")]
    Call {
        /// The function.
        call: &'static str,
        /// Its error code.
        code: String,
    },
}
