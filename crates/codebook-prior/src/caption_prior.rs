use std::collections::{BTreeMap, HashMap, HashSet};

use serde::{Deserialize, Serialize};

use crate::lexicon::ranked;
use crate::vision_filter::WordList;
use crate::{
    Edge, EmbedderDescription, Lexicon, LexiconEntry, LexiconOptions, LexiconOrder, PartOfSpeech, Precision,
    PriorError, PriorGraph, PriorParts, Provenance, Reason, Source, TextEmbedder, Vectors, VisionFilter, Word, WordNet,
};

/// How a prior is made of captions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CaptionRecipe {
    /// How captions are read.
    pub lexicon: LexiconOptions,
    /// Which words are kept.
    pub filter: VisionFilter,
    /// The order of the words of each part of speech.
    pub order: LexiconOrder,
    /// Which node an edge starts from where a word is adjective and noun.
    pub homographs: Homographs,
    /// The most adjectives to keep, the first ones in `order`.
    pub most_adjectives: Option<usize>,
    /// The most nouns to keep.
    pub most_nouns: Option<usize>,
    /// Which words are kept first where there is a limit.
    pub first: First,
    /// How often trusted corpora must have a word for it to be kept without a question.
    pub trusted_count: u64,
    /// How vectors are stored.
    pub precision: Precision,
}

impl Default for CaptionRecipe {
    /// The paper's counts, all words, first seen first.
    fn default() -> Self {
        Self {
            lexicon: LexiconOptions::default(),
            filter: VisionFilter::default(),
            order: LexiconOrder::default(),
            homographs: Homographs::default(),
            most_adjectives: None,
            most_nouns: None,
            first: First::default(),
            trusted_count: 2,
            precision: Precision::default(),
        }
    }
}

/// Which words are kept first where there is a limit to their number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum First {
    /// Those that come first in the order.
    #[default]
    Ordered,
    /// Those of trusted corpora, then those that have an edge: the graph has nothing to say of the others.
    Joined,
}

/// Which node an edge starts from where its adjective is a noun as well.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Homographs {
    /// From the adjective's: an `orange` that stands before `juice` is an adjective.
    #[default]
    Apart,
    /// From the noun's, as in the published code, which knows words by their text alone. The adjective's node has no
    /// edge then, and `orange orange` has none at all.
    Legacy,
}

/// What a prior of captions is made from.
#[derive(Clone, Copy)]
pub struct Material<'a> {
    /// What the captions said.
    pub lexicon: &'a Lexicon,
    /// What tagged them: [`Tagger::name`](crate::Tagger::name).
    pub tagger: &'a str,
    /// What the captions of trusted corpora alone said, if there are any: each of their words is kept that stands in
    /// them [`CaptionRecipe::trusted_count`] times and is not denied.
    pub trusted: Option<&'a Lexicon>,
    /// The corpora.
    pub corpora: &'a [ReadCorpus],
    /// For filters that ask WordNet.
    pub wordnet: Option<&'a WordNet>,
    /// For filters that ask a language model: vectors that do not depend on the other words of a call.
    pub judge: &'a dyn TextEmbedder,
    /// Makes the vectors of the words that are kept, all in one call.
    pub embedder: &'a dyn TextEmbedder,
}

/// A corpus that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadCorpus {
    /// The corpus with its hash.
    pub source: Source,
    /// How often each of its captions counts.
    pub times: u64,
    /// Whether what it names can be seen.
    pub trusted: bool,
}

/// What a corpus was to a prior; its files are among the sources.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CorpusUse {
    /// [`Source::work`].
    pub work: String,
    /// How often each of its captions counted.
    pub times: u64,
    /// Whether what it names was taken to be visible.
    pub trusted: bool,
}

impl From<&ReadCorpus> for CorpusUse {
    fn from(read: &ReadCorpus) -> Self {
        Self { work: read.source.work.clone(), times: read.times, trusted: read.trusted }
    }
}

/// Which captions a prior was made of, and how; the corpora are among its sources.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Captions {
    /// What tagged them.
    pub tagger: String,
    /// The corpora in the order in which they were read; none in files of before this field.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub corpora: Vec<CorpusUse>,
    /// How they became words and edges.
    pub recipe: CaptionRecipe,
}

impl Captions {
    /// Whether edges of homographs start from nouns.
    pub(crate) fn is_legacy(&self) -> bool {
        self.recipe.homographs == Homographs::Legacy
    }
}

/// A prior, and what became of every word.
#[derive(Debug, Clone, PartialEq)]
pub struct CaptionPrior {
    /// The prior; each word has the reason for which it was kept.
    pub prior: PriorGraph,
    /// Every word of the lexicon with what the filter said of it: adjectives, then nouns, in the order of the lexicon.
    pub judged: Vec<JudgedWord>,
}

/// A word that the filter has judged.
#[derive(Debug, Clone, PartialEq)]
pub struct JudgedWord {
    /// The word.
    pub word: Word,
    /// Why it is kept or dropped.
    pub reason: Reason,
}

