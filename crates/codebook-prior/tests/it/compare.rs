//! Differences and unions of priors.

use codebook_prior::PartOfSpeech::{Adjective, Noun};
use codebook_prior::{EdgeDiff, PriorGraph, Source, VectorDtype, Vectors};
use proptest::prelude::*;

use crate::sample::{any_parts, edge, parts, word};

#[test]
fn a_prior_does_not_differ_from_itself_in_any_order() {
    let graph = PriorGraph::new(parts()).unwrap();
    assert!(graph.diff(&graph).is_empty());
    let mut reordered = parts();
    reordered.words.swap(0, 1);
    reordered.edges = vec![edge(0, 3, 0.5), edge(1, 3, 8.0), edge(1, 5, 1.0), edge(2, 4, 2.0)];
    let mut values = graph.vectors_f32();
    values.rotate_left(2);
    values[2..4].copy_from_slice(&graph.vectors_f32()[..2]);
    values[4..].copy_from_slice(&graph.vectors_f32()[4..]);
    reordered.vectors = Vectors::new(&values, 2, VectorDtype::F32);
    assert!(graph.diff(&PriorGraph::new(reordered).unwrap()).is_empty());
}

#[test]
fn every_difference_is_found() {
    let left = PriorGraph::new(parts()).unwrap();
    let mut changed = parts();
    changed.words[5] = word("egg", Noun);
    changed.words[0].count = 9;
    // `red apple` weighs more, `red orange` is new, `orange apple` is gone; `red egg` is not shared.
    changed.edges = vec![edge(0, 3, 9.0), edge(0, 4, 1.0), edge(0, 5, 1.0), edge(2, 4, 2.0)];
    let mut values = left.vectors_f32();
    values[2..4].copy_from_slice(&[-3.0, 2.0]); // at a right angle to (2, 3)
    changed.vectors = Vectors::new(&values, 2, VectorDtype::F16);
    let diff = left.diff(&PriorGraph::new(changed).unwrap());
    assert_eq!((diff.only_left[0].text.as_str(), diff.only_left.len()), ("œuf", 1));
    assert_eq!((diff.only_right[0].text.as_str(), diff.only_right.len()), ("egg", 1));
    assert_eq!(diff.edges, EdgeDiff { only_left: 1, only_right: 1, same: 1, reweighted: 1 });
    assert_eq!(diff.shared.iter().map(|shared| shared.right_count).collect::<Vec<_>>(), [9, 7, 7, 7, 7]);
    assert_eq!(diff.shared[1].cosine, Some(0.0));
    assert_eq!(diff.shared[2].cosine, Some(1.0));
    assert!(!diff.is_empty());

    let mut narrow = parts();
    narrow.vectors = Vectors::new(&[1.0; 6], 1, VectorDtype::F16);
    let diff = left.diff(&PriorGraph::new(narrow).unwrap());
    assert_eq!(diff.shared[0].cosine, None);
    assert!(!diff.is_empty());
}

#[test]
fn merging_adds_up_and_ranks() {
    let left = PriorGraph::new(parts()).unwrap();
    let mut more = parts();
    more.words.remove(1);
    more.words[4] = word("egg", Noun); // red, rond-point, apple, orange, egg
    more.words[1].count = 50;
    more.edges = vec![edge(0, 2, 1.0), edge(1, 4, 3.0)];
    more.vectors = Vectors::new(&[7.0; 10], 2, VectorDtype::F16);
    more.provenance.sources.push(Source { work: "more".into(), file: "f".into(), sha256: "0".into() });
    let merged = left.merge(&PriorGraph::new(more).unwrap()).unwrap();
    let words: Vec<_> = merged.words().iter().map(|word| (word.text.as_str(), word.count)).collect();
    assert_eq!(
        words,
        [("rond-point", 57), ("red", 14), ("orange", 7), ("apple", 14), ("orange", 14), ("egg", 7), ("œuf", 7)]
    );
    assert_eq!(merged.edges(), [edge(0, 4, 2.0), edge(0, 5, 3.0), edge(1, 3, 9.0), edge(1, 6, 1.0), edge(2, 3, 0.5)]);
    // Shared words keep the vector of the left prior.
    assert_eq!(merged.vectors_f32()[..4], [1.0, 1.25, 0.0, 0.25]);
    assert_eq!(merged.vectors_f32()[10..12], [7.0, 7.0]);
    assert_eq!(merged.provenance().sources.len(), 1);
    assert!(merged.provenance().made_by.ends_with("merged from hand and hand"));
    assert_eq!(merged.find("egg", Adjective), None);
}

#[test]
fn merging_different_models_is_refused() {
    let left = PriorGraph::new(parts()).unwrap();
    let mut other = parts();
    other.provenance.vectors = "halves".into();
    let error = left.merge(&PriorGraph::new(other).unwrap()).unwrap_err().to_string();
    assert_eq!(error, "merge: vectors: expected \"quarters\" of dimension 2, got \"halves\" of dimension 2");
    let mut full = parts();
    full.words[0].count = u64::MAX;
    let full = PriorGraph::new(full).unwrap();
    let error = full.merge(&full).unwrap_err().to_string();
    assert!(error.starts_with("merge: counts: expected a sum below 2^64"), "{error}");
}

proptest! {
    #[test]
    fn merging_with_itself_doubles(mut parts in any_parts()) {
        for word in &mut parts.words {
            word.count /= 2;
        }
        let graph = PriorGraph::new(parts).unwrap();
        let merged = graph.merge(&graph).unwrap();
        let diff = graph.diff(&merged);
        prop_assert!(diff.only_left.is_empty() && diff.only_right.is_empty());
        prop_assert!(diff.shared.iter().all(|shared| shared.word.count * 2 == shared.right_count));
        let EdgeDiff { only_left, only_right, same, reweighted } = diff.edges;
        prop_assert_eq!((only_left, only_right, same, reweighted), (0, 0, 0, graph.edges().len()));
    }
}
