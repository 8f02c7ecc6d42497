use vq_data::{CaptionFile, CocoYear, DatasetConfig, Split};

use super::{Tree, check_refused, picture};

#[track_caller]
fn check(files: &[&str], kind: Option<&str>) -> Option<DatasetConfig> {
    let tree = Tree::new();
    files.iter().for_each(|file| {
        tree.put(file, picture(1));
    });
    let found = DatasetConfig::detect(tree.root()).unwrap();
    assert_eq!(found.as_ref().map(DatasetConfig::kind), kind, "{files:?}");
    if let Some(found) = &found {
        assert_eq!(found.root(), tree.root());
    }
    found
}

#[test]
fn a_layout_is_recognized_by_the_names_of_its_files() {
    check(&["a.jpg", "b/c.png", "notes.txt"], None);
    check(&["a.jpg", "b/c.png", "b/c.txt"], Some("captioned"));
    check(&["a.jpg", "metadata.jsonl"], Some("captioned"));
    check(&["000.tar", "manifest.json"], Some("webdataset"));
    check(&["train_test_split.txt", "images/a.jpg", "text/a.txt"], Some("cub"));
    check(&["jpg/a.jpg", "text_c10/class_00001/a.txt"], Some("flowers"));
    check(&["images/1.jpg", "celeba-caption/1.txt"], Some("celeba-hq"));
    check(&["sceneCategories.txt", "images/training/a.jpg"], Some("ade20k"));
    check(&["batches.meta.txt", "data_batch_1.bin"], Some("cifar10"));
    check(&["train/n01440764/a.JPEG"], Some("imagenet"));
    check(&["train/nature/a.JPEG"], None);
    // The order of precedence.
    check(&["000.tar", "metadata.jsonl", "a.jpg"], Some("webdataset"));
    check(&["metadata.jsonl", "train_test_split.txt", "a.jpg"], Some("captioned"));
    check(&["batches.meta.txt", "a.jpg", "a.txt"], Some("cifar10"));
    let coco = check(&["annotations/captions_val2017.json", "val2017/1.jpg"], Some("coco"));
    let Some(DatasetConfig::Coco(coco)) = coco else { panic!("{coco:?}") };
    assert_eq!((coco.year, coco.split), (CocoYear::Y2017, Split::Train));
}

#[test]
fn folders_without_images_are_refused() {
    check_refused(DatasetConfig::detect("no/such/folder".as_ref()), &["no/such/folder", "got nothing there"]);
    let tree = Tree::new();
    check_refused(DatasetConfig::detect(tree.root()), &["none among 0 files"]);
    tree.put("a", "");
    check_refused(DatasetConfig::detect(&tree.root().join("a")), &["Not a directory"]);
    check_refused(DatasetConfig::of_kind("cubs", tree.root()), &["captioned, cub, flowers", "got cubs"]);
}

#[test]
fn each_kind_is_that_of_its_configuration() {
    let tree = Tree::new();
    assert!(DatasetConfig::NAMES.contains(&"CUB-200-2011"));
    for kind in DatasetConfig::KINDS {
        let config = DatasetConfig::of_kind(kind, tree.root()).unwrap();
        assert_eq!(serde_json::to_value(&config).unwrap()["kind"], kind);
        assert_eq!(config.kind(), kind);
        // Optional keys have the same defaults in a file.
        let mut keys = serde_json::to_value(&config).unwrap();
        keys.as_object_mut().unwrap().retain(|key, _| ["kind", "root", "split", "year", "captions"].contains(&&**key));
        assert_eq!(serde_json::from_value::<DatasetConfig>(keys).unwrap(), config);
    }
}

#[test]
fn files_with_captions_are_detected() {
    let tree = Tree::new();
    let captions = || match DatasetConfig::of_kind("captioned", tree.root()).unwrap() {
        DatasetConfig::Captioned(config) => config.captions,
        other => panic!("{other:?}"),
    };
    assert_eq!(captions(), CaptionFile::Sidecar);
    tree.put("c.csv", "");
    assert_eq!(captions(), CaptionFile::csv("c.csv".into()));
    tree.put("d.csv", "");
    assert_eq!(captions(), CaptionFile::Sidecar, "two CSV files are ambiguous");
    tree.put("metadata.jsonl", "");
    assert_eq!(captions(), CaptionFile::Metadata);
}
