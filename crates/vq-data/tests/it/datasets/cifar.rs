use image::{ImageFormat, Rgb, RgbImage};
use vq_data::{
    CaptionTemplate, CifarConfig, Damaged, DatasetLayout, FolderClasses, ImageFolder, ImageFolderConfig, ImageSource,
    Split, load_image,
};

use super::{Tree, check_refused, listing};
use crate::support::check_error;

pub(crate) const NAMES: &str = "airplane\nautomobile\nbird\ncat\ndeer\ndog\nfrog\nhorse\nship\ntruck\n\n";

/// Images of these classes; the level at plane `c`, row `y`, column `x` of image `i` is `i + 50 c + y + 2 x`.
pub(crate) fn batch(classes: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (number, class) in (0..).zip(classes) {
        bytes.push(*class);
        for at in 0..3072_u32 {
            let (plane, y, x) = (at / 1024, at % 1024 / 32, at % 32);
            bytes.push((number + 50 * plane + y + 2 * x) as u8);
        }
    }
    bytes
}

#[test]
fn batches_are_read_in_order() {
    let tree = Tree::new();
    tree.put("batches.meta.txt", NAMES).put("test_batch.bin", batch(&[9, 0]));
    for number in 1..=5 {
        tree.put(&format!("data_batch_{number}.bin"), batch(&[number; 2][..2 - usize::from(number > 2)]));
    }
    let open = |split| CifarConfig { root: tree.root().to_owned(), split, caption: None }.open();
    let test = open(Split::Validation).unwrap();
    assert_eq!(listing(&test), ["test_batch.bin/0 |  | truck | 0", "test_batch.bin/1 |  | airplane | 1"]);
    let image = test.get(1).unwrap().image;
    assert_eq!(image.dimensions(), (32, 32));
    assert_eq!(image.get_pixel(3, 5).0, [12, 62, 112, 255]);
    assert_eq!(image.get_pixel(31, 31).0, [94, 144, 194, 255]);
    let train = [
        "data_batch_1.bin/0 |  | automobile | 0",
        "data_batch_1.bin/1 |  | automobile | 1",
        "data_batch_2.bin/0 |  | bird | 0",
        "data_batch_2.bin/1 |  | bird | 1",
        "data_batch_3.bin/0 |  | cat | 0",
        "data_batch_4.bin/0 |  | deer | 0",
        "data_batch_5.bin/0 |  | dog | 0",
    ];
    assert_eq!(listing(&open(Split::Train).unwrap()), train);
    check_error(&test.get(2).unwrap_err(), &["CIFAR-10", "an index below 2, got 2"]);

    tree.put("test_batch.bin", &batch(&[1])[..3000]);
    check_refused(open(Split::Validation), &["images of 3073 bytes in test_batch.bin, got 3000 bytes"]);
    tree.put("test_batch.bin", batch(&[1, 10]));
    check_refused(open(Split::Validation), &["a class below 10 for image 1 of test_batch.bin, got 10"]);
    tree.put("test_batch.bin", "");
    check_refused(open(Split::Validation), &["got 0 bytes"]);
    tree.remove("data_batch_4.bin");
    check_refused(open(Split::Train), &["data_batch_4.bin with images", "nothing there"]);
    tree.put("batches.meta.txt", "one\ntwo\n");
    check_refused(open(Split::Train), &["10 names in batches.meta.txt, got 2"]);
}

/// A JPEG file of 32x32 pixels of one grey.
fn jpeg(level: u8) -> Vec<u8> {
    let mut file = std::io::Cursor::new(Vec::new());
    RgbImage::from_pixel(32, 32, Rgb([level; 3])).write_to(&mut file, ImageFormat::Jpeg).unwrap();
    file.into_inner()
}

/// CIFAR-10 with a folder for each class, another common layout.
#[test]
fn folders_of_classes_are_read_by_class() {
    let tree = Tree::new();
    for (path, level) in [
        ("train/truck/0000.jpg", 1),
        ("train/airplane/0001.jpg", 2),
        ("train/airplane/0000.jpg", 3),
        ("train/frog/4999.jpg", 4),
        ("test/automobile/0000.jpg", 5),
        ("test/airplane/0000.jpg", 6),
    ] {
        tree.put(path, jpeg(level * 40));
    }
    tree.put("train/airplane/.DS_Store", "x");
    let open = |part: &str, caption: Option<&str>| {
        let caption = caption.map(|text| CaptionTemplate::new(text).unwrap());
        let config = ImageFolderConfig { classes: FolderClasses::FirstFolder, caption, damaged: Damaged::Fail };
        ImageFolder::open(tree.root().join(part), config).unwrap()
    };
    let train = [
        "airplane/0000.jpg |  | airplane | 120",
        "airplane/0001.jpg |  | airplane | 80",
        "frog/4999.jpg |  | frog | 160",
        "truck/0000.jpg |  | truck | 40",
    ];
    assert_eq!(listing(&open("train", None)), train);
    assert_eq!(open("train", None).classes(), ["airplane", "frog", "truck"]);
    let test = [
        "airplane/0000.jpg | a photo of a airplane | airplane | 240",
        "automobile/0000.jpg | a photo of a automobile | automobile | 200",
    ];
    assert_eq!(listing(&open("test", Some("a photo of a {class}"))), test);
    assert_eq!(load_image(tree.root().join("test/airplane/0000.jpg")).unwrap().dimensions(), (32, 32));
}
