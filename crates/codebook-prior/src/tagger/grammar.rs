use crate::text_file::TextFile;
use crate::{PriorError, Tag};

const TAGS: usize = Tag::ALL.len();

/// What may follow what: the hidden chain of a tagger.
///
/// Each number is the logarithm of how much oftener a tag stands there than at all: words bring shares of their tags, in
/// which the frequency of a tag is counted already.
#[derive(Debug, Clone)]
pub(super) struct Grammar {
    /// `follows[a][b]`: tag b after tag a.
    follows: [[f32; TAGS]; TAGS],
    /// At the start of a sentence.
    starts: [f32; TAGS],
}

/// How much the neighbours count beside the word itself: less than all, for the table is rougher than the counts.
const CONTEXT: f32 = 0.8;

impl Grammar {
    /// Reads `assets/grammar.txt`.
    pub(super) fn embedded() -> Result<Self, PriorError> {
        Self::parse(include_str!("../../assets/grammar.txt"))
    }

    fn parse(text: &str) -> Result<Self, PriorError> {
        let file = TextFile::embedded("grammar.txt", text);
        let mut grammar = Self { follows: [[0.0; TAGS]; TAGS], starts: [0.0; TAGS] };
        let mut priors = [0.0; TAGS];
        for (at, line) in file.lines() {
            let broken = || file.line_error(at, "`TAG TAG=number..`", line);
            let mut fields = line.split(' ');
            let from = fields.next().ok_or_else(broken)?;
            let row = match from {
                "*" => &mut priors,
                "^" => &mut grammar.starts,
                tag => &mut grammar.follows[Tag::from_penn(tag).ok_or_else(broken)? as usize],
            };
            for field in fields {
                let (tag, number) = field.split_once('=').ok_or_else(broken)?;
                let tag = Tag::from_penn(tag).ok_or_else(broken)?;
                row[tag as usize] = number.parse().map_err(|_| broken())?;
            }
        }
        for row in grammar.follows.iter_mut().chain([&mut grammar.starts, &mut priors]) {
            let sum: f32 = row.iter().map(|count| count + REST).sum();
            row.iter_mut().for_each(|count| *count = ((*count + REST) / sum).ln());
        }
        for row in grammar.follows.iter_mut().chain([&mut grammar.starts]) {
            row.iter_mut().zip(&priors).for_each(|(count, prior)| *count -= prior);
        }
        Ok(grammar)
    }

    /// The tags of the likeliest path through the candidates (Viterbi 1967): those of word `n` are
    /// `candidates[ends[n - 1]..ends[n]]`, each word with at least one.
    pub(super) fn best_path(&self, lattice: &mut Lattice, tags: &mut Vec<Tag>) {
        let Lattice { candidates, ends } = lattice;
        let mut before = 0..0;
        for &end in ends.iter() {
            let here = before.end..end;
            for at in here.clone() {
                let tag = candidates[at].tag;
                let own = candidates[at].weight.ln();
                let mut best = Step { from: 0, score: CONTEXT * self.starts[tag as usize] };
                if !before.is_empty() {
                    best.score = f32::NEG_INFINITY;
                    for from in before.clone() {
                        let Candidate { tag: before, score, .. } = candidates[from];
                        let score = score + CONTEXT * self.follows[before as usize][tag as usize];
                        if score > best.score {
                            best = Step { from, score };
                        }
                    }
                }
                candidates[at].from = best.from;
                candidates[at].score = best.score + own;
            }
            before = here;
        }
        for candidate in &mut candidates[before.clone()] {
            // A sentence ends as before a full stop, should it lack one.
            candidate.score += CONTEXT * self.follows[candidate.tag as usize][Tag::Punctuation as usize];
        }
        tags.clear();
        let last = before.clone().reduce(|a, b| if candidates[b].score > candidates[a].score { b } else { a });
        let mut at = last.unwrap_or(0);
        for _ in ends.iter() {
            tags.push(candidates[at].tag);
            at = candidates[at].from;
        }
        tags.reverse();
    }
}

/// What a row of the grammar gives each tag beyond what it says: nothing is impossible.
const REST: f32 = 0.5;

struct Step {
    from: usize,
    score: f32,
}

/// The candidates of all words of a sentence.
#[derive(Debug, Default)]
pub(super) struct Lattice {
    pub(super) candidates: Vec<Candidate>,
    pub(super) ends: Vec<usize>,
}

/// A tag that a word may have.
#[derive(Debug, Clone, Copy)]
pub(super) struct Candidate {
    pub(super) tag: Tag,
    /// Share of the word's occurrences that have the tag; above 0.
    pub(super) weight: f32,
    score: f32,
    from: usize,
}

impl Lattice {
    /// Adds weight to a tag of the word that is being read.
    pub(super) fn add(&mut self, tag: Tag, weight: f32) {
        let start = self.ends.last().copied().unwrap_or(0);
        match self.candidates[start..].iter_mut().find(|candidate| candidate.tag == tag) {
            Some(candidate) => candidate.weight += weight,
            None => self.candidates.push(Candidate { tag, weight, score: 0.0, from: 0 }),
        }
    }

    /// The candidates of the word that is being read.
    pub(super) fn current(&mut self) -> &mut [Candidate] {
        let start = self.ends.last().copied().unwrap_or(0);
        &mut self.candidates[start..]
    }

    /// The candidates of a word that has ended.
    pub(super) fn word(&self, at: usize) -> &[Candidate] {
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.candidates[start..self.ends[at]]
    }

    /// Ends the word that is being read; one that has no candidate is taken for a noun.
    pub(super) fn end_word(&mut self) {
        if self.current().is_empty() {
            self.add(Tag::Noun, 1.0);
        }
        let sum: f32 = self.current().iter().map(|candidate| candidate.weight).sum();
        self.current().iter_mut().for_each(|candidate| candidate.weight /= sum);
        self.ends.push(self.candidates.len());
    }
}
