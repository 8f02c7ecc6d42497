use std::sync::Arc;

use proptest::prelude::*;
use vq_data::{
    Batch, Damaged, DataError, DatasetLayout, ImageSource, Loader, LoaderConfig, LoaderPart, Transform, WebConfig,
    WebShards,
};

use super::{Tree, check_refused, grey, listing, picture};
use crate::support::check_error;

pub(crate) fn tar_of(files: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (path, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, path, bytes.as_slice()).unwrap();
    }
    archive.into_inner().unwrap()
}

fn open(tree: &Tree, damaged: Damaged) -> Result<WebShards, DataError> {
    WebConfig { root: tree.root().to_owned(), damaged }.open()
}

fn text(text: &str) -> Vec<u8> {
    text.as_bytes().to_vec()
}

#[test]
fn samples_are_grouped_by_name_in_the_order_of_the_shards() {
    let tree = Tree::new();
    let long = format!("{}/x", "deep".repeat(40));
    tree.put("1.tar", tar_of(&[("a.png", picture(5)), ("a.cls", text("7\n"))]))
        .put(
            "0.tar",
            tar_of(&[
                ("./d/b.txt", text("a bee\ntwo bees\n")),
                ("./d/b.json", text(r#"{"caption": "not this one"}"#)),
                ("./d/b.PNG", picture(1)),
                ("./d/b.seg.npy", text("not read")),
                ("d/a.json", text(r#"{"text": "or this", "caption": "from json", "width": 3}"#)),
                ("d/a.jpg", picture(2)),
                ("README", text("no sample")),
                (&format!("{long}.webp"), picture(3)),
                ("e.jpeg", picture(4)),
                ("e.json", text(r#"{"text": "a text"}"#)),
            ]),
        )
        .put("notes.txt", "no shard");
    let source = open(&tree, Damaged::Fail).unwrap();
    let golden = [
        "0.tar/d/b | a bee / two bees |  | 1".to_owned(),
        "0.tar/d/a | from json |  | 2".to_owned(),
        format!("0.tar/{long} |  |  | 3"),
        "0.tar/e | a text |  | 4".to_owned(),
        "1.tar/a |  | 7 | 5".to_owned(),
    ];
    assert_eq!(listing(&source), golden);
    assert_eq!(source.shards(), ["0.tar", "1.tar"]);
    check_error(&source.get(5).unwrap_err(), &["WebDataset in", "an index below 5, got 5"]);
}

#[test]
fn segmentations_and_boxes_are_read() {
    let tree = Tree::new();
    let about = r#"{"id": "7", "boxes": [{"label": "cat", "left": 1.5, "top": 0, "width": 2, "height": 1}],
        "sides": [{"left": 4, "right": 5}]}"#;
    tree.put(
        "0.tar",
        tar_of(&[
            ("a.png", picture(1)),
            ("a.labelmap.png", grey(4, &[4, 5, 6, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9])),
            ("a.vqct.json", text(about)),
            ("b.png", picture(2)),
            ("b.labelmap.png", grey(2, &[1; 4])),
            ("c.png", picture(3)),
            ("c.vqct.json", text(r#"{"ids": 7}"#)),
        ]),
    );
    let source = open(&tree, Damaged::Fail).unwrap();
    let sample = source.get(0).unwrap();
    let map = sample.segmentation.unwrap();
    assert_eq!(map.map.as_raw()[..4], [4, 5, 6, 7]);
    assert_eq!(map.map.as_raw()[15], 9);
    assert_eq!(map.sides.iter().map(|pair| [pair.left, pair.right]).collect::<Vec<_>>(), [[4, 5]]);
    assert_eq!((sample.boxes[0].label.as_str(), sample.boxes[0].left), ("cat", 1.5));
    check_error(
        &source.get(1).unwrap_err(),
        &["0.tar/b.labelmap.png: expected a map as large as its image, 4x4, got 2x2"],
    );
    check_error(&source.get(2).unwrap_err(), &["the vqct.json of 0.tar/c", "unknown field `ids`"]);
}

#[test]
fn damaged_shards_are_named() {
    let refused = |bytes: &[u8], says: &[&str]| {
        let tree = Tree::new();
        tree.put("s.tar", bytes);
        check_refused(open(&tree, Damaged::Fail), says);
    };
    refused(b"", &["samples in shards", "got 1 shards"]);
    refused(&[7; 2000], &["s.tar"]);
    refused(&tar_of(&[("a.txt", text("x"))]), &["a jpg, jpeg, png or webp of sample s.tar/a, got none"]);
    refused(&tar_of(&[("a.png", picture(1)), ("a.jpg", picture(1))]), &["each kind of file once", "a.jpg, too"]);
    let apart = [("a.png", picture(1)), ("b.png", picture(1)), ("a.txt", text("x"))];
    refused(&tar_of(&apart), &["the files of sample s.tar/a together"]);
    let whole = tar_of(&[("a.png", picture(1)), ("b.png", vec![1; 5000])]);
    refused(&whole[..4000], &["b.png within the 4000 bytes of s.tar"]);
    let mut linked = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::Symlink);
    header.set_size(0);
    linked.append_link(&mut header, "a.png", "b.png").unwrap();
    refused(&linked.into_inner().unwrap(), &["files and folders in s.tar, got a.png, a Symlink"]);

    check_refused(open(&Tree::new(), Damaged::Fail), &["shards, whose names end in .tar, got 0 shards"]);
    let absent = WebConfig { root: "no/such/folder".into(), damaged: Damaged::Fail };
    check_refused(absent.open(), &["no/such/folder", "shards, whose names end in .tar, got nothing there"]);
}

#[test]
fn damaged_samples_fail_or_are_skipped() {
    let tree = Tree::new();
    tree.put(
        "0.tar",
        tar_of(&[
            ("a.png", picture(1)[..30].to_vec()),
            ("b.png", picture(2)),
            ("b.json", text("{")),
            ("c.png", Vec::new()),
        ]),
    )
    .put("1.tar", tar_of(&[("a.png", picture(4)), ("b.png", picture(5)), ("b.txt", vec![0xff])]));
    let failing = open(&tree, Damaged::Fail).unwrap();
    check_error(&failing.get(0).unwrap_err(), &["0.tar/a", "a whole jpeg, png"]);
    check_error(&failing.get(1).unwrap_err(), &["the json of 0.tar/b"]);
    check_error(&failing.get(2).unwrap_err(), &["0.tar/c", "an empty file"]);
    check_error(&failing.get(4).unwrap_err(), &["1.tar/b", "text in UTF-8"]);
    let skipping = open(&tree, Damaged::Skip).unwrap();
    assert_eq!(listing(&skipping), ["1.tar/a |  |  | 4"; 5]);
    let damaged = skipping.damaged();
    let paths: Vec<_> = damaged.iter().map(|file| file.path.strip_prefix(tree.root()).unwrap()).collect();
    assert_eq!(paths, ["0.tar/a", "0.tar/b", "0.tar/c", "1.tar/b"].map(std::path::Path::new));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// For any distribution of samples over shards, an epoch has each sample once, shuffled across shards.
    #[test]
    fn an_epoch_is_shuffled_across_shards(sizes in prop::collection::vec(1_usize..5, 1..5), seed: u64, threads in 1_usize..4) {
        let tree = Tree::new();
        let mut total = 0;
        for (shard, &size) in sizes.iter().enumerate() {
            let names: Vec<String> = (0..size).map(|at| format!("{at}.png")).collect();
            let files: Vec<_> = names.iter().enumerate().map(|(at, name)| (name.as_str(), picture((total + at) as u8))).collect();
            tree.put(&format!("{shard}.tar"), tar_of(&files));
            total += size;
        }
        let source = Arc::new(open(&tree, Damaged::Fail).unwrap());
        prop_assert_eq!(source.len(), total);
        let config = LoaderConfig { threads, ..LoaderConfig::shuffled(total, seed) };
        let batches: Vec<Batch> =
            Loader::new(source, Transform::fixed(1, [0; 3]), config).unwrap().take(2).map(Result::unwrap).collect();
        for batch in batches {
            let level = |index: usize| (batch.images[3 * index] + 1.0) * 127.5;
            let mut levels: Vec<u32> = (0..total).map(|index| level(index).round() as u32).collect();
            prop_assert_eq!(&levels, &batch.indices.iter().map(|&index| index as u32).collect::<Vec<_>>());
            levels.sort_unstable();
            prop_assert_eq!(levels, (0..total as u32).collect::<Vec<_>>());
        }
    }

    /// For any number of loaders and any distribution over shards, an epoch has each sample once.
    #[test]
    fn readers_share_the_shards(sizes in prop::collection::vec(1_usize..5, 1..5), of in 1_u64..=7, seed: u64) {
        let tree = Tree::new();
        let mut names = Vec::new();
        for (shard, &size) in sizes.iter().enumerate() {
            let files: Vec<String> = (0..size).map(|at| format!("{at}.png")).collect();
            names.extend((0..size).map(|at| format!("{shard}.tar/{at}")));
            let files: Vec<_> = files.iter().map(|name| (name.as_str(), picture(0))).collect();
            tree.put(&format!("{shard}.tar"), tar_of(&files));
        }
        let source = Arc::new(open(&tree, Damaged::Fail).unwrap());
        let mut seen = Vec::new();
        for index in 0..of {
            let config = LoaderConfig { part: LoaderPart { index, of }, ..LoaderConfig::shuffled(1, seed) };
            let loader = Loader::new(Arc::clone(&source) as _, Transform::fixed(1, [0; 3]), config).unwrap();
            let mine = (index as usize..names.len()).step_by(of as usize).count();
            for batch in loader.take(mine) {
                seen.push(source.get(batch.unwrap().indices[0]).unwrap().id);
            }
        }
        seen.sort_unstable();
        names.sort_unstable();
        prop_assert_eq!(seen, names);
    }
}
