//! Alignments of the words of a caption with those of a reference.

use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Partial alignments that are kept after each word.
const LIMIT: usize = 1024;

/// The kind of match of two words, the strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// They are equal.
    Exact,
    /// Their stems are equal.
    Stem,
    /// They are synonyms.
    Synonym,
}

/// A position of the reference that a word of the caption matches.
#[derive(Debug, Clone, Copy)]
pub(super) struct Candidate {
    /// The position.
    pub(super) position: usize,
    /// The kind of match.
    pub(super) stage: Stage,
}

/// The figures of an alignment; the greater is the better one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Alignment {
    /// Pairs by stage: one equal pair outweighs any number of weaker pairs.
    pairs: [usize; 3],
    /// Runs of pairs that are neighbours in both texts.
    runs: Reverse<usize>,
}

impl Alignment {
    /// Number of pairs of all stages.
    pub(super) fn pairs(self) -> usize {
        self.pairs.iter().sum()
    }

    /// Number of runs of pairs that are neighbours in both texts.
    pub(super) fn runs(self) -> usize {
        self.runs.0
    }

    fn with(mut self, stage: Stage, continues_run: bool) -> Self {
        self.pairs[stage as usize] += 1;
        self.runs.0 += usize::from(!continues_run);
        self
    }
}

/// What the alignment of later words depends on.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
struct State {
    /// Positions that are used and that later words match, ascending.
    used: Vec<usize>,
    /// The position that would continue the run of the previous word.
    next: Option<usize>,
}

/// The best alignment of a caption: most equal pairs, then most pairs by stem, then most synonyms, then fewest runs.
///
/// `candidates` lists the matches of each word of the caption.
///
/// The search goes word by word and keeps the best partial alignment of each state.
/// It is exact unless there are more than 1,024 states, as in texts that both repeat a word a dozen times; it then
/// continues with the best 1,024.
pub(super) fn align(candidates: &[Vec<Candidate>]) -> Alignment {
    let mut words_of: BTreeMap<usize, Vec<usize>> = BTreeMap::new(); // words of the caption that match a position
    for (word, options) in candidates.iter().enumerate() {
        options.iter().for_each(|option| words_of.entry(option.position).or_default().push(word));
    }
    let mut states = BTreeMap::from([(State::default(), Alignment::default())]);
    for (word, options) in candidates.iter().enumerate() {
        let matches_later = |position: usize| words_of[&position].last().is_some_and(|last| *last > word);
        // Leaving a word unaligned can only help if another word matches each of its positions.
        let may_skip = options.iter().all(|option| words_of[&option.position].len() > 1);
        let mut after = BTreeMap::new();
        for (state, alignment) in states {
            let free = |option: &&Candidate| !state.used.contains(&option.position);
            for &Candidate { position, stage } in options.iter().filter(free) {
                let used = relevant(&state.used, Some(position), &matches_later);
                let next = State { used, next: Some(position + 1) };
                keep_better(&mut after, next, alignment.with(stage, state.next == Some(position)));
            }
            if may_skip {
                let next = State { used: relevant(&state.used, None, &matches_later), next: None };
                keep_better(&mut after, next, alignment);
            }
        }
        states = limited(after);
    }
    states.into_values().max().unwrap_or_default()
}

/// The used positions that later words match, ascending.
fn relevant(used: &[usize], new: Option<usize>, matches_later: &impl Fn(usize) -> bool) -> Vec<usize> {
    let mut relevant: Vec<usize> =
        used.iter().copied().chain(new).filter(|&position| matches_later(position)).collect();
    relevant.sort_unstable();
    relevant
}

fn keep_better(states: &mut BTreeMap<State, Alignment>, state: State, alignment: Alignment) {
    states.entry(state).and_modify(|best| *best = alignment.max(*best)).or_insert(alignment);
}

fn limited(states: BTreeMap<State, Alignment>) -> BTreeMap<State, Alignment> {
    if states.len() <= LIMIT {
        return states;
    }
    let mut order: Vec<(State, Alignment)> = states.into_iter().collect();
    order.sort_by_key(|&(_, alignment)| Reverse(alignment));
    order.truncate(LIMIT);
    order.into_iter().collect()
}