impl CaptionRecipe {
    /// Makes a prior of the words that the filter keeps (VQCT section 3.1).
    ///
    /// # Errors
    /// [`PriorError::Invalid`] if no word is kept, or as [`VisionFilter::judge`]; the embedder's.
    pub fn build(&self, material: &Material<'_>) -> Result<CaptionPrior, PriorError> {
        let Material { lexicon, embedder, .. } = *material;
        let judged = self.judge(material)?;
        let (of_adjectives, of_nouns) = judged.split_at(lexicon.adjectives.len());
        let mut adjectives = ranked(&lexicon.adjectives, |at| of_adjectives[at].reason.keeps(), self.order);
        let mut nouns = ranked(&lexicon.nouns, |at| of_nouns[at].reason.keeps(), self.order);
        if self.first == First::Joined {
            let joined = Joined::of(lexicon, |at| of_adjectives[at].reason.keeps(), |at| of_nouns[at].reason.keeps());
            let rank = |judged: &[JudgedWord], joined: &HashSet<usize>, at: usize| {
                if judged[at].reason == Reason::Trusted { 0 } else { 1 + u8::from(!joined.contains(&at)) }
            };
            limit(&mut adjectives, self.most_adjectives, |at| rank(of_adjectives, &joined.adjectives, at));
            limit(&mut nouns, self.most_nouns, |at| rank(of_nouns, &joined.nouns, at));
        } else {
            limit(&mut adjectives, self.most_adjectives, |_| 0);
            limit(&mut nouns, self.most_nouns, |_| 0);
        }
        let kept = adjectives.iter().map(|&at| &of_adjectives[at]).chain(nouns.iter().map(|&at| &of_nouns[at]));
        let words: Vec<Word> =
            kept.map(|JudgedWord { word, reason }| Word { reason: reason.to_string(), ..word.clone() }).collect();
        if words.is_empty() {
            let got = format!("none of {}", judged.len());
            return Err(PriorError::invalid("prior of captions", "filter", "a word that is kept", got));
        }
        let edges = edges_of(&lexicon.select(&adjectives, &nouns), self.homographs);
        let terms: Vec<_> = words.iter().map(Into::into).collect();
        let EmbedderDescription { width, summary, embedding, sources: model } = embedder.description();
        let vectors = Vectors::new(&embedder.embed(&terms)?, width, self.precision);
        let mut sources: Vec<Source> = material.corpora.iter().map(|read| read.source.clone()).collect();
        sources.extend(material.wordnet.into_iter().flat_map(|wordnet| wordnet.sources.clone()));
        sources.extend(model);
        let provenance = Provenance {
            made_by: concat!("codebook-prior ", env!("CARGO_PKG_VERSION")).to_owned(),
            sources,
            recipe: None,
            captions: Some(Captions {
                tagger: material.tagger.to_owned(),
                corpora: material.corpora.iter().map(CorpusUse::from).collect(),
                recipe: self.clone(),
            }),
            vectors: summary,
            embedding,
            cut: None,
        };
        let prior = PriorGraph::checked("prior of captions", PriorParts { words, edges, vectors, provenance })?;
        Ok(CaptionPrior { prior, judged })
    }

    fn judge(&self, material: &Material<'_>) -> Result<Vec<JudgedWord>, PriorError> {
        let lexicon = material.lexicon;
        let word = |part_of_speech| {
            move |entry: &LexiconEntry| Word {
                text: entry.text.clone(),
                part_of_speech,
                count: entry.count,
                reason: String::new(),
            }
        };
        let adjectives = lexicon.adjectives.iter().map(word(PartOfSpeech::Adjective));
        let words: Vec<Word> = adjectives.chain(lexicon.nouns.iter().map(word(PartOfSpeech::Noun))).collect();
        let trusted = material.trusted.map(|trusted| self.trusted(trusted)).unwrap_or_default();
        let denied = WordList::new(&self.filter.deny);
        let is_trusted =
            |word: &Word| trusted.contains(&(word.part_of_speech, word.text.as_str())) && !denied.has(word);
        let asked: Vec<Word> = words.iter().filter(|word| !is_trusted(word)).cloned().collect();
        let mut reasons = self.filter.judge(&asked, material.wordnet, material.judge)?.into_iter();
        let reason = |word: &Word| if is_trusted(word) { Some(Reason::Trusted) } else { reasons.next() };
        let reasons: Vec<Reason> = words.iter().filter_map(reason).collect();
        Ok(words.into_iter().zip(reasons).map(|(word, reason)| JudgedWord { word, reason }).collect())
    }

    /// The words that trusted corpora have often enough.
    fn trusted<'a>(&self, lexicon: &'a Lexicon) -> HashSet<(PartOfSpeech, &'a str)> {
        let often = |part: PartOfSpeech, entries: &'a [LexiconEntry]| {
            let entries = entries.iter().filter(|entry| entry.count >= self.trusted_count);
            entries.map(move |entry| (part, entry.text.as_str()))
        };
        let adjectives = often(PartOfSpeech::Adjective, &lexicon.adjectives);
        adjectives.chain(often(PartOfSpeech::Noun, &lexicon.nouns)).collect()
    }
}

/// The words that stand in a pair of kept words, as places in the lexicon.
struct Joined {
    adjectives: HashSet<usize>,
    nouns: HashSet<usize>,
}

impl Joined {
    fn of(lexicon: &Lexicon, keeps_adjective: impl Fn(usize) -> bool, keeps_noun: impl Fn(usize) -> bool) -> Self {
        let pairs = lexicon.pairs.iter().map(|pair| (pair.adjective as usize, pair.noun as usize));
        let (adjectives, nouns) = pairs.filter(|&(a, n)| keeps_adjective(a) && keeps_noun(n)).unzip();
        Self { adjectives, nouns }
    }
}

/// Cuts a list to its length, words of low rank first; what stays is in the order of the list.
fn limit(places: &mut Vec<usize>, most: Option<usize>, rank: impl Fn(usize) -> u8) {
    let Some(most) = most else { return };
    let mut ranked = places.clone();
    ranked.sort_by_key(|&at| rank(at));
    ranked.truncate(most);
    let kept: HashSet<usize> = ranked.into_iter().collect();
    places.retain(|at| kept.contains(at));
}

/// The pairs as edges between nodes, adjectives first, sorted.
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
