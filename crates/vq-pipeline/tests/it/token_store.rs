//! Token stores: what is written is read, and damaged stores are refused.

use std::path::Path;

use proptest::prelude::*;
use tch::{Device, Kind, Tensor};
use tempfile::TempDir;
use vq_core::{Layout, Slot};
use vq_experiment::{Storage, Weights};
use vq_generate::{Grid, TokenGrid};
use vq_pipeline::{
    Checkpoint, StoredBatch, StoredImages, StoredPart, StoredTokens, TokenStore, TokenStoreWriter, TokenizerState,
};

use crate::support::{stores, tokenizer};

fn grid(rows: i64, columns: i64, codes: i64, slots: usize) -> TokenGrid {
    let slot = |number: usize| Slot { group: "code".into(), codes: number as i64 * codes..(number as i64 + 1) * codes };
    let layout = Layout { channels: 4, codes: codes * slots as i64, slots: (0..slots).map(slot).collect() };
    TokenGrid { grid: Grid { rows, columns }, layout }
}

fn other_images() -> StoredImages {
    StoredImages { data: None, part: StoredPart::Train, sha256: "hash".into() }
}

#[test]
fn store_of_a_data_set_equals_its_encoded_images() {
    let folder = TempDir::new().unwrap();
    let run = tokenizer(folder.path(), "tokenizer", &[]);
    let maps = tokenizer(folder.path(), "maps", &["data.show=segmentations"]);
    let stores = stores(folder.path(), &run, Some(&maps));
    let checkpoint = Checkpoint::open(&run.join("checkpoint.safetensors")).unwrap();
    let state = TokenizerState::load(&checkpoint, Device::Cpu).unwrap();
    let images = checkpoint.header().experiment.data.open(Storage::AsConfigured).unwrap();
    for (part, source, name, count) in
        [(StoredPart::Train, images.train, "train", 12), (StoredPart::Validation, images.validation, "validation", 5)]
    {
        let store = TokenStore::open(&stores.join(format!("{name}.safetensors"))).unwrap();
        assert_eq!((store.len(), source.len()), (count, count));
        let StoredImages { data, part: stored, .. } = &store.header().images;
        assert_eq!(data.as_ref(), Some(&checkpoint.header().experiment.data));
        assert_eq!(*stored, part);
        assert_eq!(store.header().tokens.tokenizer, checkpoint.sha256(Weights::Ema));
        for index in (0..count).rev() {
            let sample = source.get(index).unwrap();
            let rgb = image::DynamicImage::ImageRgba8(sample.image).to_rgb8();
            let pixels = Tensor::from_slice(&vq_data::chw_from_rgb(&rgb)).view([1, 3, 32, 32]);
            assert!(store.ids(&[index]).unwrap().equal(&state.tokenizer.encode(&pixels).unwrap()), "image {index}");
            assert_eq!(store.captions(index).unwrap(), [sample.caption.unwrap()]);
            assert_eq!(store.labels(index).unwrap(), sample.labels);
        }
        let maps = store.segmentation(&[0, 1]).unwrap().unwrap();
        assert_eq!(maps.size(), [2, 8, 8, 1]);
        assert!(!maps.equal(&store.ids(&[0, 1]).unwrap()));
    }
}

fn image() -> impl Strategy<Value = (Vec<i64>, Vec<String>, Vec<String>)> {
    let ids = prop::collection::vec(0..90_000_i64, 2 * 3 * 2);
    (ids, prop::collection::vec(".{0,12}", 0..4), prop::collection::vec("[ab]{1,2}", 0..3))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Images are read in any order, with ids of two bytes or four.
    #[test]
    fn written_images_are_read(
        images in prop::collection::vec(image(), 1..6),
        codes in prop::sample::select(vec![3_i64, 40_000, 90_000]),
    ) {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("store.safetensors");
        let grid = grid(2, 3, codes, 2);
        let mut writer = TokenStoreWriter::new(StoredTokens::of("abc", &grid), None);
        let id = |position: usize, number: i64| number % codes + (position % 2) as i64 * codes;
        let of_slots = |numbers: &[i64]| (0..).zip(numbers).map(|(position, &number)| id(position, number)).collect();
        let images: Vec<(Vec<i64>, _, _)> =
            images.into_iter().map(|(numbers, captions, labels)| (of_slots(&numbers), captions, labels)).collect();
        for chunk in images.chunks(2) {
            let ids: Vec<i64> = chunk.iter().flat_map(|image| image.0.clone()).collect();
            let captions: Vec<Vec<String>> = chunk.iter().map(|image| image.1.clone()).collect();
            let labels: Vec<Vec<String>> = chunk.iter().map(|image| image.2.clone()).collect();
            let ids = Tensor::from_slice(&ids).view([chunk.len() as i64, 2, 3, 2]);
            writer.push(&StoredBatch { ids: &ids, segmentation: None, captions: &captions, labels: &labels }).unwrap();
        }
        prop_assert_eq!(writer.write(&path, other_images()).unwrap(), images.len());
        let store = TokenStore::open(&path).unwrap();
        prop_assert_eq!(store.len(), images.len());
        for (index, (ids, captions, labels)) in images.iter().enumerate().rev() {
            let read = store.ids(&[index, 0]).unwrap();
            prop_assert_eq!(read.size(), [2, 2, 3, 2]);
            prop_assert_eq!(&Vec::<i64>::try_from(read.get(0).reshape(-1)).unwrap(), ids);
            prop_assert_eq!(&store.captions(index).unwrap(), captions);
            prop_assert_eq!(store.labels(index).unwrap(), &labels[..]);
        }
    }
}

