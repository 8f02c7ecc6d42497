use vq_data::{
    CocoConfig, CocoYear, CubBoxes, CubConfig, Damaged, DataError, DatasetLayout, FlowersConfig, ImageFiles,
    ImageNetConfig, ImageSource, Split,
};

use super::{Tree, check_refused, listing, picture};

fn cub() -> Tree {
    let tree = Tree::new();
    tree.put("images.txt", "1 002.Auk/Auk_2.jpg\n2 001.Tern/Tern_1.jpg\n10 001.Tern/Tern_9.jpg\n")
        .put("train_test_split.txt", "1 1\n2 0\n10 1\n")
        .put("images/002.Auk/Auk_2.jpg", picture(1))
        .put("images/001.Tern/Tern_1.jpg", picture(2))
        .put("images/001.Tern/Tern_9.jpg", picture(3))
        .put("text/002.Auk/Auk_2.txt", "a black bird\na bird with a white belly\n")
        .put("text/001.Tern/Tern_1.txt", "a grey tern\n")
        .put("text/001.Tern/Tern_9.txt", "a tern in flight\n");
    tree
}

fn open_cub(tree: &Tree, split: Split) -> Result<ImageFiles, DataError> {
    cub_config(tree, split, CubBoxes::Unread).open()
}

fn cub_config(tree: &Tree, split: Split, boxes: CubBoxes) -> CubConfig {
    CubConfig { root: tree.root().to_owned(), split, text: "text".into(), boxes, damaged: Damaged::Fail }
}

#[test]
fn birds_have_boxes_if_configured() {
    let tree = cub();
    let open = || cub_config(&tree, Split::Train, CubBoxes::Read).open();
    check_refused(open(), &["bounding_boxes.txt with lines of an image's number and left, top", "nothing there"]);
    tree.put("bounding_boxes.txt", "1 0.0 1.0 2.5 3.0\n2 0 0 1 1\n10 1 1 2 2\n");
    let sample = open().unwrap().get(0).unwrap();
    let [found] = &sample.boxes[..] else { panic!("{:?}", sample.boxes) };
    assert_eq!(found.label, "002.Auk");
    assert_eq!([found.left, found.top, found.width, found.height], [0.0, 1.0, 2.5, 3.0]);
    assert!(open_cub(&tree, Split::Train).unwrap().get(0).unwrap().boxes.is_empty());
    for line in ["10 1 1 2\n", "10 1 1 0 2\n", "10 1 1 x 2 2\n", "10 1 1 NaN 2\n"] {
        tree.put("bounding_boxes.txt", format!("1 0 0 1 1\n{line}"));
        check_refused(open(), &["left, top, width and height of image 10 in bounding_boxes.txt, got \""]);
    }
    tree.put("bounding_boxes.txt", "1 0 0 1 1\n");
    check_refused(open(), &["of image 10", "got no line"]);
}

#[test]
fn birds_have_the_official_split() {
    let tree = cub();
    let train = [
        "002.Auk/Auk_2.jpg | a black bird / a bird with a white belly | 002.Auk | 1",
        "001.Tern/Tern_9.jpg | a tern in flight | 001.Tern | 3",
    ];
    assert_eq!(listing(&open_cub(&tree, Split::Train).unwrap()), train);
    let test = ["001.Tern/Tern_1.jpg | a grey tern | 001.Tern | 2"];
    assert_eq!(listing(&open_cub(&tree, Split::Validation).unwrap()), test);
}

