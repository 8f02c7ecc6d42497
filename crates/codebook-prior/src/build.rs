use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};

use crate::wordnet::LEXICOGRAPHER_FILES;
use crate::{
    Chunker, Edge, EmojiNames, PartOfSpeech, Precision, PriorError, PriorGraph, PriorParts, Provenance, Recipe, Sense,
    Spelling, Tally, Term, TextEmbedder, Vectors, Word, WordNet,
};

/// Builds a prior from WordNet, the emoji names and a language model (VQCT section 3.1, with dictionary and glosses in
/// place of captions).
///
/// 1. A [`Chunker`] reads all glosses and emoji names: how often each noun occurs, and each adjective immediately before
///    each noun; a gloss also says of the nouns it defines what its first phrase says ([`Chunker::define`]).
/// 2. A noun of these texts is a candidate when it is one word of lower-case letters in WordNet, not a stop word, and its
///    senses lie mostly in files of things that can be seen ([`Recipe::visual_files`]; senses weigh as often as they
///    were tagged, the first once more; names do not count), or when an emoji name has it. It counts its occurrences in
///    the texts and the tags of its visible senses.
/// 3. An adjective is a candidate when it is such a word by its own senses and mostly stands before candidate nouns
///    ([`Recipe::adjective_visual_share`]), or stands in an emoji name. It counts how often it stands before candidate
///    nouns. The most frequent A are chosen, those of emoji names first.
/// 4. The most frequent N of the candidate nouns are chosen, those of emoji names first, then those with a chosen
///    adjective before them.
/// 5. Edges are the pairs of chosen words; a pair's count is its weight.
///
/// Each part is ranked by falling count, equal counts by the tags of visible senses, then by alphabet.
/// Vectors are stored as 16-bit floats.
///
/// # Errors
/// [`PriorError::Invalid`] when the recipe names an unknown lexicographer file, or asks for more words than there are
/// candidates; else the embedder's.
pub fn build(
    recipe: &Recipe,
    wordnet: &WordNet,
    emoji: &EmojiNames,
    embedder: &dyn TextEmbedder,
) -> Result<PriorGraph, PriorError> {
    if let Some(unknown) = recipe.visual_files.iter().find(|file| !LEXICOGRAPHER_FILES.contains(&file.as_str())) {
        return Err(PriorError::invalid("recipe", "visual_files", LEXICOGRAPHER_FILES.join(", "), unknown));
    }
    let chunker = Chunker::new(wordnet, recipe);
    let mut named = Tally::default();
    emoji.names.iter().for_each(|name| chunker.read(name, recipe.emoji_weight, &mut named));
    let mut all = named.clone();
    wordnet.glosses.iter().for_each(|gloss| chunker.define(&gloss.nouns, &gloss.text, 1, &mut all));

    let candidates = noun_candidates(recipe, wordnet, &all, &named);
    let adjectives = take(
        PartOfSpeech::Adjective,
        recipe.adjectives,
        adjective_candidates(recipe, wordnet, &candidates, &all, &named),
    )?;
    let chosen: HashSet<&str> = adjectives.iter().map(|word| word.text.as_str()).collect();
    let described: HashSet<&str> = all
        .pairs
        .keys()
        .filter(|(adjective, _)| chosen.contains(adjective.as_str()))
        .map(|(_, noun)| noun.as_str())
        .collect();
    let mut candidates = candidates;
    for (text, candidate) in &mut candidates {
        if candidate.rank == Rank::Apart && described.contains(text.as_str()) {
            candidate.rank = Rank::Joined;
        }
    }
    let nouns = take(PartOfSpeech::Noun, recipe.nouns, candidates)?;

    let edges = edges(&adjectives, &nouns, &all);
    let words = [adjectives, nouns].concat();
    let terms: Vec<Term<'_>> = words.iter().map(Term::from).collect();
    let description = embedder.description();
    let vectors = Vectors::new(&embedder.embed(&terms)?, description.width, Precision::F16);
    let provenance = Provenance {
        made_by: concat!("codebook-prior ", env!("CARGO_PKG_VERSION")).to_owned(),
        sources: [wordnet.sources.clone(), vec![emoji.source.clone()], description.sources].concat(),
        recipe: Some(recipe.clone()),
        captions: None,
        vectors: description.summary,
        embedding: description.embedding,
        cut: None,
    };
    PriorGraph::new(PriorParts { words, edges, vectors, provenance })
}

/// A word that may be chosen.
struct Candidate {
    count: u64,
    /// The tags of its visible senses.
    tags: u64,
    rank: Rank,
}

/// Who is chosen before whom, the last first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// No chosen word stands beside it: a node without edges.
    Apart,
    /// A word of the other part stands beside it.
    Joined,
    /// An emoji name has it.
    Named,
}

type Candidates = BTreeMap<String, Candidate>;

fn is_word(recipe: &Recipe, text: &str) -> bool {
    text.len() >= recipe.min_letters && text.bytes().all(|byte| byte.is_ascii_lowercase())
}

