//! The transition table of the tagger, and the search of the best tag sequence.

use std::path::Path;

use super::lattice::{Lattice, TagCandidate};
use crate::error::PriorError;
use crate::text::{Table, Tag};

const TAGS: usize = Tag::ALL.len();

/// Transition scores of a hidden Markov model over tags.
///
/// Each score is `ln(P(tag | context) / P(tag))`. The prior is divided out because the shares of a word's tags already
/// contain it.
#[derive(Debug, Clone)]
pub(super) struct Grammar {
    /// `follows[a][b]`: tag b after tag a.
    follows: [[f32; TAGS]; TAGS],
    /// At the start of a sentence.
    starts: [f32; TAGS],
}

/// Weight of the transitions against the word's own tags: below 1, because the table is less precise than the counts.
const CONTEXT: f32 = 0.8;

impl Grammar {
    /// Reads `assets/grammar.txt`.
    pub(super) fn embedded() -> Result<Self, PriorError> {
        let path = Path::new("the embedded grammar.txt");
        let table = Table::new(path, include_str!("../../assets/grammar.txt"));
        let mut grammar = Self { follows: [[0.0; TAGS]; TAGS], starts: [0.0; TAGS] };
        let mut priors = [0.0; TAGS];
        for (number, line) in table.entries() {
            let broken = || table.line_error(number, "`TAG TAG=number..`", line);
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
            let sum: f32 = row.iter().map(|count| count + SMOOTHING).sum();
            row.iter_mut().for_each(|count| *count = ((*count + SMOOTHING) / sum).ln());
        }
        for row in grammar.follows.iter_mut().chain([&mut grammar.starts]) {
            row.iter_mut().zip(&priors).for_each(|(count, prior)| *count -= prior);
        }
        Ok(grammar)
    }

    /// Replaces `tags` by those of the best path through the candidates (Viterbi 1967). Each word has a candidate.
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
                        let TagCandidate { tag: before, score, .. } = candidates[from];
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
            // The end of the sentence scores like a full stop, in case the sentence lacks one.
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

/// Added to each count of a row, so that no transition is impossible.
const SMOOTHING: f32 = 0.5;

struct Step {
    from: usize,
    score: f32,
}
