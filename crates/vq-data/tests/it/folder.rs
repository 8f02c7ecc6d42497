use std::ffi::OsStr;
use std::path::Path;
use std::sync::Arc;

use image::{ImageFormat, Rgb, RgbImage};
use proptest::prelude::*;
use tempfile::TempDir;
use vq_data::{
    Batch, Damaged, DataError, FolderClasses, ImageFolder, ImageFolderConfig, ImageSource, InMemory, Loader,
    LoaderConfig, Transform,
};

use crate::support::check_error;

const SKIP: ImageFolderConfig =
    ImageFolderConfig { classes: FolderClasses::Unlabelled, caption: None, damaged: Damaged::Skip };
const CLASSES: ImageFolderConfig =
    ImageFolderConfig { classes: FolderClasses::FirstFolder, caption: None, damaged: Damaged::Fail };

/// Writes a file, and makes the folders above it.
fn put(root: &Path, path: impl AsRef<Path>, bytes: &[u8]) {
    let path = root.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}

/// A PNG file of 8x8 pixels of one colour.
fn png(level: u8) -> Vec<u8> {
    let mut file = std::io::Cursor::new(Vec::new());
    RgbImage::from_pixel(8, 8, Rgb([level; 3])).write_to(&mut file, ImageFormat::Png).unwrap();
    file.into_inner()
}

/// A folder of these files; the red level of each is its position in the list.
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
fn images_are_in_the_order_of_the_bytes_of_their_paths() {
    let folder = folder_of(&["b/2.png", "a.png", "b/10.png", "b-c/1.png", "B/z.png", "b/é.png", "b.png"]);
    let order = ["B/z.png", "a.png", "b-c/1.png", "b.png", "b/10.png", "b/2.png", "b/é.png"];
    let folder = open(folder.path());
    assert_eq!(ids(&folder), order);
    assert_eq!([red(&folder, 0), red(&folder, 1), red(&folder, 6)], [4, 1, 5]);
    assert_eq!(folder.files()[5], Path::new("b").join("2.png"));
    assert_eq!(folder.get(0).unwrap().labels, [""; 0]);
    check_error(&folder.get(7).unwrap_err(), &["an index below 7, got 7"]);
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
}

#[test]
fn the_first_folder_is_the_class() {
    let folder = folder_of(&["dog/old/a.png", "cat/b.png", "dog/c.png"]);
    let classes = ImageFolder::open(folder.path(), CLASSES).unwrap();
    assert_eq!(classes.classes(), ["cat", "dog"]);
    // The value in a file, and its spelling in older files.
    for value in ["first-folder", "first_folder"] {
        let json = format!(r#"{{"classes": "{value}"}}"#);
        assert_eq!(serde_json::from_str::<ImageFolderConfig>(&json).unwrap(), CLASSES);
    }
    assert_eq!(serde_json::to_value(CLASSES).unwrap()["classes"], "first-folder");
    let labels: Vec<Vec<String>> = (0..3).map(|index| classes.get(index).unwrap().labels).collect();
    assert_eq!(labels, [["cat"], ["dog"], ["dog"]]);
    assert!(open(folder.path()).classes().is_empty());

    put(folder.path(), "stray.png", &png(0));
    let error = ImageFolder::open(folder.path(), CLASSES).unwrap_err();
    check_error(&error, &["read the class of", "stray.png", "one directly in"]);
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
fn folders_without_images_are_refused() {
    let error = ImageFolder::open("no/such/folder", ImageFolderConfig::default()).unwrap_err();
    check_error(&error, &["open image folder", "no/such/folder", "No such file"]);

    let empty = TempDir::new().unwrap();
    put(empty.path(), "notes.txt", b"x");
    let error = |root: &Path| ImageFolder::open(root, ImageFolderConfig::default()).unwrap_err();
    check_error(&error(empty.path()), &[&empty.path().display().to_string(), ".webp", "got none among 1 files"]);
    check_error(&error(&empty.path().join("notes.txt")), &["notes.txt", "expected a folder, got a file"]);
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
    check_error(&error, &["open image folder", "round"]);
}

#[cfg(unix)]
#[test]
fn a_name_that_is_not_utf8_has_its_own_id() {
    use std::os::unix::ffi::OsStrExt;

    let folder = TempDir::new().unwrap();
    for name in [b"\xff.png", b"\xfe.png"] {
        put(folder.path(), OsStr::from_bytes(name), &png(1));
    }
    assert_eq!(ids(&open(folder.path())), ["\\xfe.png", "\\xff.png"]);
}

/// A folder of five images, three of them damaged in different ways.
fn damaged() -> TempDir {
    let folder = folder_of(&["0.png", "1.png", "2.png", "3.png", "4.png"]);
    put(folder.path(), "1.png", b"");
    put(folder.path(), "2.png", &png(2)[..40]);
    put(folder.path(), "4.png", b"no image at all");
    folder
}

#[test]
fn the_error_of_a_damaged_image_names_it() {
    let folder = damaged();
    let folder = open(folder.path());
    assert_eq!(red(&folder, 0), 0);
    check_error(&folder.get(1).unwrap_err(), &["1.png", "an empty file"]);
    check_error(&folder.get(2).unwrap_err(), &["2.png", "a whole jpeg, png"]);
    check_error(&folder.get(4).unwrap_err(), &["4.png", "a file of another format"]);
    assert!(folder.damaged().is_empty());
}

#[test]
fn a_damaged_image_is_skipped_and_recorded() {
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
fn an_unreadable_file_is_an_error_under_both_policies() {
    let folder = folder_of(&["0.png", "1.png"]);
    let skipping = ImageFolder::open(folder.path(), SKIP).unwrap();
    std::fs::remove_file(folder.path().join("0.png")).unwrap();
    let error = skipping.get(0).unwrap_err();
    assert!(matches!(error, DataError::Io { .. }));
    check_error(&error, &["read image", "0.png"]);
    assert!(skipping.damaged().is_empty());
}

#[test]
fn a_folder_of_damaged_images_only_is_an_error() {
    let folder = TempDir::new().unwrap();
    put(folder.path(), "a.png", b"");
    put(folder.path(), "b.jpg", b"");
    let folder = ImageFolder::open(folder.path(), SKIP).unwrap();
    check_error(&folder.get(1).unwrap_err(), &["read image folder", "at least one sound image, got 2 damaged ones"]);
    assert_eq!(folder.damaged().len(), 2);
}
