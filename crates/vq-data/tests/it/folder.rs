use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use image::{ImageFormat, Luma, LumaA, Rgb, RgbImage, Rgba, RgbaImage};
use proptest::prelude::*;
use tempfile::TempDir;
use vq_data::{
    Batch, Classes, Damaged, DataError, HeldOut, ImageFolder, ImageFolderConfig, ImageSource, InMemory, Loader,
    LoaderConfig, Transform,
};

use crate::support::check_told;

const SKIP: ImageFolderConfig = ImageFolderConfig { classes: Classes::Unlabelled, damaged: Damaged::Skip };
const CLASSES: ImageFolderConfig = ImageFolderConfig { classes: Classes::FirstFolder, damaged: Damaged::Fail };

/// Writes a file, and the folders on the way to it.
fn put(root: &Path, path: impl AsRef<Path>, bytes: &[u8]) {
    let path = root.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}

/// A picture of 8x8 of one colour, as a png file.
fn png(level: u8) -> Vec<u8> {
    let mut file = std::io::Cursor::new(Vec::new());
    RgbImage::from_pixel(8, 8, Rgb([level; 3])).write_to(&mut file, ImageFormat::Png).unwrap();
    file.into_inner()
}

/// A folder of these files, the red level of each its place in the list.
fn folder_of(paths: &[&str]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (level, path) in (0..).zip(paths) {
        put(folder.path(), path, &png(level));
    }
    folder
}

fn open(root: &Path) -> ImageFolder {
    ImageFolder::open(root, ImageFolderConfig::default()).unwrap()
}

fn ids(folder: &ImageFolder) -> Vec<String> {
    (0..folder.len()).map(|index| folder.get(index).unwrap().id).collect()
}

fn red(folder: &ImageFolder, index: usize) -> u8 {
    folder.get(index).unwrap().image.get_pixel(0, 0).0[0]
}

fn batches(folder: ImageFolder, count: usize, config: LoaderConfig) -> Vec<Batch> {
    let loader = Loader::new(Arc::new(folder), Transform::fixed(4, [0; 3]), config).unwrap();
    loader.take(count).map(Result::unwrap).collect()
}

