use std::collections::HashSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::connections::cosine;
use crate::wordnet::LEXICOGRAPHER_FILES;
use crate::{PartOfSpeech, PriorError, Spelling, Term, TextEmbedder, Word, WordNet};

/// Which words of captions say what can be seen (VQCT section 3.1, "vision-related codebook").
///
/// A word is judged by the first rule that decides: denied, allowed, writing, count, WordNet's files, similarity to seeds.
/// What passes all of them is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct VisionFilter {
    /// The least count of an adjective. The paper keeps counts above 10 (section 4.1).
    pub adjective_count: u64,
    /// The least count of a noun.
    pub noun_count: u64,
    /// Lexicographer files of WordNet whose words can be seen; none to ask nothing of WordNet.
    pub files: Vec<String>,
    /// The least share of a word's tagged senses that must be in these files.
    pub file_share: f64,
    /// What becomes of words that WordNet lacks, where files are named.
    pub unknown: UnknownWords,
    /// How words have to be written.
    pub writing: Writing,
    /// Words that are kept whatever else is said of them: `orange`, or as one part of speech alone, `orange/adjective`.
    pub allow: Vec<String>,
    /// Words that are dropped whatever else is said of them, in the same form.
    pub deny: Vec<String>,
    /// Words that the language model must find similar.
    pub seeds: Option<Seeds>,
}

/// What becomes of words that WordNet lacks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnknownWords {
    /// WordNet is not asked about them.
    #[default]
    Pass,
    /// They are dropped.
    Drop,
}

/// How words have to be written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Writing {
    /// In any way.
    #[default]
    Any,
    /// With three letters from `a` to `z` or more, and nothing else: no `p.m.`, `three-year-old` or `bc`.
    Letters,
}

/// Words near to which a word must lie.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seeds {
    /// Seeds of adjectives.
    pub adjectives: Vec<String>,
    /// Seeds of nouns.
    pub nouns: Vec<String>,
    /// The least cosine between the vector of a word and that of the nearest seed of its part of speech.
    pub cosine: f32,
}

impl Default for VisionFilter {
    /// The paper's counts alone.
    fn default() -> Self {
        Self {
            adjective_count: 11,
            noun_count: 11,
            files: Vec::new(),
            file_share: 0.5,
            unknown: UnknownWords::Pass,
            writing: Writing::Any,
            allow: Vec::new(),
            deny: Vec::new(),
            seeds: None,
        }
    }
}

/// Why a word is kept or dropped.
#[derive(Debug, Clone, PartialEq)]
pub enum Reason {
    /// Dropped: it is on the list of denied words.
    Denied,
    /// Kept: it is on the list of allowed words.
    Allowed,
    /// Kept: captions of a trusted corpus have it often enough, see [`ReadCorpus::trusted`](crate::ReadCorpus).
    Trusted,
    /// Dropped: it is not written as asked.
    Written,
    /// Dropped: WordNet lacks it.
    Unknown,
    /// Dropped: it was not seen often enough.
    Rare {
        /// How often it has to be seen.
        least: u64,
    },
    /// Dropped: too few of its senses can be seen.
    Unseen {
        /// The share of senses that can be seen.
        share: f64,
    },
    /// Dropped: no seed is near enough.
    Far(Nearest),
    /// Kept: no rule spoke against it.
    Passed {
        /// The share of senses that can be seen, if WordNet was asked and has the word.
        share: Option<f64>,
        /// The nearest seed, if there are seeds.
        nearest: Option<Nearest>,
    },
}

/// The seed that lies nearest to a word.
#[derive(Debug, Clone, PartialEq)]
pub struct Nearest {
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

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied => f.write_str("denied by the list"),
            Self::Allowed => f.write_str("allowed by the list"),
            Self::Trusted => f.write_str("in captions that are trusted"),
            Self::Written => f.write_str("not written in letters a to z alone, or in fewer than three"),
            Self::Unknown => f.write_str("unknown to WordNet"),
            Self::Rare { least } => write!(f, "seen fewer than {least} times"),
            Self::Unseen { share } => write!(f, "only {:.0} % of its senses can be seen", 100.0 * share),
            Self::Far(nearest) => write!(f, "too far from all seeds: {nearest}"),
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

impl fmt::Display for Nearest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cosine {:.2} to {}", self.cosine, self.seed)
    }
}

impl VisionFilter {
    /// Judges each word; the answers are in the order of the words.
    ///
    /// # Errors
    /// [`PriorError::Invalid`] if a file is none of WordNet's, if files are named but `wordnet` is not given, or a share
    /// or cosine lies outside of its range; the embedder's for a word or seed that it cannot embed.
    pub fn judge(
        &self,
        words: &[Word],
        wordnet: Option<&WordNet>,
        embedder: &dyn TextEmbedder,
    ) -> Result<Vec<Reason>, PriorError> {
        self.check(wordnet)?;
        let (allow, deny) = (WordList::new(&self.allow), WordList::new(&self.deny));
        let mut reasons: Vec<Reason> =
            words.iter().map(|word| self.without_model(word, &allow, &deny, wordnet)).collect();
        if let Some(seeds) = &self.seeds {
            self.ask_model(seeds, words, embedder, &mut reasons)?;
        }
        Ok(reasons)
    }

