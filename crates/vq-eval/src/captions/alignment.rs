//! Which word of a caption stands for which of a reference.

use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Partial alignments that are kept after each word.
const LIMIT: usize = 1024;

/// How two words match, the stronger first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// They are equal.
    Exact,
    /// Their stems are equal.
    Stem,
    /// They share a meaning.
    Synonym,
}

/// A place of the reference that a word of the caption may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Candidate {
    /// The place.
    pub(crate) place: usize,
    /// By what.
    pub(crate) stage: Stage,
}

/// What is told of an alignment; the greater is the better one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Alignment {
    /// Pairs by stage: an equal pair is worth more than any number of others.
    pairs: [usize; 3],
    /// Runs of pairs that are neighbours in both texts.
    runs: Reverse<usize>,
}

impl Alignment {
    /// All pairs.
    pub(crate) fn pairs(self) -> usize {
        self.pairs.iter().sum()
    }

    /// Runs of pairs that are neighbours in both texts.
    pub(crate) fn runs(self) -> usize {
        self.runs.0
    }

    fn with(mut self, stage: Stage, goes_on: bool) -> Self {
        self.pairs[stage as usize] += 1;
        self.runs.0 += usize::from(!goes_on);
        self
    }
}

/// What later words have to know of how earlier ones were placed.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
struct State {
    /// Places that are taken and that later words ask for, rising.
    taken: Vec<usize>,
    /// The place that would go on with the run of the word before.
    next: Option<usize>,
}

/// The alignment of most equal pairs, of these one of most pairs by stem, of these one of most synonyms, and of these one
/// in the fewest runs; `candidates` of each word of the caption.
///
/// It goes word by word, and keeps the best of those partial alignments that later words cannot tell apart. That is
/// exact, unless there are more than 1,024 of them, as where a word repeats a dozen times in both texts; then it goes
/// on with the best 1,024.
pub(crate) fn align(candidates: &[Vec<Candidate>]) -> Alignment {
    let mut askers: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (word, options) in candidates.iter().enumerate() {
        options.iter().for_each(|option| askers.entry(option.place).or_default().push(word));
    }
    let mut states = BTreeMap::from([(State::default(), Alignment::default())]);
    for (word, options) in candidates.iter().enumerate() {
        let is_asked_later = |place: usize| askers[&place].last().is_some_and(|last| *last > word);
        // Nothing is won by leaving a place free that nobody else wants.
        let is_bare = options.iter().all(|option| askers[&option.place].len() > 1);
        let mut after = BTreeMap::new();
        for (state, alignment) in states {
            let free = |option: &&Candidate| !state.taken.contains(&option.place);
            for &Candidate { place, stage } in options.iter().filter(free) {
                let next = State { taken: kept(&state.taken, Some(place), &is_asked_later), next: Some(place + 1) };
                better(&mut after, next, alignment.with(stage, state.next == Some(place)));
            }
            if is_bare {
                better(&mut after, State { taken: kept(&state.taken, None, &is_asked_later), next: None }, alignment);
            }
        }
        states = cut(after);
    }
    states.into_values().max().unwrap_or_default()
}

/// The places of these that are still asked for, rising.
fn kept(taken: &[usize], new: Option<usize>, is_asked_later: &impl Fn(usize) -> bool) -> Vec<usize> {
    let mut kept: Vec<usize> = taken.iter().copied().chain(new).filter(|&place| is_asked_later(place)).collect();
    kept.sort_unstable();
    kept
}

fn better(states: &mut BTreeMap<State, Alignment>, state: State, alignment: Alignment) {
    states.entry(state).and_modify(|best| *best = alignment.max(*best)).or_insert(alignment);
}

fn cut(states: BTreeMap<State, Alignment>) -> BTreeMap<State, Alignment> {
    if states.len() <= LIMIT {
        return states;
    }
    let mut order: Vec<(State, Alignment)> = states.into_iter().collect();
    order.sort_by_key(|&(_, alignment)| Reverse(alignment));
    order.truncate(LIMIT);
    order.into_iter().collect()
}
