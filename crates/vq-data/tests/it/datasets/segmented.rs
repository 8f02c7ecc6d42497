use vq_data::{
    AdeConfig, CelebaConfig, CelebaMasks, Damaged, DataError, DatasetLayout, ImageFiles, ImageSource, Split,
};

use super::{Tree, check_refused, grey, listing, picture};
use crate::support::check_error;

/// The labels of a sample's pixels, row by row.
fn labels(source: &ImageFiles, index: usize) -> Vec<u16> {
    source.get(index).unwrap().segmentation.unwrap().map.into_raw()
}

#[test]
fn ade_has_scenes_and_maps() {
    let tree = Tree::new();
    let levels: Vec<u8> = (0..16).map(|at| at * 10).collect();
    tree.put("images/training/ADE_train_00000002.jpg", picture(2))
        .put("images/training/ADE_train_00000001.jpg", picture(1))
        .put("images/validation/ADE_val_00000001.jpg", picture(3))
        .put("annotations/training/ADE_train_00000001.png", grey(4, &levels))
        .put("annotations/training/ADE_train_00000002.png", grey(4, &[150; 16]))
        .put("annotations/validation/ADE_val_00000001.png", grey(2, &[1; 4]))
        .put("sceneCategories.txt", "ADE_train_00000001 abbey\nADE_train_00000002 bar\nADE_val_00000001 bar\n");
    let open = |split| AdeConfig { root: tree.root().to_owned(), split, damaged: Damaged::Fail }.open();
    let train = open(Split::Train).unwrap();
    assert_eq!(listing(&train), ["ADE_train_00000001 |  | abbey | 1", "ADE_train_00000002 |  | bar | 2"]);
    assert_eq!(labels(&train, 0), (0..16).map(|at| at * 10).collect::<Vec<u16>>());
    assert_eq!(labels(&train, 1), [150; 16]);
    let wrong = open(Split::Validation).unwrap().get(0).unwrap_err();
    check_error(&wrong, &["ADE_val_00000001.png", "as large as its image, 4x4, got 2x2"]);

    tree.put("annotations/validation/ADE_val_00000001.png", {
        let mut file = std::io::Cursor::new(Vec::new());
        let image = image::RgbImage::from_pixel(4, 4, image::Rgb([1, 2, 3]));
        image.write_to(&mut file, image::ImageFormat::Png).unwrap();
        file.into_inner()
    });
    let coloured = open(Split::Validation).unwrap().get(0).unwrap_err();
    check_error(&coloured, &["an image of grey levels, got the colour [1, 2, 3]"]);
    tree.put("sceneCategories.txt", "ADE_train_00000001 abbey\n");
    check_refused(open(Split::Train), &["a scene for ADE_train_00000002 in sceneCategories.txt"]);
    tree.remove("annotations/validation/ADE_val_00000001.png").put("sceneCategories.txt", "ADE_val_00000001 bar");
    check_refused(open(Split::Validation), &["ADE_val_00000001.png with the segmentation of an image, got nothing"]);
}

/// Faces of 4x4 with masks of 2x2.
fn faces() -> Tree {
    let tree = Tree::new();
    for number in ["2", "10", "2001"] {
        tree.put(&format!("images/{number}.jpg"), picture(number.len() as u8));
        tree.put(&format!("celeba-caption/{number}.txt"), format!("face {number}\na face\n"));
        tree.put(&format!("masks/{number}.png"), grey(2, &[0, 4, 5, 17]));
    }
    tree.put("parts/0/00002_skin.png", grey(2, &[255; 4]))
        .put("parts/0/00002_l_eye.png", grey(2, &[0, 255, 0, 0]))
        .put("parts/0/00002_hat.png", grey(2, &[255, 0, 0, 0]))
        .put("parts/0/00010_hair.png", grey(2, &[0, 0, 255, 0]))
        .put("parts/1/02001_neck.png", grey(2, &[0, 0, 0, 255]));
    tree
}

fn open_faces(tree: &Tree, masks: CelebaMasks, list: Option<&str>) -> Result<ImageFiles, DataError> {
    CelebaConfig {
        root: tree.root().to_owned(),
        images: "images".into(),
        text: "celeba-caption".into(),
        masks,
        list: list.map(Into::into),
        damaged: Damaged::Fail,
    }
    .open()
}

/// `[2, 2]` at twice the size.
fn doubled([a, b, c, d]: [u16; 4]) -> Vec<u16> {
    [[a, a, b, b], [a, a, b, b], [c, c, d, d], [c, c, d, d]].concat()
}

#[test]
fn faces_have_captions_and_masks() {
    let tree = faces();
    let golden = ["2 | face 2 / a face |  | 1", "10 | face 10 / a face |  | 2", "2001 | face 2001 / a face |  | 4"];
    let plain = open_faces(&tree, CelebaMasks::None, None).unwrap();
    assert_eq!(listing(&plain), golden);
    assert_eq!(plain.get(0).unwrap().segmentation, None);

    let parts = open_faces(&tree, CelebaMasks::Parts { folder: "parts".into() }, None).unwrap();
    assert_eq!(listing(&parts), golden);
    assert_eq!(labels(&parts, 0), doubled([14, 4, 1, 1]));
    assert_eq!(labels(&parts, 1), doubled([0, 0, 13, 0]));
    assert_eq!(labels(&parts, 2), doubled([0, 0, 0, 17]));

    let combined = CelebaMasks::Combined { folder: "masks".into() };
    let listed = {
        tree.put("test.txt", "2001.jpg\n2\n");
        open_faces(&tree, combined.clone(), Some("test.txt")).unwrap()
    };
    assert_eq!(listing(&listed), [golden[0], golden[2]]);
    assert_eq!(labels(&listed, 1), doubled([0, 4, 5, 17]));
    let sides = listed.get(1).unwrap().segmentation.unwrap().sides;
    assert_eq!(sides.iter().map(|pair| [pair.left, pair.right]).collect::<Vec<_>>(), [[4, 5], [6, 7], [8, 9]]);

    tree.put("masks/2.png", grey(1, &[1, 2]));
    check_error(&listed.get(0).unwrap_err(), &["masks/2.png", "of the aspect ratio of its image, 4x4, got 1x2"]);
    tree.remove("masks/10.png");
    check_refused(open_faces(&tree, combined, None), &["masks/10.png with the segmentation"]);
    tree.remove("parts/1/02001_neck.png");
    let parts = CelebaMasks::Parts { folder: "parts".into() };
    check_refused(open_faces(&tree, parts, None), &["parts/1/02001_skin.png, got none of them"]);
    tree.put("test.txt", "2001.jpg\n77\n");
    check_refused(open_faces(&tree, CelebaMasks::None, Some("test.txt")), &["celeba-caption/77.txt"]);
    tree.put("images/me.jpg", picture(1));
    check_refused(open_faces(&tree, CelebaMasks::None, None), &["images whose names are numbers, got \"me.jpg\""]);
}