    fn check(&self, wordnet: Option<&WordNet>) -> Result<(), PriorError> {
        const OP: &str = "vision filter";
        if let Some(unknown) = self.files.iter().find(|file| !LEXICOGRAPHER_FILES.contains(&file.as_str())) {
            return Err(PriorError::invalid(OP, "files", LEXICOGRAPHER_FILES.join(", "), unknown));
        }
        if !self.files.is_empty() && wordnet.is_none() {
            return Err(PriorError::invalid(OP, "files", "a WordNet to look them up in", "none"));
        }
        if !(0.0..=1.0).contains(&self.file_share) {
            return Err(PriorError::invalid(OP, "file_share", "a share in 0..=1", self.file_share));
        }
        match &self.seeds {
            Some(seeds) if !(-1.0..=1.0).contains(&seeds.cosine) => {
                Err(PriorError::invalid(OP, "seeds.cosine", "a cosine in -1..=1", seeds.cosine))
            }
            _ => Ok(()),
        }
    }

    fn without_model(
        &self,
        word: &Word,
        allow: &WordList<'_>,
        deny: &WordList<'_>,
        wordnet: Option<&WordNet>,
    ) -> Reason {
        let least = match word.part_of_speech {
            PartOfSpeech::Adjective => self.adjective_count,
            PartOfSpeech::Noun => self.noun_count,
        };
        let share = || wordnet.filter(|_| !self.files.is_empty()).and_then(|wordnet| self.visible_share(word, wordnet));
        match () {
            () if deny.has(word) => Reason::Denied,
            () if allow.has(word) => Reason::Allowed,
            () if !self.writing.admits(&word.text) => Reason::Written,
            () if word.count < least => Reason::Rare { least },
            () => match share() {
                Some(share) if share < self.file_share => Reason::Unseen { share },
                None if !self.files.is_empty() && self.unknown == UnknownWords::Drop => Reason::Unknown,
                share => Reason::Passed { share, nearest: None },
            },
        }
    }

    /// Of the tags of all senses, with one more for the first, the share of those in the files; names do not count.
    /// None for a word that WordNet lacks.
    fn visible_share(&self, word: &Word, wordnet: &WordNet) -> Option<f64> {
        let dictionary = match word.part_of_speech {
            PartOfSpeech::Adjective => &wordnet.adjectives,
            PartOfSpeech::Noun => &wordnet.nouns,
        };
        let senses = dictionary.senses.get(&word.text.replace(' ', "_"))?;
        let (mut visible, mut all) = (0, 0);
        for (rank, sense) in senses.iter().enumerate() {
            let weight = sense.count + u64::from(rank == 0);
            all += weight;
            if sense.spelling == Spelling::Common && self.files.iter().any(|file| file == sense.file) {
                visible += weight;
            }
        }
        Some(visible as f64 / all as f64)
    }

    /// Compares the words that passed so far with the seeds of their part of speech.
    fn ask_model(
        &self,
        seeds: &Seeds,
        words: &[Word],
        embedder: &dyn TextEmbedder,
        reasons: &mut [Reason],
    ) -> Result<(), PriorError> {
        for (part, seeds_of) in [(PartOfSpeech::Adjective, &seeds.adjectives), (PartOfSpeech::Noun, &seeds.nouns)] {
            let asked: Vec<usize> = (0..words.len())
                .filter(|&at| words[at].part_of_speech == part && matches!(reasons[at], Reason::Passed { .. }))
                .collect();
            if seeds_of.is_empty() || asked.is_empty() {
                continue;
            }
            let width = embedder.description().width;
            let terms: Vec<Term<'_>> = asked.iter().map(|&at| (&words[at]).into()).collect();
            let vectors = embedder.embed(&terms)?;
            let terms: Vec<Term<'_>> = seeds_of.iter().map(|text| Term { text, part_of_speech: part }).collect();
            let seed_vectors = embedder.embed(&terms)?;
            for (&at, vector) in asked.iter().zip(vectors.chunks_exact(width)) {
                let cosines = seed_vectors.chunks_exact(width).map(|seed| cosine(vector, seed));
                let best = cosines.zip(seeds_of).max_by(|a, b| a.0.total_cmp(&b.0));
                let Some(found) = best.map(|(cosine, seed)| Nearest { seed: seed.clone(), cosine }) else { continue };
                if found.cosine < seeds.cosine {
                    reasons[at] = Reason::Far(found);
                } else if let Reason::Passed { nearest, .. } = &mut reasons[at] {
                    *nearest = Some(found);
                }
            }
        }
        Ok(())
    }
}

/// Words, each as any part of speech or as one.
pub(crate) struct WordList<'a>(HashSet<(&'a str, Option<PartOfSpeech>)>);

impl<'a> WordList<'a> {
    pub(crate) fn new(entries: &'a [String]) -> Self {
        let parts = [("/adjective", PartOfSpeech::Adjective), ("/noun", PartOfSpeech::Noun)];
        let entry = |entry: &'a String| {
            let marked = parts.into_iter().find_map(|(mark, part)| Some((entry.strip_suffix(mark)?, Some(part))));
            marked.unwrap_or((entry, None))
        };
        Self(entries.iter().map(entry).collect())
    }

    pub(crate) fn has(&self, word: &Word) -> bool {
        let text = word.text.as_str();
        self.0.contains(&(text, None)) || self.0.contains(&(text, Some(word.part_of_speech)))
    }
}

impl Writing {
    fn admits(self, text: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Letters => text.len() >= 3 && text.bytes().all(|byte| byte.is_ascii_lowercase()),
        }
    }
}
