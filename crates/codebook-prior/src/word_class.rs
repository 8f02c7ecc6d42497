/// The classes of words that WordNet has: all that are open to new members.
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
    /// All of them, in WordNet's order.
    pub const ALL: [Self; 4] = [Self::Noun, Self::Verb, Self::Adjective, Self::Adverb];
}
