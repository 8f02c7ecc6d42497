//! The kernels of the filters, and the choice among them.

use std::sync::OnceLock;

use super::panel::Precision;
use crate::error::CoreError;

/// The environment variable that caps the instruction set: `portable`, `avx2` or `avx512`.
const MAX_ISA: &str = "VQ_CORE_MAX_ISA";

/// Smallest dimension at which bytes are faster than bfloat16: a tile of bytes must convert each sum.
#[cfg(target_arch = "x86_64")]
const MIN_DIM_FOR_BYTES: usize = 40;

/// Largest dimension at which sums of products of bytes fit into 32 bits: `255 * 127 * D < 2^31`.
#[cfg(target_arch = "x86_64")]
const MAX_DIM_FOR_BYTES: usize = 1 << 15;

/// A kernel that computes scores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::search) struct Kernel {
    pub(super) precision: Precision,
    pub(super) instructions: Instructions,
}

/// The instruction set of a kernel, from the oldest to the newest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Instructions {
    /// The baseline of the build target.
    Portable,
    /// AVX2 and FMA.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// AVX-512 F and BW, and BF16 or VNNI if the precision needs it.
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

/// Rows and codes that a kernel holds in registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TileShape {
    pub(super) rows: usize,
    pub(super) codes: usize,
}

/// Scalar code that is compiled for each instruction set. `run` must be `#[inline(always)]`, otherwise it is not.
pub(super) trait Vectorized {
    /// The result.
    type Output;

    /// Runs the code.
    fn run(self) -> Self::Output;
}

impl Kernel {
    /// Every kernel that this processor can run.
    #[cfg(test)]
    pub(super) fn all() -> Vec<Self> {
        let kernel = |precision, instructions| Self { precision, instructions };
        let mut kernels = vec![kernel(Precision::F32, Instructions::Portable)];
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                kernels.push(kernel(Precision::F32, Instructions::Avx2));
            }
            let own = Self::cascade(MIN_DIM_FOR_BYTES).into_iter();
            kernels.extend(own.filter(|kernel| kernel.instructions == Instructions::Avx512));
        }
        kernels
    }

    /// The kernels of this processor for vectors of `dim` elements, from the fastest to the most precise.
    pub(in crate::search) fn cascade(dim: usize) -> Vec<Self> {
        let kernel = |precision, instructions| Self { precision, instructions };
        let mut kernels = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            let allowed = |instructions| Instructions::cap().is_none_or(|cap| instructions <= cap);
            let has_avx512 = is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw");
            if has_avx512 && allowed(Instructions::Avx512) {
                let bytes =
                    is_x86_feature_detected!("avx512vnni") && (MIN_DIM_FOR_BYTES..=MAX_DIM_FOR_BYTES).contains(&dim);
                if bytes {
                    kernels.push(kernel(Precision::I8, Instructions::Avx512));
                }
                if is_x86_feature_detected!("avx512bf16") {
                    kernels.push(kernel(Precision::Bf16, Instructions::Avx512));
                }
                kernels.push(kernel(Precision::F32, Instructions::Avx512));
                return kernels;
            }
            let has_avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
            if has_avx2 && allowed(Instructions::Avx2) {
                return vec![kernel(Precision::F32, Instructions::Avx2)];
            }
        }
        kernels.push(kernel(Precision::F32, Instructions::Portable));
        kernels
    }

    /// Rows and codes of a tile.
    pub(super) fn tile(self) -> TileShape {
        match self.instructions {
            Instructions::Portable => TileShape { rows: 4, codes: 8 },
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2 => TileShape { rows: 6, codes: 16 },
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx512 => TileShape { rows: 14, codes: 32 },
        }
    }
}

impl Instructions {
    /// The value of `VQ_CORE_MAX_ISA`, read once per process; none if it is not set or not a name of a set.
    /// [`check_max_isa`] rejects other names.
    #[cfg(target_arch = "x86_64")]
    fn cap() -> Option<Self> {
        static CAP: OnceLock<Option<Instructions>> = OnceLock::new();
        *CAP.get_or_init(|| match std::env::var(MAX_ISA).ok()?.as_str() {
            "portable" => Some(Self::Portable),
            "avx2" => Some(Self::Avx2),
            "avx512" => Some(Self::Avx512),
            _ => None,
        })
    }

    /// The best instruction set of this processor, up to the cap.
    pub(super) fn detect() -> Self {
        Kernel::cascade(1)[0].instructions
    }
}

/// An error if `VQ_CORE_MAX_ISA` does not name an instruction set.
pub(in crate::search) fn check_max_isa(op: &'static str) -> Result<(), CoreError> {
    static CHECKED: OnceLock<Result<(), String>> = OnceLock::new();
    let check = || match std::env::var(MAX_ISA) {
        Ok(name) if ["portable", "avx2", "avx512"].contains(&name.as_str()) => Ok(()),
        Err(std::env::VarError::NotPresent) => Ok(()),
        Ok(name) => Err(name),
        Err(error) => Err(error.to_string()),
    };
    let expected = || format!("`portable`, `avx2` or `avx512` in {MAX_ISA}");
    CHECKED.get_or_init(check).clone().map_err(|got| CoreError::Option { op, expected: expected(), got })
}
