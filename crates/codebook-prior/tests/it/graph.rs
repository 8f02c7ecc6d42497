use codebook_prior::PartOfSpeech::{Adjective, Noun};
use codebook_prior::{PriorGraph, PriorParts, VectorDtype, Vectors};
use proptest::prelude::*;

use crate::sample::{any_parts, edge, parts, word};

/// Checks the error of a changed sample.
fn check(change: impl FnOnce(&mut PriorParts), expected: &str) {
    let mut parts = parts();
    change(&mut parts);
    assert_eq!(PriorGraph::new(parts).unwrap_err().to_string(), format!("prior graph: {expected}"));
}

#[test]
fn nodes_are_adjectives_then_nouns() {
    let graph = PriorGraph::new(parts()).unwrap();
    assert_eq!((graph.adjectives(), graph.nouns(), graph.len(), graph.embedding_dim()), (0..3, 3..6, 6, 2));
    assert_eq!(graph.find("orange", Adjective), Some(1));
    assert_eq!(graph.find("orange", Noun), Some(4));
    assert_eq!(graph.find("apple", Adjective), None);
    assert_eq!(graph.homographs(), 1);
    assert_eq!(graph.degrees(), [2, 1, 1, 2, 1, 1]);
    assert_eq!(graph.vectors_f32(), (0..12).map(|n| n as f32 / 4.0).collect::<Vec<_>>());
}

#[test]
fn parts_that_break_a_rule_are_refused() {
    check(|p| p.words.clear(), "words: expected 1 to 2^32 - 1 words, got 0");
    check(|p| p.words[3].part_of_speech = Adjective, "edges[0]: expected a noun in 4..6, got 3");
    check(
        |p| p.words[4].part_of_speech = Adjective,
        "words[4]: expected adjectives before nouns, got adjective \"orange\"",
    );
    check(
        |p| p.words[4] = word("apple", Noun),
        "words[4]: expected each word once per part of speech, got noun \"apple\" twice",
    );
    check(|p| p.words[5] = word("a\nb", Noun), r#"words[5]: expected a word without control characters, got "a\nb""#);
    check(|p| p.words[5] = word("", Noun), r#"words[5]: expected a word without control characters, got """#);
    check(|p| p.edges[3] = edge(3, 4, 1.0), "edges[3]: expected an adjective in 0..3, got 3");
    check(|p| p.edges[3] = edge(2, 6, 1.0), "edges[3]: expected a noun in 3..6, got 6");
    check(|p| p.edges.swap(0, 1), "edges[1]: expected edges sorted, each once, got (0, 3) after (0, 5)");
    check(|p| p.edges[1] = p.edges[0], "edges[1]: expected edges sorted, each once, got (0, 3) after (0, 3)");
    check(|p| p.edges[2].weight = f32::NAN, "edges[2]: expected a finite positive weight, got NaN");
    check(|p| p.edges[2].weight = 0.0, "edges[2]: expected a finite positive weight, got 0");
    let vectors = |values: &[f32], dim| Vectors::new(values, dim, VectorDtype::F16);
    check(|p| p.vectors = vectors(&[0.0; 12], 0), "vectors: expected an embedding dimension of 1 or more, got 0");
    check(|p| p.vectors = vectors(&[0.0; 12], 3), "vectors: expected [6, 3] F16 numbers, got 24 bytes");
    // 1e6 overflows 16-bit floats, which must not pass as a vector.
    let mut values = [0.0; 12];
    values[5] = 1e6;
    check(|p| p.vectors = vectors(&values, 2), "vectors: expected finite numbers, got inf at [2, 1]");
}

#[test]
fn a_cut_keeps_the_first_of_each_part() {
    let cut = PriorGraph::new(parts()).unwrap().cut(2, 1).unwrap();
    let texts: Vec<_> = cut.words().iter().map(|word| word.text.as_str()).collect();
    assert_eq!(texts, ["red", "orange", "apple"]);
    assert_eq!(cut.edges(), [edge(0, 2, 8.0), edge(1, 2, 0.5)]);
    assert_eq!(cut.vectors_f32(), [0.0, 0.25, 0.5, 0.75, 1.5, 1.75]);
}

#[test]
fn a_cut_larger_than_the_graph_is_refused() {
    let graph = PriorGraph::new(parts()).unwrap();
    let message = |adjectives, nouns| graph.cut(adjectives, nouns).unwrap_err().to_string();
    assert_eq!(message(4, 1), "cut: adjectives: expected at most 3, got 4");
    assert_eq!(message(1, 9), "cut: nouns: expected at most 3, got 9");
    assert_eq!(message(0, 0), "cut: words: expected 1 to 2^32 - 1 words, got 0");
}

proptest! {
    #[test]
    fn cuts_are_prefixes_with_valid_edges(parts in any_parts(), a in 0.0f64..=1.0, n in 0.0f64..=1.0) {
        let graph = PriorGraph::new(parts).unwrap();
        let part = |share: f64, len: usize| (share * len as f64).round() as usize;
        let (a, n) = (part(a, graph.adjectives().len()), part(n, graph.nouns().len()));
        prop_assume!(a + n > 0);
        // `cut` runs all checks on its result: edges are in range, sorted and unique.
        let cut = graph.cut(a, n).unwrap();
        prop_assert_eq!(&cut.words()[..a], &graph.words()[..a]);
        prop_assert_eq!(&cut.words()[a..], &graph.words()[graph.nouns()][..n]);
        let weight = |graph: &PriorGraph, adjective: &str, noun: &str| {
            let nodes = (graph.find(adjective, Adjective)? as u32, graph.find(noun, Noun)? as u32);
            graph.edges().iter().find(|edge| (edge.adjective, edge.noun) == nodes).map(|edge| edge.weight)
        };
        for adjective in &cut.words()[..a] {
            for noun in &cut.words()[a..] {
                let (adjective, noun) = (&adjective.text, &noun.text);
                prop_assert_eq!(weight(&cut, adjective, noun), weight(&graph, adjective, noun));
            }
        }
        let rows = |graph: &PriorGraph, start: usize, len: usize| {
            graph.vectors_f32()[start * graph.embedding_dim()..][..len * graph.embedding_dim()].to_vec()
        };
        prop_assert_eq!(rows(&cut, 0, a), rows(&graph, 0, a));
        prop_assert_eq!(rows(&cut, a, n), rows(&graph, graph.nouns().start, n));
    }

    #[test]
    fn a_cut_of_everything_is_the_graph(parts in any_parts()) {
        let graph = PriorGraph::new(parts).unwrap();
        prop_assert_eq!(graph.cut(graph.adjectives().len(), graph.nouns().len()).unwrap(), graph);
    }
}
