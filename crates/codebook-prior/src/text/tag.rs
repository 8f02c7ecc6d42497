//! Part-of-speech tags.

/// Part of speech of a word in its sentence: the tags of the Penn Treebank (Santorini 1990). Tags that make no
/// difference here are merged, and all punctuation marks have one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Tag {
    /// NN: `apple`.
    Noun,
    /// NNS: `apples`.
    NounPlural,
    /// NNP: `Paris`.
    Name,
    /// NNPS: `Alps`.
    NamePlural,
    /// JJ: `red`.
    Adjective,
    /// JJR: `redder`.
    Comparative,
    /// JJS: `reddest`.
    Superlative,
    /// VB: `ride`, base form.
    Verb,
    /// VBP: `ride`, present tense.
    VerbPresent,
    /// VBZ: `rides`.
    VerbThird,
    /// VBD: `rode`.
    VerbPast,
    /// VBN: `ridden`.
    Participle,
    /// VBG: `riding`.
    Gerund,
    /// MD: `can`.
    Modal,
    /// RB, RBR, RBS: `slowly`.
    Adverb,
    /// RP: `up` in `pick up`.
    Particle,
    /// DT, PDT: `the`.
    Determiner,
    /// PRP: `it`.
    Pronoun,
    /// PRP$: `its`.
    Possessive,
    /// IN: `on`.
    Preposition,
    /// TO: `to`.
    To,
    /// CC: `and`.
    Conjunction,
    /// CD: `two`.
    Number,
    /// WDT, WP, WP$, WRB: `which`.
    Wh,
    /// EX: `there` in `there is`.
    Existential,
    /// UH: `oh`.
    Interjection,
    /// POS: `'s`.
    PossessiveEnding,
    /// Punctuation marks and symbols.
    Punctuation,
}

impl Tag {
    /// All tags; the index of each is its discriminant.
    pub const ALL: [Self; 28] = [
        Self::Noun,
        Self::NounPlural,
        Self::Name,
        Self::NamePlural,
        Self::Adjective,
        Self::Comparative,
        Self::Superlative,
        Self::Verb,
        Self::VerbPresent,
        Self::VerbThird,
        Self::VerbPast,
        Self::Participle,
        Self::Gerund,
        Self::Modal,
        Self::Adverb,
        Self::Particle,
        Self::Determiner,
        Self::Pronoun,
        Self::Possessive,
        Self::Preposition,
        Self::To,
        Self::Conjunction,
        Self::Number,
        Self::Wh,
        Self::Existential,
        Self::Interjection,
        Self::PossessiveEnding,
        Self::Punctuation,
    ];

    /// The tag's name in the Penn Treebank; the first name of a merged tag, `.` for punctuation.
    pub fn penn(self) -> &'static str {
        match self {
            Self::Noun => "NN",
            Self::NounPlural => "NNS",
            Self::Name => "NNP",
            Self::NamePlural => "NNPS",
            Self::Adjective => "JJ",
            Self::Comparative => "JJR",
            Self::Superlative => "JJS",
            Self::Verb => "VB",
            Self::VerbPresent => "VBP",
            Self::VerbThird => "VBZ",
            Self::VerbPast => "VBD",
            Self::Participle => "VBN",
            Self::Gerund => "VBG",
            Self::Modal => "MD",
            Self::Adverb => "RB",
            Self::Particle => "RP",
            Self::Determiner => "DT",
            Self::Pronoun => "PRP",
            Self::Possessive => "PRP$",
            Self::Preposition => "IN",
            Self::To => "TO",
            Self::Conjunction => "CC",
            Self::Number => "CD",
            Self::Wh => "WDT",
            Self::Existential => "EX",
            Self::Interjection => "UH",
            Self::PossessiveEnding => "POS",
            Self::Punctuation => ".",
        }
    }

    /// The tag with a name of the Penn Treebank or its extensions; `None` for foreign words and unknown names.
    pub fn from_penn(name: &str) -> Option<Self> {
        let merged = match name {
            "RBR" | "RBS" => Self::Adverb,
            "PDT" => Self::Determiner,
            "WP" | "WP$" | "WRB" => Self::Wh,
            "," | ":" | "''" | "``" | "\"" | "'" | "-LRB-" | "-RRB-" | "(" | ")" | "HYPH" | "NFP" | "SYM" | "$"
            | "#" | "LS" => Self::Punctuation,
            // Foreign words, web addresses and parts of split words.
            "FW" | "ADD" | "GW" | "AFX" | "XX" => return None,
            name => return Self::ALL.into_iter().find(|tag| tag.penn() == name),
        };
        Some(merged)
    }

    /// NN, NNS, NNP or NNPS.
    pub fn is_noun(self) -> bool {
        matches!(self, Self::Noun | Self::NounPlural | Self::Name | Self::NamePlural)
    }

    /// JJ, JJR or JJS.
    pub fn is_adjective(self) -> bool {
        matches!(self, Self::Adjective | Self::Comparative | Self::Superlative)
    }
}
