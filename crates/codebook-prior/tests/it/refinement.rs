//! Refinements against scikit-learn (`tests/data/make_refinement.py`).

use codebook_prior::{EmbeddingMethod, EmbeddingProvenance, PriorGraph, Prompts, Refinement, Scale, SentencePooling};
use proptest::prelude::*;
use vq_file::TensorFile;

use crate::sample::{data, parts};

/// A golden tensor of f32.
fn golden(name: &str) -> Vec<f32> {
    let file = TensorFile::read("goldens", &data("refinement.safetensors")).unwrap();
    file.get(name).unwrap().as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
}

fn check(refinement: Refinement, name: &str, dim: usize) {
    let refined = refinement.apply(&golden("vectors"), 6).unwrap();
    assert_eq!((refined.embedding_dim, refinement.output_dim(6)), (dim, dim));
    let expected = golden(name);
    assert_eq!(refined.values.len(), expected.len());
    for (row, (found, expected)) in refined.values.chunks_exact(dim).zip(expected.chunks_exact(dim)).enumerate() {
        let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
        let cosine = dot(found, expected) / (dot(found, found) * dot(expected, expected)).sqrt();
        assert!(cosine >= 0.9999, "row {row}: cosine {cosine}");
        for (at, (found, expected)) in found.iter().zip(expected).enumerate() {
            assert!((found - expected).abs() <= 2e-5, "[{row}, {at}]: {found}, not {expected}");
        }
    }
}

#[test]
fn refinements_equal_scikit_learn() {
    check(Refinement::Unrefined, "vectors", 6);
    check(Refinement::Centred, "centred", 6);
    check(Refinement::Unit, "unit", 6);
    check(Refinement::Principal { width: 4, scale: Scale::Kept }, "principal", 4);
    check(Refinement::Principal { width: 4, scale: Scale::Whitened }, "whitened", 4);
}

#[test]
fn vectors_that_cannot_be_refined_are_named() {
    let message =
        |refinement: Refinement, values: &[f32], width| refinement.apply(values, width).unwrap_err().to_string();
    let principal = |width, scale| Refinement::Principal { width, scale };
    assert_eq!(
        message(Refinement::Centred, &[1.0; 5], 2),
        "refine: vectors: expected one row or more of 2, got 5 numbers"
    );
    assert_eq!(message(Refinement::Centred, &[], 2), "refine: vectors: expected one row or more of 2, got 0 numbers");
    assert_eq!(
        message(Refinement::Centred, &[1.0; 5], 0),
        "refine: vectors: expected one row or more of 0, got 5 numbers"
    );
    assert_eq!(
        message(Refinement::Unrefined, &[1.0, f32::NAN, 1.0, 1.0], 2),
        "refine: vectors: expected finite numbers, got NaN at [0, 1]"
    );
    assert_eq!(
        message(Refinement::Unit, &[2.0, 1.0, 1.0, 1.0, 0.0, 1.0], 2),
        "refine: vectors[1]: expected a vector that differs from the mean of all, got the mean"
    );
    let rows = [1.0, 2.0, 3.0, 2.0, 4.0, 6.5, 0.0, 0.0, 0.0]; // the first two columns are multiples of each other
    for width in [0, 3] {
        assert_eq!(
            message(principal(width, Scale::Kept), &rows, 3),
            format!("refine: width: expected 1 to 2 components of 3 vectors of 3, got {width}")
        );
    }
    let flat = [1.0, 2.0, 2.0, 4.0, 3.0, 6.0];
    let found = message(principal(2, Scale::Whitened), &flat, 2);
    assert!(
        found.starts_with("refine: component 1: expected a variance above 0.000000000001 of the first "),
        "{found}"
    );
    principal(2, Scale::Kept).apply(&flat, 2).unwrap();
    let message = message(principal(1, Scale::Whitened), &[1.0; 8], 2);
    assert!(message.starts_with("refine: component 0: expected a variance above "), "{message}");
}

#[test]
fn a_prior_is_refined_once() {
    let mut parts = parts();
    let method = EmbeddingMethod::Encoder { prompts: Prompts::default(), pooling: SentencePooling::Cls };
    let refinement = Refinement::Unrefined;
    parts.provenance.embedding = Some(EmbeddingProvenance { model: "bert".into(), method, refinement });
    let prior = PriorGraph::new(parts).unwrap();
    let refined = prior.refined(Refinement::Unit).unwrap();
    assert_eq!((refined.words(), refined.edges()), (prior.words(), prior.edges()));
    let expected = Refinement::Unit.apply(&prior.vectors_f32(), prior.embedding_dim()).unwrap();
    assert_eq!(refined.vectors_f32(), expected.values);
    assert!(refined.provenance().vectors.ends_with("; centred, of length one"), "{:?}", refined.provenance());
    assert_eq!(prior.refined(Refinement::Unrefined).unwrap(), prior);
    let error = refined.refined(Refinement::Centred).unwrap_err().to_string();
    assert_eq!(
        error,
        "refine: vectors: expected vectors as the language model computed them, got centred, of length one"
    );
}

/// Matrices of 8 to 12 rows and 1 to 5 columns.
fn any_vectors() -> impl Strategy<Value = (Vec<f32>, usize)> {
    (8usize..12, 1usize..5)
        .prop_flat_map(|(rows, width)| (prop::collection::vec(-9.0f32..9.0, rows * width), Just(width)))
}

fn distances(values: &[f32], width: usize) -> Vec<f64> {
    let rows: Vec<&[f32]> = values.chunks_exact(width).collect();
    let square = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>();
    rows.iter().flat_map(|a| rows.iter().map(|b| square(a, b).sqrt()).collect::<Vec<_>>()).collect()
}

proptest! {
    #[test]
    fn all_components_keep_all_distances((values, width) in any_vectors()) {
        let refined = Refinement::Principal { width, scale: Scale::Kept }.apply(&values, width).unwrap();
        for (a, b) in distances(&values, width).into_iter().zip(distances(&refined.values, width)) {
            prop_assert!((a - b).abs() < 1e-4, "{a} {b}");
        }
    }

    #[test]
    fn whitened_components_have_variance_one_and_no_covariance((values, width) in any_vectors()) {
        let refined = Refinement::Principal { width, scale: Scale::Whitened }.apply(&values, width);
        // Columns of random numbers are independent, except for rare cases, which are an error.
        let Ok(refined) = refined else { return Ok(()) };
        let rows: Vec<&[f32]> = refined.values.chunks_exact(width).collect();
        for a in 0..width {
            for b in 0..width {
                let sum: f64 = rows.iter().map(|row| f64::from(row[a]) * f64::from(row[b])).sum();
                let expected = f64::from(u8::from(a == b));
                prop_assert!((sum / (rows.len() - 1) as f64 - expected).abs() < 1e-3, "[{a}, {b}] {sum}");
            }
        }
    }
}
