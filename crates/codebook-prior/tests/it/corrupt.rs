//! Damaged prior files, and the reader's errors.

use std::collections::HashMap;

use codebook_prior::{PriorError, PriorGraph};
use proptest::prelude::*;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use vq_file::FileError;

use crate::sample::parts;

/// The tensors and the metadata of the sample's file, to be changed and encoded again.
struct Pieces {
    tensors: Vec<Piece>,
    metadata: HashMap<String, String>,
}

struct Piece {
    name: String,
    dtype: Dtype,
    shape: Vec<usize>,
    data: Vec<u8>,
}

impl Pieces {
    fn new() -> Self {
        let bytes = PriorGraph::new(parts()).unwrap().to_bytes().unwrap();
        let (_, metadata) = SafeTensors::read_metadata(&bytes).unwrap();
        let tensors = SafeTensors::deserialize(&bytes).unwrap();
        let piece = |(name, view): (String, TensorView<'_>)| Piece {
            name,
            dtype: view.dtype(),
            shape: view.shape().to_vec(),
            data: view.data().to_vec(),
        };
        Self {
            tensors: tensors.tensors().into_iter().map(piece).collect(),
            metadata: metadata.metadata().clone().unwrap(),
        }
    }

    fn tensor(&mut self, name: &str) -> &mut Piece {
        self.tensors.iter_mut().find(|piece| piece.name == name).unwrap()
    }

    fn set(&mut self, name: &str, dtype: Dtype, shape: &[usize], data: &[u8]) {
        *self.tensor(name) = Piece { name: name.into(), dtype, shape: shape.to_vec(), data: data.to_vec() };
    }

    fn bytes(&self) -> Vec<u8> {
        let views = self
            .tensors
            .iter()
            .map(|piece| (&piece.name, TensorView::new(piece.dtype, piece.shape.clone(), &piece.data).unwrap()));
        safetensors::serialize(views, Some(self.metadata.clone())).unwrap()
    }
}

fn check(change: impl FnOnce(&mut Pieces), expected: &str) {
    let mut pieces = Pieces::new();
    change(&mut pieces);
    let message = PriorGraph::from_bytes(&pieces.bytes()).unwrap_err().to_string();
    assert_eq!(message, expected);
}

const FILE: &str = "prior in memory";

#[test]
fn tensors_of_wrong_type_or_shape_are_refused() {
    let expect = |text: &str| format!("{FILE}: {text}");
    check(
        |p| p.set("vectors", Dtype::F16, &[3, 2], &[0; 12]),
        &expect("expected tensor `vectors`, F16 [6, _], got F16 [3, 2]"),
    );
    check(
        |p| p.set("vectors", Dtype::F16, &[12], &[0; 24]),
        &expect("expected tensor `vectors`, F16 [6, _], got F16 [12]"),
    );
    check(
        |p| p.set("vectors", Dtype::F16, &[6, 0], &[]),
        &expect("vectors: expected an embedding dimension of 1 or more, got 0"),
    );
    check(|p| p.tensor("vectors").dtype = Dtype::BF16, &expect("expected tensor `vectors`, F16 or F32, got BF16"));
    check(|p| p.set("counts", Dtype::U64, &[5], &[0; 40]), &expect("expected tensor `counts`, U64 [6], got U64 [5]"));
    check(|p| p.tensor("counts").dtype = Dtype::I64, &expect("expected tensor `counts`, U64 [6], got I64 [6]"));
    check(
        |p| p.set("edges", Dtype::U32, &[4, 3], &[0; 48]),
        &expect("expected tensor `edges`, U32 [4, 2], got U32 [4, 3]"),
    );
    let mut pieces = Pieces::new();
    pieces.tensors.retain(|piece| piece.name != "edges");
    let message = PriorGraph::from_bytes(&pieces.bytes()).unwrap_err().to_string();
    assert_eq!(message, expect("expected tensor `edges`, U32 [4, 2], got none"));
}

#[test]
fn values_that_break_a_rule_are_refused() {
    let expect = |text: &str| format!("{FILE}: {text}");
    check(
        |p| p.tensor("vectors").data[6..8].copy_from_slice(&half::f16::NAN.to_le_bytes()),
        &expect("vectors: expected finite numbers, got NaN at [1, 1]"),
    );
    check(
        |p| p.tensor("edges").data.rotate_left(8),
        &expect("edges[3]: expected edges sorted, each once, got (0, 3) after (2, 4)"),
    );
    check(
        |p| p.tensor("edge_weights").data[..4].copy_from_slice(&(-1f32).to_le_bytes()),
        &expect("edges[0]: expected a finite positive weight, got -1"),
    );
    check(|p| p.tensor("edges").data[0] = 200, &expect("edges[0]: expected an adjective in 0..3, got 200"));
    check(|p| p.tensor("parts_of_speech").data[0] = 2, &expect("expected tensor `parts_of_speech` of 0 and 1, got 2"));
    check(
        |p| p.tensor("words").data[0] = 0xff,
        &expect("expected tensor `words` of UTF-8, got invalid utf-8 sequence of 1 bytes from index 0"),
    );
    check(
        |p| p.tensor("words").data[1] = b'\n',
        &expect("expected tensor `words` of 6 lines, each ended by a line feed, got 7 lines"),
    );
    check(
        |p| *p.tensor("words").data.last_mut().unwrap() = b'x',
        &expect("expected tensor `words` of 6 lines, each ended by a line feed, got 6 lines, the last without its end"),
    );
}

#[test]
fn headers_of_another_format_are_refused() {
    let set = |text: &'static str| move |p: &mut Pieces| drop(p.metadata.insert("codebook-prior".into(), text.into()));
    check(set(r#"{"format": 2, "later": []}"#), &format!("{FILE}: expected format 1, got 2"));
    check(
        set("{"),
        "prior in memory: expected `codebook-prior` of format 1, got EOF while parsing an object at line 1 column 1",
    );
    check(|p| p.metadata.clear(), &format!("{FILE}: expected metadata `codebook-prior`, got none"));
}

#[test]
fn errors_name_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("prior.safetensors");
    let bytes = Pieces::new().bytes();
    for len in [0, 7, 100, bytes.len() - 1] {
        std::fs::write(&path, &bytes[..len]).unwrap();
        let error = PriorGraph::open(&path).unwrap_err();
        assert!(matches!(error, PriorError::File(FileError::Format { .. })), "{error:?}");
        let start = format!("prior {}: expected a whole safetensors file, got ", path.display());
        assert!(error.to_string().starts_with(&start), "{error}");
    }
}

proptest! {
    #[test]
    fn damaged_files_never_panic(at in any::<prop::sample::Index>(), byte: u8, keep in any::<prop::sample::Index>()) {
        let mut bytes = PriorGraph::new(parts()).unwrap().to_bytes().unwrap();
        let len = bytes.len();
        bytes[at.index(len)] = byte;
        // The result is an error or a graph that has passed all checks.
        let _ = PriorGraph::from_bytes(&bytes);
        prop_assert!(PriorGraph::from_bytes(&bytes[..keep.index(len)]).is_err());
    }
}
