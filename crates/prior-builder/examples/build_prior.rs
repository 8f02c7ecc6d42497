//! Builds a small prior from a few captions: which adjectives and nouns they have, and which occur together.
//!
//! ```sh
//! cargo run -p prior-builder --example build_prior
//! ```

#![allow(clippy::print_stdout, reason = "an example prints its result")]

use std::path::Path;
use std::sync::Arc;

use codebook_prior::{
    CaptionRecipe, Lemmas, LexiconOptions, LexiconOrder, PriorGraph, Tagger, VisionFilter, WordNetTagger,
};
use prior_builder::{
    BuildError, BuildInputs, CorpusCaption, EmbedderDescription, LexiconBuilder, Location, Term, TextEmbedder,
};

const CAPTIONS: [&str; 8] = [
    "A small red bird sits on a wooden fence.",
    "Two red apples lie on a wooden table.",
    "A black dog runs across green grass.",
    "A small black dog sleeps beside a red chair.",
    "The green apple is on the table.",
    "A white bird flies over the grass.",
    "A wooden chair stands near the green table.",
    "Small birds sit on the fence.",
];

/// A stand-in for a language model: the share of each letter in the word, W = 26.
///
/// `EmbeddingTable` and `TextEncoder` (features `language-model` and `encoder`) use real models.
struct LetterShares;

impl TextEmbedder for LetterShares {
    fn description(&self) -> EmbedderDescription {
        EmbedderDescription {
            embedding_dim: 26,
            summary: "share of each letter".into(),
            embedding: None,
            sources: Vec::new(),
        }
    }

    fn embed(&self, terms: &[Term<'_>]) -> Result<Vec<f32>, BuildError> {
        let mut vectors = vec![0.0; terms.len() * 26]; // [T, W]
        for (vector, term) in vectors.chunks_exact_mut(26).zip(terms) {
            let letters = term.text.bytes().filter(u8::is_ascii_lowercase);
            letters.for_each(|letter| vector[usize::from(letter - b'a')] += 1.0 / term.text.len() as f32);
        }
        Ok(vectors)
    }
}

fn main() -> Result<(), BuildError> {
    // Tokenize and tag the captions; count adjectives, nouns in base form, and pairs. `Corpus` reads captions from
    // files.
    let lemmas = Lemmas::embedded()?;
    let tagger = WordNetTagger::new(lemmas.clone())?;
    let mut builder = LexiconBuilder::new(&tagger, &lemmas, LexiconOptions::default());
    let file: Arc<Path> = Arc::from(Path::new("example"));
    let captions = CAPTIONS.iter().zip(1..).map(|(text, line)| CorpusCaption {
        text: (*text).to_owned(),
        file: Arc::clone(&file),
        location: Location::Line(line),
    });
    builder.add(&captions.collect::<Vec<_>>());
    let lexicon = builder.finish();

    // Keep words that occur twice or more, most frequent first, and embed them.
    let inputs = BuildInputs {
        lexicon: &lexicon,
        tagger: tagger.name(),
        trusted: None,
        corpora: &[],
        wordnet: None,
        filter_embedder: &LetterShares,
        embedder: &LetterShares,
    };
    let recipe = CaptionRecipe {
        order: LexiconOrder::Frequency,
        filter: VisionFilter { adjective_count: 2, noun_count: 2, ..VisionFilter::default() },
        ..CaptionRecipe::default()
    };
    let built = inputs.build(&recipe)?;
    let dropped = built.decisions.iter().filter(|decision| !decision.reason.keeps());
    for decision in dropped {
        println!("dropped {}: {}", decision.word.text, decision.reason);
    }
    print_prior(&built.prior);

    // The file of a prior is its bytes; `prior.save(path)` writes them.
    let decoded = PriorGraph::from_bytes(&built.prior.to_bytes()?)?;
    assert_eq!(decoded, built.prior);
    Ok(())
}

fn print_prior(prior: &PriorGraph) {
    for word in prior.words() {
        println!("{} {}: {}", word.part_of_speech, word.text, word.count);
    }
    let text = |node: u32| &prior.words()[node as usize].text;
    for edge in prior.edges() {
        println!("{} {}: {}", text(edge.adjective), text(edge.noun), edge.weight);
    }
}
