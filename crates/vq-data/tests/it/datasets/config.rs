use vq_data::{CaptionFile, CocoYear, DatasetConfig, Split};

use super::{Tree, check_refused, listing, picture};

fn read(json: &str) -> DatasetConfig {
    serde_json::from_str(json).unwrap()
}

#[test]
fn every_kind_is_read_and_written_as_documented() {
    let cases = [
        r#"{"kind": "captioned", "root": "d", "captions": {"kind": "csv", "file": "x.csv"}, "damaged": "skip"}"#,
        r#"{"kind": "captioned", "root": "d", "captions": {"kind": "metadata"}}"#,
        r#"{"kind": "cub", "root": "d", "split": "train", "text": "text_c10"}"#,
        r#"{"kind": "flowers", "root": "d", "split": "validation"}"#,
        r#"{"kind": "coco", "root": "d", "year": "2017", "split": "train"}"#,
        r#"{"kind": "celeba-hq", "root": "d", "masks": {"kind": "parts", "folder": "m"}}"#,
        r#"{"kind": "ade20k", "root": "d", "split": "train"}"#,
        r#"{"kind": "cifar10", "root": "d", "split": "train"}"#,
        r#"{"kind": "imagenet", "root": "d", "split": "validation", "mapping": "m.txt"}"#,
        r#"{"kind": "webdataset", "root": "d"}"#,
    ];
    for case in cases {
        let config = read(case);
        assert_eq!(read(&serde_json::to_string(&config).unwrap()), config);
        let odd = case.replacen('{', "{\"colour\": 1, ", 1);
        let error = serde_json::from_str::<DatasetConfig>(&odd).unwrap_err().to_string();
        assert!(error.contains("colour"), "{error}");
        check_refused(config.open(), &["d"]);
    }
    let error = serde_json::from_str::<DatasetConfig>(r#"{"kind": "cubs", "root": "d"}"#).unwrap_err().to_string();
    assert!(DatasetConfig::KINDS.iter().all(|kind| error.contains(kind)), "{error}");
    let DatasetConfig::Captioned(captioned) = read(cases[0]) else { panic!("another kind") };
    let (image, caption) = ("file_name".to_owned(), "text".to_owned());
    assert_eq!(captioned.captions, CaptionFile::Csv { file: "x.csv".into(), image, caption, delimiter: ',' });
    let DatasetConfig::Coco(coco) = read(cases[4]) else { panic!("another kind") };
    assert_eq!((coco.year, coco.split), (CocoYear::Y2017, Split::Train));
}

#[test]
fn a_configuration_opens_its_source() {
    let tree = Tree::new();
    tree.put("a.png", picture(7)).put("a.txt", "an a\n");
    let root = serde_json::to_string(tree.root()).unwrap();
    let config = read(&format!(r#"{{"kind": "captioned", "root": {root}, "captions": {{"kind": "sidecar"}}}}"#));
    assert_eq!(listing(&*config.open().unwrap()), ["a.png | an a |  | 7"]);
}
