//! Why words are kept or dropped.

use std::fmt;

/// Why a word is kept or dropped.
#[derive(Debug, Clone, PartialEq)]
pub enum Reason {
    /// Dropped: it is on the deny list.
    Denied,
    /// Kept: it is on the allow list.
    Allowed,
    /// Kept: it occurs often enough in a trusted corpus, see [`ReadCorpus::trusted`](crate::ReadCorpus::trusted).
    Trusted,
    /// Dropped: its spelling is not allowed.
    Writing,
    /// Dropped: WordNet lacks it.
    Unknown,
    /// Dropped: it is too rare.
    Rare {
        /// The minimum count.
        min_count: u64,
    },
    /// Dropped: too few of its senses are visible things.
    Invisible {
        /// The share of visible senses.
        share: f64,
    },
    /// Dropped: no seed is similar enough.
    Dissimilar(NearestSeed),
    /// Kept: no rule excludes it.
    Passed {
        /// The share of visible senses, if WordNet was used and has the word.
        share: Option<f64>,
        /// The nearest seed, if there are seeds.
        nearest: Option<NearestSeed>,
    },
}

/// The seed that is most similar to a word.
#[derive(Debug, Clone, PartialEq)]
pub struct NearestSeed {
    /// The seed.
    pub seed: String,
    /// The cosine between both vectors.
    pub cosine: f32,
}

impl Reason {
    /// Whether the word is kept.
    pub fn keeps(&self) -> bool {
        matches!(self, Self::Allowed | Self::Trusted | Self::Passed { .. })
    }
}

// A prior's file holds these texts: another wording would change the bytes of a prior that is built again.
impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied => f.write_str("denied by the list"),
            Self::Allowed => f.write_str("allowed by the list"),
            Self::Trusted => f.write_str("in captions that are trusted"),
            Self::Writing => f.write_str("not written in letters a to z alone, or in fewer than three"),
            Self::Unknown => f.write_str("unknown to WordNet"),
            Self::Rare { min_count } => write!(f, "seen fewer than {min_count} times"),
            Self::Invisible { share } => write!(f, "only {:.0} % of its senses can be seen", 100.0 * share),
            Self::Dissimilar(nearest) => write!(f, "too far from all seeds: {nearest}"),
            Self::Passed { share, nearest } => {
                f.write_str("seen often enough")?;
                if let Some(share) = share {
                    write!(f, "; {:.0} % of its senses can be seen", 100.0 * share)?;
                }
                nearest.iter().try_for_each(|nearest| write!(f, "; {nearest}"))
            }
        }
    }
}

impl fmt::Display for NearestSeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cosine {:.2} to {}", self.cosine, self.seed)
    }
}