#[test]
fn missing_files_of_the_birds_are_named() {
    let refused = |break_it: &dyn Fn(&Tree) -> &Tree, says: &[&str]| {
        let tree = cub();
        break_it(&tree);
        check_refused(open_cub(&tree, Split::Train), says);
    };
    refused(&|tree| tree.remove("images.txt"), &["CUB-200-2011", "images.txt with lines of", "nothing there"]);
    refused(&|tree| tree.remove("train_test_split.txt"), &["train_test_split.txt", "nothing there"]);
    refused(&|tree| tree.remove("text"), &["a folder", "text with the captions", "nothing there"]);
    refused(&|tree| tree.remove("images/002.Auk/Auk_2.jpg"), &["images/002.Auk/Auk_2.jpg with an image"]);
    refused(&|tree| tree.remove("text/002.Auk/Auk_2.txt"), &["text/002.Auk/Auk_2.txt with captions"]);
    refused(&|tree| tree.put("train_test_split.txt", "1 1\n2 0\n"), &["image 10 in", "got no line"]);
    refused(&|tree| tree.put("train_test_split.txt", "1 7\n"), &["1 or 0 for image 1", "got 7"]);
    refused(&|tree| tree.put("images.txt", "1\n"), &["line 1 of images.txt", "got \"1\""]);
    refused(&|tree| tree.put("images.txt", "1 ../x.jpg\n"), &["a path within", "\"../x.jpg\""]);
    refused(
        &|tree| tree.put("images.txt", "1 002.Auk/Auk_2.jpg\n10 002.Auk/Auk_2.jpg\n"),
        &["every image once, got 002.Auk/Auk_2.jpg twice"],
    );
}

#[test]
fn flowers_are_in_the_order_of_classes() {
    let tree = Tree::new();
    tree.put("jpg/image_00003.jpg", picture(3))
        .put("jpg/image_00007.jpg", picture(7))
        .put("jpg/image_00008.jpg", picture(8))
        .put("text_c10/class_00002/image_00008.txt", "a red flower\n")
        .put("text_c10/class_00001/image_00007.txt", "a rose\na pink rose\n")
        .put("text_c10/class_00001/image_00003.txt", "a small rose\n")
        .put("text_c10/class_00001/image_00003.h5", "tensors")
        .put("trainvalclasses.txt", "class_00001\n")
        .put("testclasses.txt", "class_00002\n");
    let open = |split| {
        FlowersConfig { root: tree.root().to_owned(), split, text: "text_c10".into(), damaged: Damaged::Fail }.open()
    };
    let train = [
        "class_00001/image_00003 | a small rose | class_00001 | 3",
        "class_00001/image_00007 | a rose / a pink rose | class_00001 | 7",
    ];
    assert_eq!(listing(&open(Split::Train).unwrap()), train);
    let test = ["class_00002/image_00008 | a red flower | class_00002 | 8"];
    assert_eq!(listing(&open(Split::Validation).unwrap()), test);

    tree.remove("jpg/image_00007.jpg");
    check_refused(open(Split::Train), &["Oxford-102", "jpg/image_00007.jpg with an image, got nothing there"]);
    tree.put("testclasses.txt", "class_00002\nclass_00009\n");
    check_refused(open(Split::Validation), &["text_c10/class_00009 with the captions of a class"]);
    tree.remove("trainvalclasses.txt");
    check_refused(open(Split::Train), &["trainvalclasses.txt with the classes"]);
}

const CAPTIONS: &str = r#"{"info": {}, "licenses": [],
    "images": [{"id": 42, "file_name": "b.jpg", "height": 4}, {"id": 9, "file_name": "a.jpg"}],
    "annotations": [
        {"image_id": 9, "id": 8, "caption": "second of a\n"}, {"image_id": 42, "id": 5, "caption": "of b"},
        {"image_id": 9, "id": 7, "caption": "First of a."}]}"#;

