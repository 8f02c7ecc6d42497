//! Each data set in a small folder of its layout.

mod captioned;
pub(crate) mod cifar;
mod config;
mod damage;
mod detect;
mod photos;
mod segmented;
pub(crate) mod web;

use std::path::Path;

use image::{GrayImage, ImageFormat, Luma, Rgb, RgbImage};
use tempfile::TempDir;
use vq_data::{DataError, ImageSource};

use crate::support::check_error;

/// A temporary folder with files.
pub(crate) struct Tree {
    folder: TempDir,
}

impl Tree {
    pub(crate) fn new() -> Self {
        Self { folder: TempDir::new().unwrap() }
    }

    pub(crate) fn root(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file, and makes the folders above it.
    pub(crate) fn put(&self, path: &str, bytes: impl AsRef<[u8]>) -> &Self {
        let path = self.root().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
        self
    }

    pub(crate) fn remove(&self, path: &str) -> &Self {
        let path = self.root().join(path);
        if path.is_dir() {
            std::fs::remove_dir_all(path).unwrap()
        } else {
            std::fs::remove_file(path).unwrap()
        }
        self
    }
}

/// A PNG file of 4x4 pixels of one grey.
pub(crate) fn picture(level: u8) -> Vec<u8> {
    let mut file = std::io::Cursor::new(Vec::new());
    RgbImage::from_pixel(4, 4, Rgb([level; 3])).write_to(&mut file, ImageFormat::Png).unwrap();
    file.into_inner()
}

/// A grey PNG file of one channel, with these levels row by row.
pub(crate) fn grey(width: u32, levels: &[u8]) -> Vec<u8> {
    let height = levels.len() as u32 / width;
    let image = GrayImage::from_fn(width, height, |x, y| Luma([levels[(y * width + x) as usize]]));
    let mut file = std::io::Cursor::new(Vec::new());
    image.write_to(&mut file, ImageFormat::Png).unwrap();
    file.into_inner()
}

/// Each sample as `id | captions | labels | red level`, in order.
pub(crate) fn listing(source: &dyn ImageSource) -> Vec<String> {
    let line = |index| {
        let sample = source.get(index).unwrap();
        let captions: Vec<String> = sample.caption.into_iter().chain(sample.more_captions).collect();
        let red = sample.image.get_pixel(0, 0).0[0];
        format!("{} | {} | {} | {red}", sample.id, captions.join(" / "), sample.labels.join(" > "))
    };
    (0..source.len()).map(line).collect()
}

/// Asserts that a result is an error whose message contains all of these.
#[track_caller]
pub(crate) fn check_refused<T>(result: Result<T, DataError>, parts: &[&str]) {
    match result {
        Ok(_) => panic!("expected an error that contains {parts:?}"),
        Err(error) => check_error(&error, parts),
    }
}
