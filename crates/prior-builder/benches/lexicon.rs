//! Captions per second of reading, tokenizing, tagging and counting, for each tagger.
#![allow(missing_docs, reason = "criterion's macros make functions without documentation")]
#![allow(clippy::unwrap_used, reason = "a bench that cannot set itself up may stop")]

use std::io::Write as _;

use codebook_prior::{Lemmas, LexiconOptions, Tagger, WordNetTagger};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
#[cfg(feature = "statistical")]
use prior_builder::StatisticalTagger;
use prior_builder::{Corpus, CorpusFormat, LexiconBuilder, Strictness};

const CAPTIONS: usize = 20_000;

/// Writes captions that vary a few words.
fn corpus(file: &mut std::fs::File) {
    let adjectives = ["small", "red", "young", "black and white", "long , pointed", "striped", "wet", "orange"];
    let nouns = ["dog", "woman", "bird", "surfboard", "flowers", "children", "fire hydrant", "boxes", "petals"];
    let verbs = ["is riding", "jumps over", "stands near", "looks at", "has", "is covered with"];
    let mut text = String::new();
    for at in 0..CAPTIONS {
        let pick = |list: &[&'static str], step: usize| list[at / step % list.len()];
        let (adjective, noun, verb) = (pick(&adjectives, 1), pick(&nouns, 8), pick(&verbs, 3));
        text.push_str(&format!(
            "A {adjective} {noun} {verb} a {} {} in the water .\n",
            pick(&adjectives, 5),
            pick(&nouns, 2)
        ));
    }
    file.write_all(text.as_bytes()).unwrap();
}

fn lexicon(criterion: &mut Criterion) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    corpus(file.as_file_mut());
    let corpus = Corpus { format: CorpusFormat::Lines, path: file.path().to_owned(), work: "bench".into() };
    let lemmas = Lemmas::embedded().unwrap();
    let wordnet = WordNetTagger::new(lemmas.clone()).unwrap();
    #[cfg(feature = "statistical")]
    let statistical = StatisticalTagger::new(lemmas.clone()).unwrap();
    let taggers: &[(&str, &dyn Tagger)] = &[
        ("wordnet", &wordnet),
        #[cfg(feature = "statistical")]
        ("statistical", &statistical),
    ];
    let mut group = criterion.benchmark_group("lexicon");
    group.throughput(Throughput::Elements(CAPTIONS as u64)).sample_size(10);
    for (name, tagger) in taggers {
        group.bench_function(*name, |bencher| {
            bencher.iter(|| {
                let mut builder = LexiconBuilder::new(*tagger, &lemmas, LexiconOptions::default());
                builder.read(&corpus, Strictness::Fail).unwrap();
                builder.finish()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, lexicon);
criterion_main!(benches);
