//! Small priors and paths for several tests.

use std::path::PathBuf;

use codebook_prior::{Edge, PartOfSpeech, PriorParts, Provenance, VectorDtype, Vectors, Word};
use proptest::prelude::*;

pub(crate) fn data(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "data", name].iter().collect()
}

pub(crate) fn word(text: &str, part_of_speech: PartOfSpeech) -> Word {
    Word { text: text.into(), part_of_speech, count: 7, reason: String::new() }
}

pub(crate) fn edge(adjective: u32, noun: u32, weight: f32) -> Edge {
    Edge { adjective, noun, weight }
}

/// A = 3, N = 3, W = 2, four edges; `orange` is in both parts.
pub(crate) fn parts() -> PriorParts {
    use PartOfSpeech::{Adjective, Noun};
    PriorParts {
        words: vec![
            word("red", Adjective),
            word("orange", Adjective),
            word("rond-point", Adjective),
            word("apple", Noun),
            word("orange", Noun),
            word("œuf", Noun),
        ],
        edges: vec![edge(0, 3, 8.0), edge(0, 5, 1.0), edge(1, 3, 0.5), edge(2, 4, 2.0)],
        vectors: Vectors::new(&(0..12).map(|n| n as f32 / 4.0).collect::<Vec<_>>(), 2, VectorDtype::F16),
        provenance: Provenance { made_by: "hand".into(), vectors: "quarters".into(), ..Provenance::default() },
    }
}

/// Any valid prior: up to 5 words per part of speech, up to 4 numbers per vector, both dtypes.
pub(crate) fn any_parts() -> impl Strategy<Value = PriorParts> {
    let shape = (0usize..6, 0usize..6, 1usize..5).prop_filter("no words", |(a, n, _)| a + n > 0);
    shape.prop_flat_map(|(a, n, dim)| {
        let counts = prop::collection::vec(any::<u64>(), a + n);
        let weights = prop::collection::vec(prop::option::of(1e-3f32..1e6), a * n);
        let values = prop::collection::vec(-9.0f32..9.0, (a + n) * dim);
        let dtype = prop_oneof![Just(VectorDtype::F16), Just(VectorDtype::F32)];
        (counts, weights, values, dtype, "\\PC*").prop_map(move |(counts, weights, values, dtype, made_by)| {
            let words = counts.into_iter().enumerate().map(|(at, count)| {
                let (text, part_of_speech) = match at.checked_sub(a) {
                    // Nouns repeat the adjectives: homographs.
                    Some(noun) => (format!("wört{noun}"), PartOfSpeech::Noun),
                    None => (format!("wört{at}"), PartOfSpeech::Adjective),
                };
                let reason = if count % 2 == 0 { String::new() } else { format!("seen {count} times") };
                Word { text, part_of_speech, count, reason }
            });
            let edges = weights.into_iter().enumerate().filter_map(|(at, weight)| {
                Some(Edge { adjective: (at / n) as u32, noun: (a + at % n) as u32, weight: weight? })
            });
            PriorParts {
                words: words.collect(),
                edges: edges.collect(),
                vectors: Vectors::new(&values, dim, dtype),
                provenance: Provenance { made_by, ..Provenance::default() },
            }
        })
    })
}
