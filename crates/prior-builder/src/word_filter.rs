//! Applies a [`VisionFilter`] to words.

use std::collections::HashSet;

use codebook_prior::{PartOfSpeech, Seeds, Spelling, UnknownWords, VisionFilter, Word, cosine};

use crate::embedder::{Term, TextEmbedder};
use crate::error::BuildError;
use crate::filter_reason::{NearestSeed, Reason};
use crate::wordnet::{LEXICOGRAPHER_FILES, WordNet};

/// A [`VisionFilter`] with what its rules need.
#[derive(Clone, Copy)]
pub struct WordFilter<'a> {
    /// The rules.
    pub rules: &'a VisionFilter,
    /// WordNet; needed if the rules name lexicographer files.
    pub wordnet: Option<&'a WordNet>,
    /// The embedder of words and seeds; used if the rules have seeds. A vector must not depend on the other terms of a
    /// call.
    pub embedder: &'a dyn TextEmbedder,
}

impl WordFilter<'_> {
    /// Applies the rules to each word; the results are in the order of the words.
    ///
    /// # Errors
    /// [`BuildError::Invalid`] if WordNet has no such lexicographer file, if files are named without WordNet, or if a
    /// share or cosine is out of range; the embedder's error for a word or seed without a vector.
    pub fn apply(&self, words: &[Word]) -> Result<Vec<Reason>, BuildError> {
        self.check()?;
        let (allow, deny) = (WordList::new(&self.rules.allow), WordList::new(&self.rules.deny));
        let mut reasons: Vec<Reason> = words.iter().map(|word| self.reason(word, &allow, &deny)).collect();
        if let Some(seeds) = &self.rules.seeds {
            self.compare_with_seeds(seeds, words, &mut reasons)?;
        }
        Ok(reasons)
    }

    fn check(&self) -> Result<(), BuildError> {
        const OP: &str = "vision filter";
        let VisionFilter { files, file_share, seeds, .. } = self.rules;
        if let Some(unknown) = files.iter().find(|file| !LEXICOGRAPHER_FILES.contains(&file.as_str())) {
            return Err(BuildError::invalid(OP, "files", LEXICOGRAPHER_FILES.join(", "), unknown));
        }
        if !files.is_empty() && self.wordnet.is_none() {
            return Err(BuildError::invalid(OP, "files", "a WordNet to look them up in", "none"));
        }
        if !(0.0..=1.0).contains(file_share) {
            return Err(BuildError::invalid(OP, "file_share", "a share in 0..=1", file_share));
        }
        match seeds {
            Some(seeds) if !(-1.0..=1.0).contains(&seeds.cosine) => {
                Err(BuildError::invalid(OP, "seeds.cosine", "a cosine in -1..=1", seeds.cosine))
            }
            _ => Ok(()),
        }
    }

    /// The result of all rules but the seeds.
    fn reason(&self, word: &Word, allow: &WordList<'_>, deny: &WordList<'_>) -> Reason {
        let rules = self.rules;
        let min_count = match word.part_of_speech {
            PartOfSpeech::Adjective => rules.adjective_count,
            PartOfSpeech::Noun => rules.noun_count,
        };
        let share = || {
            let wordnet = self.wordnet.filter(|_| !rules.files.is_empty())?;
            self.visible_share(word, wordnet)
        };
        match () {
            () if deny.contains(word) => Reason::Denied,
            () if allow.contains(word) => Reason::Allowed,
            () if !rules.writing.admits(&word.text) => Reason::Writing,
            () if word.count < min_count => Reason::Rare { min_count },
            () => match share() {
                Some(share) if share < rules.file_share => Reason::Invisible { share },
                None if !rules.files.is_empty() && rules.unknown == UnknownWords::Drop => Reason::Unknown,
                share => Reason::Passed { share, nearest: None },
            },
        }
    }

    /// The share of a word's tagged senses that are in the files of the rules. The first sense counts once more; names
    /// do not count as visible. `None` for a word that WordNet lacks.
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
            if sense.spelling == Spelling::Common && self.rules.files.iter().any(|file| file == sense.file) {
                visible += weight;
            }
        }
        Some(visible as f64 / all as f64)
    }

    /// Compares the words that have passed so far with the seeds of their part of speech.
    fn compare_with_seeds(&self, seeds: &Seeds, words: &[Word], reasons: &mut [Reason]) -> Result<(), BuildError> {
        for (part, seed_words) in [(PartOfSpeech::Adjective, &seeds.adjectives), (PartOfSpeech::Noun, &seeds.nouns)] {
            let passed: Vec<usize> = (0..words.len())
                .filter(|&at| words[at].part_of_speech == part && matches!(reasons[at], Reason::Passed { .. }))
                .collect();
            if seed_words.is_empty() || passed.is_empty() {
                continue;
            }
            let dim = self.embedder.description().embedding_dim;
            let terms: Vec<Term<'_>> = passed.iter().map(|&at| (&words[at]).into()).collect();
            let vectors = self.embedder.embed(&terms)?;
            let terms: Vec<Term<'_>> = seed_words.iter().map(|text| Term { text, part_of_speech: part }).collect();
            let seed_vectors = self.embedder.embed(&terms)?;
            for (&at, vector) in passed.iter().zip(vectors.chunks_exact(dim)) {
                let cosines = seed_vectors.chunks_exact(dim).map(|seed| cosine(vector, seed));
                let best = cosines.zip(seed_words).max_by(|a, b| a.0.total_cmp(&b.0));
                let Some((cosine, seed)) = best else { continue };
                let found = NearestSeed { seed: seed.clone(), cosine };
                if found.cosine < seeds.cosine {
                    reasons[at] = Reason::Dissimilar(found);
                } else if let Reason::Passed { nearest, .. } = &mut reasons[at] {
                    *nearest = Some(found);
                }
            }
        }
        Ok(())
    }
}

/// A list of words, each in any part of speech or in one.
pub(crate) struct WordList<'a>(HashSet<(&'a str, Option<PartOfSpeech>)>);

impl<'a> WordList<'a> {
    /// A list of entries such as `orange` and `orange/adjective`.
    pub(crate) fn new(entries: &'a [String]) -> Self {
        let parts = [("/adjective", PartOfSpeech::Adjective), ("/noun", PartOfSpeech::Noun)];
        let entry = |entry: &'a String| {
            let marked = parts.into_iter().find_map(|(mark, part)| Some((entry.strip_suffix(mark)?, Some(part))));
            marked.unwrap_or((entry, None))
        };
        Self(entries.iter().map(entry).collect())
    }

    pub(crate) fn contains(&self, word: &Word) -> bool {
        let text = word.text.as_str();
        self.0.contains(&(text, None)) || self.0.contains(&(text, Some(word.part_of_speech)))
    }
}
