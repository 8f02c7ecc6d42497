//! Word classes.

/// The word classes of WordNet: the open classes of English.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum WordClass {
    /// `apple`.
    Noun,
    /// `red`.
    Adjective,
    /// `ride`.
    Verb,
    /// `slowly`.
    Adverb,
}

impl WordClass {
    /// All classes, in WordNet's order.
    pub const ALL: [Self; 4] = [Self::Noun, Self::Verb, Self::Adjective, Self::Adverb];
}
