//! The tiny models of `tests/data/models` (`make_models.py`), and comparisons of vectors.

use std::path::{Path, PathBuf};

use codebook_prior::PartOfSpeech;
use half::f16;
use prior_builder::Term;
use safetensors::{Dtype, SafeTensors};
use tempfile::TempDir;

use crate::sample::data;

/// The words of `make_models.py`.
pub(crate) const ADJECTIVES: [&str; 6] = ["red", "round", "wooden", "smiling", "waterproof", "old"];
pub(crate) const NOUNS: [&str; 8] = ["apple", "sunflower", "dog", "wheel", "rainbow", "octopus", "sun", "orange"];

pub(crate) fn folder(model: &str) -> PathBuf {
    data("models").join(model)
}

/// A copy of a model, to be changed.
pub(crate) fn copy(model: &str) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(folder(model)).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, copy.path().join(path.file_name().unwrap())).unwrap();
    }
    copy
}

pub(crate) fn terms<'a>(part_of_speech: PartOfSpeech, words: &[&'a str]) -> Vec<Term<'a>> {
    words.iter().map(|text| Term { text, part_of_speech }).collect()
}

/// A golden tensor, f32 or f16.
pub(crate) fn golden(file: &Path, name: &str) -> Vec<f32> {
    let bytes = std::fs::read(file).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let view = tensors.tensor(name).unwrap();
    match view.dtype() {
        Dtype::F32 => view.data().as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect(),
        Dtype::F16 => view.data().as_chunks().0.iter().map(|bytes| f16::from_le_bytes(*bytes).to_f32()).collect(),
        other => panic!("{other:?}"),
    }
}

/// Checks that each row's cosine is at least 0.9999 and each number within `tolerance`; returns the minimum cosine.
pub(crate) fn check_close(found: &[f32], expected: &[f32], width: usize, tolerance: f32) -> f64 {
    assert_eq!(found.len(), expected.len());
    let mut min_cosine = 1.0f64;
    for (row, (found, expected)) in found.chunks_exact(width).zip(expected.chunks_exact(width)).enumerate() {
        let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
        let cosine = dot(found, expected) / (dot(found, found) * dot(expected, expected)).sqrt();
        assert!(cosine >= 0.9999, "row {row}: cosine {cosine}");
        min_cosine = min_cosine.min(cosine);
        for (at, (found, expected)) in found.iter().zip(expected).enumerate() {
            assert!((found - expected).abs() <= tolerance, "[{row}, {at}]: {found}, not {expected}");
        }
    }
    min_cosine
}
