//! Builds a prior from the lexicon of captions.

use std::collections::{BTreeMap, HashMap, HashSet};

use codebook_prior::{
    CaptionProvenance, CaptionRecipe, CorpusUse, Edge, Homographs, LimitPriority, PartOfSpeech, PriorGraph, PriorParts,
    Provenance, Source, Vectors, Word,
};

use crate::embedder::{EmbedderDescription, TextEmbedder};
use crate::error::BuildError;
use crate::filter_reason::Reason;
use crate::lexicon::{Lexicon, LexiconEntry, ranked};
use crate::word_filter::{WordFilter, WordList};
use crate::wordnet::WordNet;

/// What a prior is built from.
#[derive(Clone, Copy)]
pub struct BuildInputs<'a> {
    /// The words and pairs of all captions.
    pub lexicon: &'a Lexicon,
    /// The name of the tagger: [`Tagger::name`](codebook_prior::Tagger::name).
    pub tagger: &'a str,
    /// The words of trusted corpora only, if there are any. A word that occurs [`CaptionRecipe::trusted_count`] times
    /// in them is kept, unless it is denied.
    pub trusted: Option<&'a Lexicon>,
    /// The corpora.
    pub corpora: &'a [ReadCorpus],
    /// WordNet, for filters by lexicographer file.
    pub wordnet: Option<&'a WordNet>,
    /// The embedder for filters by seed words. A vector must not depend on the other terms of a call.
    pub filter_embedder: &'a dyn TextEmbedder,
    /// The embedder of the kept words, which are embedded in one call.
    pub embedder: &'a dyn TextEmbedder,
}

/// A corpus that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadCorpus {
    /// The corpus with its hash.
    pub source: Source,
    /// How often each of its captions is counted.
    pub times: u64,
    /// Whether all its words are taken to be visible.
    pub trusted: bool,
}

/// A prior, and the filter's result for every word.
#[derive(Debug, Clone, PartialEq)]
pub struct CaptionPrior {
    /// The prior; each word has the reason why it was kept.
    pub prior: PriorGraph,
    /// Every word of the lexicon with the filter's result: adjectives, then nouns, in the order of the lexicon.
    pub decisions: Vec<WordDecision>,
}

/// A word and the filter's result.
#[derive(Debug, Clone, PartialEq)]
pub struct WordDecision {
    /// The word.
    pub word: Word,
    /// Why the word is kept or dropped.
    pub reason: Reason,
}

impl BuildInputs<'_> {
    /// Builds a prior of the words that the recipe's filter keeps (VQCT section 3.1).
    ///
    /// # Errors
    /// [`BuildError::Invalid`] if no word is kept, those of [`WordFilter::apply`], and those of the embedder.
    pub fn build(&self, recipe: &CaptionRecipe) -> Result<CaptionPrior, BuildError> {
        let Self { lexicon, embedder, .. } = *self;
        let decisions = self.decide(recipe)?;
        let (of_adjectives, of_nouns) = decisions.split_at(lexicon.adjectives.len());
        let mut adjectives = ranked(&lexicon.adjectives, |at| of_adjectives[at].reason.keeps(), recipe.order);
        let mut nouns = ranked(&lexicon.nouns, |at| of_nouns[at].reason.keeps(), recipe.order);
        match recipe.first {
            LimitPriority::Ordered => {
                limit(&mut adjectives, recipe.most_adjectives, |_| 0);
                limit(&mut nouns, recipe.most_nouns, |_| 0);
            }
            LimitPriority::Joined => {
                let paired =
                    PairedWords::of(lexicon, |at| of_adjectives[at].reason.keeps(), |at| of_nouns[at].reason.keeps());
                let rank = |decisions: &[WordDecision], paired: &HashSet<usize>, at: usize| {
                    if decisions[at].reason == Reason::Trusted { 0 } else { 1 + u8::from(!paired.contains(&at)) }
                };
                limit(&mut adjectives, recipe.most_adjectives, |at| rank(of_adjectives, &paired.adjectives, at));
                limit(&mut nouns, recipe.most_nouns, |at| rank(of_nouns, &paired.nouns, at));
            }
        }
        let kept = adjectives.iter().map(|&at| &of_adjectives[at]).chain(nouns.iter().map(|&at| &of_nouns[at]));
        let words: Vec<Word> =
            kept.map(|WordDecision { word, reason }| Word { reason: reason.to_string(), ..word.clone() }).collect();
        if words.is_empty() {
            let got = format!("none of {}", decisions.len());
            return Err(BuildError::invalid("prior of captions", "filter", "a word that is kept", got));
        }
        let edges = edges_of(&lexicon.select(&adjectives, &nouns), recipe.homographs);
        let terms: Vec<_> = words.iter().map(Into::into).collect();
        let description = embedder.description();
        let vectors = Vectors::new(&embedder.embed(&terms)?, description.embedding_dim, recipe.vector_dtype);
        let provenance = self.provenance(recipe, description);
        let prior = PriorGraph::new(PriorParts { words, edges, vectors, provenance })?;
        Ok(CaptionPrior { prior, decisions })
    }

    fn provenance(&self, recipe: &CaptionRecipe, embedder: EmbedderDescription) -> Provenance {
        let mut sources: Vec<Source> = self.corpora.iter().map(|read| read.source.clone()).collect();
        sources.extend(self.wordnet.into_iter().flat_map(|wordnet| wordnet.sources.clone()));
        sources.extend(embedder.sources);
        let corpus_use =
            |read: &ReadCorpus| CorpusUse { work: read.source.work.clone(), times: read.times, trusted: read.trusted };
        Provenance {
            // The name of the format's crate, as in all priors that were built before this crate existed.
            made_by: concat!("codebook-prior ", env!("CARGO_PKG_VERSION")).to_owned(),
            sources,
            recipe: None,
            captions: Some(CaptionProvenance {
                tagger: self.tagger.to_owned(),
                corpora: self.corpora.iter().map(corpus_use).collect(),
                recipe: recipe.clone(),
            }),
            vectors: embedder.summary,
            embedding: embedder.embedding,
            cut: None,
        }
    }

    /// The filter's result for every word of the lexicon.
    fn decide(&self, recipe: &CaptionRecipe) -> Result<Vec<WordDecision>, BuildError> {
        let word = |part_of_speech| {
            move |entry: &LexiconEntry| Word {
                text: entry.text.clone(),
                part_of_speech,
                count: entry.count,
                reason: String::new(),
            }
        };
        let adjectives = self.lexicon.adjectives.iter().map(word(PartOfSpeech::Adjective));
        let words: Vec<Word> = adjectives.chain(self.lexicon.nouns.iter().map(word(PartOfSpeech::Noun))).collect();
        let trusted = self.trusted.map(|trusted| trusted_words(trusted, recipe.trusted_count)).unwrap_or_default();
        let denied = WordList::new(&recipe.filter.deny);
        let is_trusted =
            |word: &Word| trusted.contains(&(word.part_of_speech, word.text.as_str())) && !denied.contains(word);
        let filtered: Vec<Word> = words.iter().filter(|word| !is_trusted(word)).cloned().collect();
        let filter = WordFilter { rules: &recipe.filter, wordnet: self.wordnet, embedder: self.filter_embedder };
        let mut reasons = filter.apply(&filtered)?.into_iter();
        let reason = |word: &Word| if is_trusted(word) { Some(Reason::Trusted) } else { reasons.next() };
        let reasons: Vec<Reason> = words.iter().filter_map(reason).collect();
        Ok(words.into_iter().zip(reasons).map(|(word, reason)| WordDecision { word, reason }).collect())
    }
}

