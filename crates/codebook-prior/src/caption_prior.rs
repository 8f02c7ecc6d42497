use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use crate::lexicon::ranked;
use crate::{
    Edge, EmbedderDescription, Lexicon, LexiconEntry, LexiconOptions, LexiconOrder, PartOfSpeech, Precision,
    PriorError, PriorGraph, PriorParts, Provenance, Reason, Source, TextEmbedder, Vectors, VisionFilter, Word, WordNet,
};

/// How a prior is made of captions.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
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
    /// How vectors are stored.
    pub precision: Precision,
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
    /// The corpora.
    pub corpora: &'a [Source],
    /// For filters that ask WordNet.
    pub wordnet: Option<&'a WordNet>,
    /// For filters that ask a language model: vectors that do not depend on the other words of a call.
    pub judge: &'a dyn TextEmbedder,
    /// Makes the vectors of the words that are kept, all in one call.
    pub embedder: &'a dyn TextEmbedder,
}

/// Which captions a prior was made of, and how; the corpora are among its sources.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Captions {
    /// What tagged them.
    pub tagger: String,
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
        let keep = |entries: &[LexiconEntry], judged: &[JudgedWord], most: Option<usize>| {
            let mut kept = ranked(entries, |at| judged[at].reason.keeps(), self.order);
            kept.truncate(most.unwrap_or(usize::MAX));
            kept
        };
        let adjectives = keep(&lexicon.adjectives, of_adjectives, self.most_adjectives);
        let nouns = keep(&lexicon.nouns, of_nouns, self.most_nouns);
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
        let mut sources = material.corpora.to_vec();
        sources.extend(material.wordnet.into_iter().flat_map(|wordnet| wordnet.sources.clone()));
        sources.extend(model);
        let provenance = Provenance {
            made_by: concat!("codebook-prior ", env!("CARGO_PKG_VERSION")).to_owned(),
            sources,
            recipe: None,
            captions: Some(Captions { tagger: material.tagger.to_owned(), recipe: self.clone() }),
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
        let reasons = self.filter.judge(&words, material.wordnet, material.judge)?;
        Ok(words.into_iter().zip(reasons).map(|(word, reason)| JudgedWord { word, reason }).collect())
    }
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
