//! The kernels' source code, embedded.

/// A file of kernels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Source {
    /// Images of rows and codes.
    Prepare,
    /// Scores by tensor cores.
    FilterBf16,
    /// Scores without.
    FilterF32,
    /// Thresholds, and distances in f64.
    Judge,
    /// Sums per code.
    Scatter,
}

impl Source {
    /// Every file.
    #[cfg(test)]
    pub(crate) const ALL: [Self; 5] = [Self::Prepare, Self::FilterBf16, Self::FilterF32, Self::Judge, Self::Scatter];

    /// The file's name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Prepare => "prepare.cu",
            Self::FilterBf16 => "filter_bf16.cu",
            Self::FilterF32 => "filter_f32.cu",
            Self::Judge => "judge.cu",
            Self::Scatter => "scatter.cu",
        }
    }

    /// What is compiled: the file behind the two that all share.
    pub(crate) fn text(self) -> String {
        let own = match self {
            Self::Prepare => include_str!("../../kernels/prepare.cu"),
            Self::FilterBf16 => include_str!("../../kernels/filter_bf16.cu"),
            Self::FilterF32 => include_str!("../../kernels/filter_f32.cu"),
            Self::Judge => include_str!("../../kernels/judge.cu"),
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