/// A store of one image, with ids 0 and 1.
fn small(path: &Path) {
    let ids = Tensor::from_slice(&[0_i64, 1]).view([1, 1, 2, 1]);
    let mut writer = TokenStoreWriter::new(StoredTokens::of("abc", &grid(1, 2, 4, 1)), None);
    let (captions, labels) = ([vec!["a cat".to_owned()]], [vec!["cat".to_owned()]]);
    writer.push(&StoredBatch { ids: &ids, segmentation: None, captions: &captions, labels: &labels }).unwrap();
    writer.write(path, other_images()).unwrap();
}

#[test]
fn damaged_store_is_refused() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("store.safetensors");
    small(&path);
    let whole = std::fs::read(&path).unwrap();
    #[track_caller]
    fn check(path: &Path, bytes: &[u8], parts: &[&str]) {
        std::fs::write(path, bytes).unwrap();
        let error = match TokenStore::open(path) {
            Err(error) => error.to_string(),
            Ok(store) => store.ids(&[0]).unwrap_err().to_string(),
        };
        for part in ["store.safetensors"].iter().chain(parts) {
            assert!(error.contains(part), "{part:?} is missing in: {error}");
        }
    }
    let replaced = |from: &[u8], to: &[u8]| {
        let at = whole.windows(from.len()).position(|window| window == from).unwrap();
        [&whole[..at], to, &whole[at + from.len()..]].concat()
    };
    check(&path, &whole[..whole.len() - 1], &["whole safetensors file"]);
    check(&path, b"", &["whole safetensors file"]);
    check(&path, &replaced(b"vqct-token-store", b"vqct-token-stove"), &["vqct-token-store", "none"]);
    check(&path, &replaced(br#"format\":1"#, br#"format\":7"#), &["format 1", "7"]);
    check(&path, &replaced(br#"rows\":1"#, br#"rows\":3"#), &["ids", "[1, 3, 2, 1]", "[1, 1, 2, 1]"]);
    // An id outside the range of its slot.
    let ids = whole.windows(4).rposition(|window| window == [0, 0, 1, 0]).expect("ids of two bytes");
    let mut outside = whole.clone();
    outside[ids + 2] = 9;
    check(&path, &outside, &["ids of image 0 in 0..4", "9"]);
    std::fs::write(&path, &whole).unwrap();
    let store = TokenStore::open(&path).unwrap();
    assert!(store.ids(&[1]).unwrap_err().to_string().contains("an image below 1"));
    assert!(store.captions(1).unwrap_err().to_string().contains("got 1"));
    assert!(TokenStore::open(&folder.path().join("none")).unwrap_err().to_string().contains("open"));
}

#[test]
fn ids_of_another_grid_are_refused() {
    let mut writer = TokenStoreWriter::new(StoredTokens::of("abc", &grid(1, 2, 4, 1)), None);
    let ids = Tensor::zeros([1, 2, 2, 1], (Kind::Int64, Device::Cpu));
    let batch = StoredBatch { ids: &ids, segmentation: None, captions: &[Vec::new()], labels: &[Vec::new()] };
    let error = writer.push(&batch).unwrap_err().to_string();
    assert!(error.contains("[1, 1, 2, 1]") && error.contains("[1, 2, 2, 1]"), "{error}");
}
