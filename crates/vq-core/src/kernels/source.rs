//! The kernels' source code, embedded.

/// A file of kernels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Source {
    /// Packing of rows and codes.
    Prepare,
    /// Scores on tensor cores.
    FilterBf16,
    /// Scores without tensor cores.
    FilterF32,
    /// Thresholds, and distances in f64.
    Rescore,
    /// Sums and counts per code.
    Scatter,
}

impl Source {
    /// Every file.
    #[cfg(test)]
    pub(crate) const ALL: [Self; 5] = [Self::Prepare, Self::FilterBf16, Self::FilterF32, Self::Rescore, Self::Scatter];

    /// The file's name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Prepare => "prepare.cu",
            Self::FilterBf16 => "filter_bf16.cu",
            Self::FilterF32 => "filter_f32.cu",
            Self::Rescore => "rescore.cu",
            Self::Scatter => "scatter.cu",
        }
    }

    /// The text to compile: the two shared files, then this file.
    pub(crate) fn text(self) -> String {
        let own = match self {
            Self::Prepare => include_str!("../../kernels/prepare.cu"),
            Self::FilterBf16 => include_str!("../../kernels/filter_bf16.cu"),
            Self::FilterF32 => include_str!("../../kernels/filter_f32.cu"),
            Self::Rescore => include_str!("../../kernels/rescore.cu"),
            Self::Scatter => include_str!("../../kernels/scatter.cu"),
        };
        let shared = [
            ("common.cuh", include_str!("../../kernels/common.cuh")),
            ("ptx.cuh", include_str!("../../kernels/ptx.cuh")),
        ];
        let files = shared.into_iter().chain([(self.name(), own)]);
        files.map(|(name, text)| format!("#line 1 \"{name}\"\n{text}")).collect()
    }
}