#[test]
fn coco_is_in_the_order_of_numbers() {
    for (year, part) in [(CocoYear::Y2014, "val2014"), (CocoYear::Y2017, "val2017")] {
        let tree = Tree::new();
        let file = format!("annotations/captions_{part}.json");
        tree.put(&file, CAPTIONS);
        tree.put(&format!("{part}/a.jpg"), picture(1)).put(&format!("{part}/b.jpg"), picture(2));
        let config = CocoConfig {
            root: tree.root().to_owned(),
            year,
            split: Split::Validation,
            images: None,
            damaged: Damaged::Fail,
        };
        let golden = ["a.jpg | First of a. / second of a |  | 1", "b.jpg | of b |  | 2"];
        assert_eq!(listing(&config.open().unwrap()), golden);

        let elsewhere = CocoConfig { images: Some("images".into()), ..config.clone() };
        check_refused(elsewhere.open(), &["MS-COCO", "images with the images, got nothing there"]);
        let train = CocoConfig { split: Split::Train, ..config.clone() };
        check_refused(train.open(), &["train20", "nothing there"]);

        let refused = |from: &str, to: &str, says: &[&str]| {
            assert!(CAPTIONS.contains(from));
            tree.put(&file, CAPTIONS.replace(from, to));
            check_refused(config.open(), says);
        };
        refused("\"image_id\": 42", "\"image_id\": 9", &["a caption of image 42 in", &file, "got none"]);
        refused("\"image_id\": 42", "\"image_id\": 43", &["a caption of image 42"]);
        refused("{\"id\": 42, \"file_name\": \"b.jpg\", \"height\": 4}, ", "", &["got one of image 42"]);
        refused("\"id\": 8", "\"id\": 7", &["annotation 7 twice"]);
        refused("b.jpg", "c.jpg", &["c.jpg with an image"]);
        refused("\"images\"", "\"pictures\"", &[&file, "missing field `images`"]);
        refused("b.jpg", "a.jpg", &["a.jpg twice"]);
    }
}

#[test]
fn imagenet_is_in_the_order_of_paths() {
    let tree = Tree::new();
    tree.put("train/n02/n02_1.JPEG", picture(1))
        .put("train/n01/n01_7.JPEG", picture(2))
        .put("val/V_2.JPEG", picture(3))
        .put("val/V_1.JPEG", picture(4))
        .put("map.txt", "V_1.JPEG n02\nV_2.JPEG n01\n")
        .put("kaggle.csv", "ImageId,PredictionString\nV_2,n01 1 2 3 4 n01 5 6 7 8\nV_1,n02 1 2 3 4\n");
    let open = |split, mapping: Option<&str>| {
        let mapping = mapping.map(Into::into);
        ImageNetConfig { root: tree.root().to_owned(), split, mapping, damaged: Damaged::Fail }.open()
    };
    let train = ["n01/n01_7.JPEG |  | n01 | 2", "n02/n02_1.JPEG |  | n02 | 1"];
    assert_eq!(listing(&open(Split::Train, None).unwrap()), train);
    let flat = ["V_1.JPEG |  | n02 | 4", "V_2.JPEG |  | n01 | 3"];
    assert_eq!(listing(&open(Split::Validation, Some("map.txt")).unwrap()), flat);
    assert_eq!(listing(&open(Split::Validation, Some("kaggle.csv")).unwrap()), flat);
    check_refused(open(Split::Validation, None), &["val/CLASS/IMAGE for val/V_1.JPEG"]);
    check_refused(open(Split::Validation, Some("no.txt")), &["no.txt with lines of", "nothing there"]);
    tree.put("map.txt", "V_1.JPEG n02\n");
    check_refused(open(Split::Validation, Some("map.txt")), &["a class for V_2 in the mapping file"]);
    tree.put("map.txt", "V_1.JPEG\n");
    check_refused(open(Split::Validation, Some("map.txt")), &["a name and a class in line 1 of", "\"V_1.JPEG\""]);

    tree.remove("val").put("val/n02/V_1.JPEG", picture(4));
    assert_eq!(listing(&open(Split::Validation, None).unwrap()), ["n02/V_1.JPEG |  | n02 | 4"]);
    check_refused(open(Split::Validation, Some("kaggle.csv")), &["val/IMAGE for val/n02/V_1.JPEG"]);
    tree.put("train/n03/deep/x.JPEG", picture(4));
    check_refused(open(Split::Train, None), &["train/CLASS/IMAGE for train/n03/deep/x.JPEG"]);
}