#[test]
fn images_come_in_the_order_of_their_bytes() {
    let folder = folder_of(&["b/2.png", "a.png", "b/10.png", "b-c/1.png", "B/z.png", "b/é.png", "b.png"]);
    let order = ["B/z.png", "a.png", "b-c/1.png", "b.png", "b/10.png", "b/2.png", "b/é.png"];
    let folder = open(folder.path());
    assert_eq!(ids(&folder), order);
    assert_eq!([red(&folder, 0), red(&folder, 1), red(&folder, 6)], [4, 1, 5]);
    assert_eq!(folder.files()[5], Path::new("b").join("2.png"));
    assert_eq!(folder.get(0).unwrap().labels, [""; 0]);
    check_told(&folder.get(7).unwrap_err(), &["an index below 7, got 7"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn any_tree_is_listed_once_and_sorted(paths in prop::collection::btree_set("([a-cé. -]{1,3}x/){0,3}[A-Ca-c-]{1,3}", 1..12)) {
        let folder = TempDir::new().unwrap();
        let hidden = |path: &str| path.split('/').any(|part| part.starts_with('.'));
        for path in &paths {
            put(folder.path(), format!("{path}.JPG"), &png(1));
        }
        let mut seen: Vec<String> = paths.iter().filter(|path| !hidden(path)).map(|path| format!("{path}.JPG")).collect();
        seen.sort_unstable_by(|a, b| a.as_bytes().cmp(b.as_bytes()));
        match ImageFolder::open(folder.path(), ImageFolderConfig::default()) {
            Ok(folder) => prop_assert_eq!(ids(&folder), seen),
            Err(_) => prop_assert!(seen.is_empty()),
        }
    }

    #[test]
    fn batches_with_damaged_files_do_not_depend_on_threads(
        damaged in prop::collection::btree_set(0_usize..9, 0..9), seed: u64, threads in 1_usize..4, first in 0_u64..4,
    ) {
        let folder = TempDir::new().unwrap();
        for index in 0..9 {
            let bytes = if damaged.contains(&index) { Vec::new() } else { png(index as u8) };
            put(folder.path(), format!("{index}.png"), &bytes);
        }
        let open = || ImageFolder::open(folder.path(), SKIP).unwrap();
        let plain = LoaderConfig::shuffled(4, seed);
        let whole = batches(open(), 6, plain.clone());
        let rest = batches(open(), 6 - first as usize, LoaderConfig { threads, first_batch: first, ..plain });
        prop_assert_eq!(&whole[first as usize..], &rest[..]);
    }

    #[test]
    fn parts_share_nothing_and_lose_nothing(share in 0.3_f64..0.7, seed: u64) {
        let names: Vec<String> = (0..64).map(|index| format!("{index}.png")).collect();
        let folder = TempDir::new().unwrap();
        names.iter().for_each(|name| put(folder.path(), name, b""));
        let held_out = HeldOut { share, seed };
        let parts = open(folder.path()).hold_out(&held_out).unwrap();
        let mut all = [parts.train.files(), parts.held_out.files()].concat();
        all.sort_unstable();
        prop_assert_eq!(&all[..], &{ let mut files = open(folder.path()).files().to_vec(); files.sort_unstable(); files }[..]);

        // A file that is added moves no other one.
        put(folder.path(), "more.png", b"");
        let more = open(folder.path()).hold_out(&held_out).unwrap();
        let without = |files: &[PathBuf]| -> Vec<PathBuf> {
            files.iter().filter(|file| file.as_os_str() != "more.png").cloned().collect()
        };
        prop_assert_eq!(without(more.train.files()), parts.train.files());
        prop_assert_eq!(without(more.held_out.files()), parts.held_out.files());
    }
}

#[test]
fn the_held_out_part_is_pinned() {
    let names: Vec<String> = (0..10).map(|index| format!("a/{index}.png")).collect();
    let folder = folder_of(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let held = |seed| open(folder.path()).hold_out(&HeldOut { share: 0.3, seed }).unwrap().held_out;
    // Digests of Python's hashlib: sha256(seed.to_bytes(8, "little") + b"a/0.png") and so on.
    assert_eq!(ids(&held(0)), ["a/0.png", "a/3.png", "a/4.png", "a/7.png", "a/8.png"]);
    assert_eq!(ids(&held(1)), ["a/1.png", "a/7.png"]);
}

#[test]
fn a_share_must_leave_images_on_both_sides() {
    let folder = folder_of(&["a.png", "b.png"]);
    let refused = |share| open(folder.path()).hold_out(&HeldOut { share, seed: 0 }).unwrap_err();
    check_told(&refused(0.0), &["hold out images of", "a share above 0 and below 1, got 0"]);
    check_told(&refused(f64::NAN), &["got NaN"]);
    check_told(&refused(1e-9), &["images on both sides", "0 held out of 2"]);
}

#[test]
fn the_first_folder_is_the_class() {
    let folder = folder_of(&["dog/old/a.png", "cat/b.png", "dog/c.png"]);
    let classes = ImageFolder::open(folder.path(), CLASSES).unwrap();
    assert_eq!(classes.classes(), ["cat", "dog"]);
    let labels: Vec<Vec<String>> = (0..3).map(|index| classes.get(index).unwrap().labels).collect();
    assert_eq!(labels, [["cat"], ["dog"], ["dog"]]);
    assert!(open(folder.path()).classes().is_empty());

    put(folder.path(), "stray.png", &png(0));
    let error = ImageFolder::open(folder.path(), CLASSES).unwrap_err();
    check_told(&error, &["read the class of", "stray.png", "one directly in"]);
}

#[test]
fn other_files_are_counted_and_hidden_ones_left_out() {
    let folder = folder_of(&["a.PNG", ".b.png", ".thumbnails/c.png", "d/._e.png"]);
    put(folder.path(), "notes.txt", b"x");
    put(folder.path(), "d/noending", b"x");
    let folder = open(folder.path());
    assert_eq!(ids(&folder), ["a.PNG"]);
    assert_eq!(folder.others(), 2);
}

#[test]
fn folders_without_images_are_named() {
    let error = ImageFolder::open("no/such/folder", ImageFolderConfig::default()).unwrap_err();
    check_told(&error, &["open image folder", "no/such/folder", "No such file"]);

    let empty = TempDir::new().unwrap();
    put(empty.path(), "notes.txt", b"x");
    let told = |root: &Path| ImageFolder::open(root, ImageFolderConfig::default()).unwrap_err();
    check_told(&told(empty.path()), &[&empty.path().display().to_string(), ".webp", "got none among 1 files"]);
    check_told(&told(&empty.path().join("notes.txt")), &["notes.txt", "expected a folder, got a file"]);
}

#[cfg(unix)]
#[test]
fn links_are_followed_and_circles_refused() {
    use std::os::unix::fs::symlink;

    let folder = folder_of(&["real/a.png"]);
    symlink(folder.path().join("real"), folder.path().join("linked")).unwrap();
    symlink(folder.path().join("real/a.png"), folder.path().join("b.png")).unwrap();
    assert_eq!(ids(&open(folder.path())), ["b.png", "linked/a.png", "real/a.png"]);

    symlink(folder.path(), folder.path().join("real/round")).unwrap();
    let error = ImageFolder::open(folder.path(), ImageFolderConfig::default()).unwrap_err();
    check_told(&error, &["open image folder", "round"]);
}

#[cfg(unix)]
#[test]
fn a_name_that_is_no_text_has_an_id_of_its_own() {
    use std::os::unix::ffi::OsStrExt;

    let folder = TempDir::new().unwrap();
    for name in [b"\xff.png", b"\xfe.png"] {
        put(folder.path(), OsStr::from_bytes(name), &png(1));
    }
    assert_eq!(ids(&open(folder.path())), ["\\xfe.png", "\\xff.png"]);
}

/// A folder of five, three of them damaged in ways of their own.
fn damaged() -> TempDir {
    let folder = folder_of(&["0.png", "1.png", "2.png", "3.png", "4.png"]);
    put(folder.path(), "1.png", b"");
    put(folder.path(), "2.png", &png(2)[..40]);
    put(folder.path(), "4.png", b"no image at all");
    folder
}

#[test]
fn a_damaged_image_fails_by_name() {
    let folder = damaged();
    let folder = open(folder.path());
    assert_eq!(red(&folder, 0), 0);
    check_told(&folder.get(1).unwrap_err(), &["1.png", "an empty file"]);
    check_told(&folder.get(2).unwrap_err(), &["2.png", "a whole jpeg, png"]);
    check_told(&folder.get(4).unwrap_err(), &["4.png", "a file of another kind"]);
    assert!(folder.damaged().is_empty());
}

#[test]
fn a_damaged_image_is_skipped_and_remembered() {
    let folder = damaged();
    let folder = ImageFolder::open(folder.path(), SKIP).unwrap();
    assert_eq!(ids(&folder), ["0.png", "3.png", "3.png", "3.png", "0.png"]);
    assert_eq!(ids(&folder), ["0.png", "3.png", "3.png", "3.png", "0.png"], "asked again");
    let damaged = folder.damaged();
    let paths: Vec<&OsStr> = damaged.iter().map(|file| file.path.file_name().unwrap()).collect();
    assert_eq!(paths, ["1.png", "2.png", "4.png"]);
    assert!(damaged[0].path.starts_with(folder.root()));
    assert!(damaged[0].reason.contains("an empty file"), "{}", damaged[0].reason);
    assert_eq!(InMemory::load(&folder, 4).unwrap().damaged(), damaged, "what is kept in memory remembers them too");
}

#[test]
fn nothing_takes_the_place_of_an_unreadable_file() {
    let folder = folder_of(&["0.png", "1.png"]);
    let skipping = ImageFolder::open(folder.path(), SKIP).unwrap();
    std::fs::remove_file(folder.path().join("0.png")).unwrap();
    let error = skipping.get(0).unwrap_err();
    assert!(matches!(error, DataError::Io { .. }));
    check_told(&error, &["read image", "0.png"]);
    assert!(skipping.damaged().is_empty());
}

#[test]
fn a_folder_of_damaged_images_only_is_an_error() {
    let folder = TempDir::new().unwrap();
    put(folder.path(), "a.png", b"");
    put(folder.path(), "b.jpg", b"");
    let folder = ImageFolder::open(folder.path(), SKIP).unwrap();
    check_told(&folder.get(1).unwrap_err(), &["read image folder", "at least one sound image, got 2 damaged ones"]);
    assert_eq!(folder.damaged().len(), 2);
}

/// The one pixel that all of a file's pixels must be near.
#[track_caller]
fn check_colour(name: &str, bytes: &[u8], colour: [u8; 4], tolerance: u8) {
    let folder = TempDir::new().unwrap();
    put(folder.path(), name, bytes);
    let image = open(folder.path()).get(0).unwrap().image;
    assert_eq!(image.dimensions(), (16, 16), "{name}");
    for pixel in image.pixels() {
        let near = pixel.0.iter().zip(colour).all(|(&got, wanted)| got.abs_diff(wanted) <= tolerance);
        assert!(near, "{name}: expected about {colour:?}, got {pixel:?}");
    }
}

fn encoded(image: &impl Encode, format: ImageFormat) -> Vec<u8> {
    let mut file = std::io::Cursor::new(Vec::new());
    image.encode(&mut file, format);
    file.into_inner()
}

/// Images of any kind of pixel.
trait Encode {
    fn encode(&self, file: &mut std::io::Cursor<Vec<u8>>, format: ImageFormat);
}

impl<P> Encode for image::ImageBuffer<P, Vec<P::Subpixel>>
where
    P: image::PixelWithColorType,
    [P::Subpixel]: image::EncodableLayout,
{
    fn encode(&self, file: &mut std::io::Cursor<Vec<u8>>, format: ImageFormat) {
        self.write_to(file, format).unwrap();
    }
}

#[test]
fn every_format_becomes_the_same_colour() {
    let rgb = RgbImage::from_pixel(16, 16, Rgb([200, 40, 90]));
    for (format, tolerance) in
        [(ImageFormat::Png, 0), (ImageFormat::Bmp, 0), (ImageFormat::WebP, 0), (ImageFormat::Jpeg, 4)]
    {
        let name = format!("x.{}", format.extensions_str()[0]);
        check_colour(&name, &encoded(&rgb, format), [200, 40, 90, 255], tolerance);
    }
}

#[test]
fn every_kind_of_pixel_becomes_rgb_of_8_bits() {
    let grey = image::GrayImage::from_pixel(16, 16, Luma([77]));
    check_colour("grey.png", &encoded(&grey, ImageFormat::Png), [77, 77, 77, 255], 0);
    check_colour("grey.jpg", &encoded(&grey, ImageFormat::Jpeg), [77, 77, 77, 255], 1);
    let grey_alpha = image::GrayAlphaImage::from_pixel(16, 16, LumaA([77, 9]));
    check_colour("grey-alpha.png", &encoded(&grey_alpha, ImageFormat::Png), [77, 77, 77, 9], 0);
    let deep = image::ImageBuffer::from_pixel(16, 16, Rgb([200_u16 * 257, 40 * 257, 90 * 257]));
    check_colour("deep.png", &encoded(&deep, ImageFormat::Png), [200, 40, 90, 255], 0);
    let deep_grey = image::ImageBuffer::from_pixel(16, 16, Luma([77_u16 * 257]));
    check_colour("deep-grey.png", &encoded(&deep_grey, ImageFormat::Png), [77, 77, 77, 255], 0);
}

#[test]
fn alpha_is_kept_for_the_background() {
    let clear = RgbaImage::from_pixel(16, 16, Rgba([200, 40, 90, 100]));
    check_colour("clear.png", &encoded(&clear, ImageFormat::Png), [200, 40, 90, 100], 0);
    check_colour("clear.webp", &encoded(&clear, ImageFormat::WebP), [200, 40, 90, 100], 0);
}

/// The inks of a CMYK file stand for what Pillow makes of them: `255 - ink`, times black.
#[test]
fn inks_become_colours() {
    let pixel = [55, 215, 165, 0]; // cyan, magenta, yellow, black
    for kind in [jpeg_encoder::ColorType::Cmyk, jpeg_encoder::ColorType::CmykAsYcck] {
        let mut file = Vec::new();
        let encoder = jpeg_encoder::Encoder::new(&mut file, 100);
        encoder.encode(&pixel.repeat(16 * 16), 16, 16, kind).unwrap();
        check_colour("inks.jpg", &file, [200, 40, 90, 255], 4);
    }
}

#[test]
fn the_first_picture_of_an_animation_counts() {
    let mut file = Vec::new();
    {
        let mut encoder = image::codecs::gif::GifEncoder::new(&mut file);
        let frames = [[200, 40, 90, 255], [0, 0, 255, 255]].map(|colour| RgbaImage::from_pixel(16, 16, Rgba(colour)));
        encoder.encode_frames(frames.into_iter().map(image::Frame::new)).unwrap();
    }
    check_colour("moving.gif", &file, [200, 40, 90, 255], 0);
}

#[test]
fn a_palette_becomes_colours() {
    // A png of one bit per pixel, as no encoder at hand writes it: header, palette, data.
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    chunk(&mut file, b"IHDR", &[0, 0, 0, 16, 0, 0, 0, 16, 1, 3, 0, 0, 0]);
    chunk(&mut file, b"PLTE", &[0, 0, 0, 200, 40, 90]);
    // Rows of filter 0 and 16 ones, in a zlib stream of one stored block.
    let rows = [0, 0xff, 0xff].repeat(16);
    let adler = rows.iter().fold((1_u32, 0_u32), |(a, b), &byte| {
        let a = (a + u32::from(byte)) % 65_521;
        (a, (b + a) % 65_521)
    });
    let stored = [&[0x78, 1, 1, 48, 0, 207, 255][..], &rows, &(adler.1 << 16 | adler.0).to_be_bytes()].concat();
    chunk(&mut file, b"IDAT", &stored);
    chunk(&mut file, b"IEND", &[]);
    check_colour("palette.png", &file, [200, 40, 90, 255], 0);
}

fn chunk(file: &mut Vec<u8>, kind: &[u8; 4], data: &[u8]) {
    let body = [kind, data].concat();
    file.extend((data.len() as u32).to_be_bytes());
    file.extend(&body);
    file.extend(crate::load::crc32(&body).to_be_bytes());
}