/// How much of what a word means can be seen.
struct Visibility {
    /// Of the tags of all senses, with one more for the first sense; in `0.0..=1.0`.
    share: f64,
    /// The tags of the senses that can be seen.
    tags: u64,
}

fn visibility(recipe: &Recipe, senses: &[Sense]) -> Visibility {
    let (mut visible, mut all, mut tags) = (0, 0, 0);
    for (rank, sense) in senses.iter().enumerate() {
        let weight = sense.count + u64::from(rank == 0);
        all += weight;
        if sense.spelling == Spelling::Common && recipe.visual_files.iter().any(|file| file == sense.file) {
            visible += weight;
            tags += sense.count;
        }
    }
    Visibility { share: visible as f64 / all as f64, tags }
}

fn noun_candidates(recipe: &Recipe, wordnet: &WordNet, all: &Tally, named: &Tally) -> Candidates {
    let stop: HashSet<&str> = recipe.stop_nouns.iter().map(String::as_str).collect();
    let words = all.nouns.iter().filter(|(text, _)| is_word(recipe, text) && !stop.contains(text.as_str()));
    words
        .filter_map(|(text, occurrences)| {
            let visibility = visibility(recipe, wordnet.nouns.senses.get(text)?);
            let rank = if named.nouns.contains_key(text) { Rank::Named } else { Rank::Apart };
            let seen = visibility.share >= recipe.visual_share || rank == Rank::Named;
            let candidate = Candidate { count: occurrences + visibility.tags, tags: visibility.tags, rank };
            seen.then(|| (text.clone(), candidate))
        })
        .collect()
}

fn adjective_candidates(
    recipe: &Recipe,
    wordnet: &WordNet,
    nouns: &Candidates,
    all: &Tally,
    named: &Tally,
) -> Candidates {
    #[derive(Default)]
    struct Pairs {
        visual: u64,
        all: u64,
    }
    let mut pairs: BTreeMap<&str, Pairs> = BTreeMap::new();
    for ((adjective, noun), weight) in &all.pairs {
        let pairs = pairs.entry(adjective).or_default();
        pairs.all += weight;
        pairs.visual += if nouns.contains_key(noun) { *weight } else { 0 };
    }
    let stop: HashSet<&str> = recipe.stop_adjectives.iter().map(String::as_str).collect();
    let words = pairs.into_iter().filter(|(text, _)| is_word(recipe, text) && !stop.contains(text));
    words
        .filter_map(|(text, pairs)| {
            let rank = if named.adjectives.contains_key(text) { Rank::Named } else { Rank::Joined };
            let visibility = visibility(recipe, wordnet.adjectives.senses.get(text)?);
            let visual = visibility.share >= recipe.visual_share
                && pairs.visual as f64 >= recipe.adjective_visual_share * pairs.all as f64;
            let seen = pairs.visual > 0 && (visual || rank == Rank::Named);
            seen.then(|| (text.to_owned(), Candidate { count: pairs.visual, tags: visibility.tags, rank }))
        })
        .collect()
}

/// The `len` best candidates, ranked: those of emoji names are sure of a place, not of a rank.
fn take(part_of_speech: PartOfSpeech, len: usize, candidates: Candidates) -> Result<Vec<Word>, PriorError> {
    if len > candidates.len() {
        let expected = format!("at most the {} candidates", candidates.len());
        return Err(PriorError::invalid("recipe", format!("{part_of_speech}s"), expected, len));
    }
    let mut ranked: Vec<_> = candidates.into_iter().collect();
    // Stable sorts: equals stay in alphabetical order.
    ranked.sort_by_key(|(_, candidate)| Reverse((candidate.rank, candidate.count, candidate.tags)));
    ranked.truncate(len);
    ranked
        .sort_by(|(a_text, a), (b_text, b)| (b.count, b.tags).cmp(&(a.count, a.tags)).then_with(|| a_text.cmp(b_text)));
    let word = |(text, candidate): (String, Candidate)| Word {
        text,
        part_of_speech,
        count: candidate.count,
        reason: String::new(),
    };
    Ok(ranked.into_iter().map(word).collect())
}

/// The pairs of chosen words, sorted.
fn edges(adjectives: &[Word], nouns: &[Word], tally: &Tally) -> Vec<Edge> {
    let nodes = |words: &[Word], first: usize| -> HashMap<String, u32> {
        words.iter().enumerate().map(|(at, word)| (word.text.clone(), (first + at) as u32)).collect()
    };
    let (adjective_nodes, noun_nodes) = (nodes(adjectives, 0), nodes(nouns, adjectives.len()));
    let pairs = tally.pairs.iter().filter_map(|((adjective, noun), weight)| {
        let (adjective, noun) = (*adjective_nodes.get(adjective)?, *noun_nodes.get(noun)?);
        Some(Edge { adjective, noun, weight: *weight as f32 })
    });
    let mut edges: Vec<_> = pairs.collect();
    edges.sort_by_key(|edge| (edge.adjective, edge.noun));
    edges
}
