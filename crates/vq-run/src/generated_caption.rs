//! Captions that a model generated, beside the true ones.

use serde::{Deserialize, Serialize};

/// The caption that a model generated for an image, beside the image's own: a line of `captions/step-*.jsonl`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GeneratedCaption {
    /// The image's index in the validation set.
    pub image: usize,
    /// The image's own caption, if it has one.
    pub caption: Option<String>,
    /// The generated caption. Older runs call it `told`.
    #[serde(alias = "told")]
    pub generated: String,
}