/// The words of trusted corpora that occur at least `min_count` times.
fn trusted_words(lexicon: &Lexicon, min_count: u64) -> HashSet<(PartOfSpeech, &str)> {
    let parts = [(PartOfSpeech::Adjective, &lexicon.adjectives), (PartOfSpeech::Noun, &lexicon.nouns)];
    let entries = parts.into_iter().flat_map(|(part, entries)| entries.iter().map(move |entry| (part, entry)));
    entries.filter(|(_, entry)| entry.count >= min_count).map(|(part, entry)| (part, entry.text.as_str())).collect()
}

/// The words of pairs of kept words, as indices in the lexicon.
struct PairedWords {
    adjectives: HashSet<usize>,
    nouns: HashSet<usize>,
}

impl PairedWords {
    fn of(lexicon: &Lexicon, keeps_adjective: impl Fn(usize) -> bool, keeps_noun: impl Fn(usize) -> bool) -> Self {
        let pairs = lexicon.pairs.iter().map(|pair| (pair.adjective as usize, pair.noun as usize));
        let (adjectives, nouns) = pairs.filter(|&(a, n)| keeps_adjective(a) && keeps_noun(n)).unzip();
        Self { adjectives, nouns }
    }
}

/// Limits the length of a list, dropping words of high rank first; the rest stays in the order of the list.
fn limit(indices: &mut Vec<usize>, max_len: Option<usize>, rank: impl Fn(usize) -> u8) {
    let Some(max_len) = max_len else { return };
    let mut by_rank = indices.clone();
    by_rank.sort_by_key(|&at| rank(at));
    by_rank.truncate(max_len);
    let kept: HashSet<usize> = by_rank.into_iter().collect();
    indices.retain(|at| kept.contains(at));
}

/// The pairs as sorted edges between nodes, adjectives first.
fn edges_of(lexicon: &Lexicon, homographs: Homographs) -> Vec<Edge> {
    let first_noun = lexicon.adjectives.len() as u32;
    let noun_nodes: HashMap<&str, u32> =
        lexicon.nouns.iter().zip(first_noun..).map(|(entry, node)| (entry.text.as_str(), node)).collect();
    let start = |adjective: u32| match homographs {
        Homographs::Apart => adjective,
        Homographs::Legacy => {
            let text = lexicon.adjectives[adjective as usize].text.as_str();
            noun_nodes.get(text).copied().unwrap_or(adjective)
        }
    };
    let mut weights: BTreeMap<(u32, u32), f32> = BTreeMap::new();
    for pair in &lexicon.pairs {
        let nodes = (start(pair.adjective), first_noun + pair.noun);
        if nodes.0 != nodes.1 {
            *weights.entry(nodes).or_default() += pair.weight as f32;
        }
    }
    weights.into_iter().map(|((adjective, noun), weight)| Edge { adjective, noun, weight }).collect()
}
