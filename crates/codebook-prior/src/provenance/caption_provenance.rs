//! Which captions a prior was built from.

use serde::{Deserialize, Serialize};

use super::caption_recipe::CaptionRecipe;

/// Which captions a prior was built from, and how. The files of the corpora are among the prior's sources.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaptionProvenance {
    /// The tagger's name.
    pub tagger: String,
    /// The corpora in reading order; empty in old files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub corpora: Vec<CorpusUse>,
    /// How the captions became words and edges.
    pub recipe: CaptionRecipe,
}

/// How a prior used one corpus.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CorpusUse {
    /// The corpus: [`Source::work`](crate::Source::work).
    pub work: String,
    /// How often each of its captions was counted.
    pub times: u64,
    /// Whether all words of the corpus were taken to be visible.
    pub trusted: bool,
}
