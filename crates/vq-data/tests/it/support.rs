use std::error::Error;

use image::{Rgba, RgbaImage};
use vq_data::{DataError, ImageSource, Sample};

/// `len` images of 8x8; the red level of image `i` is `i`, its caption is `picture i`.
pub(crate) struct Numbered {
    pub(crate) len: usize,
    /// This one fails.
    pub(crate) broken: Option<usize>,
}

impl Numbered {
    pub(crate) fn new(len: usize) -> Self {
        Self { len, broken: None }
    }
}

impl ImageSource for Numbered {
    fn len(&self) -> usize {
        self.len
    }

    fn get(&self, index: usize) -> Result<Sample, DataError> {
        let mut image = RgbaImage::from_fn(8, 8, |x, y| Rgba([index as u8, x as u8, y as u8, 200]));
        if self.broken == Some(index) {
            image = RgbaImage::new(0, 0);
        }
        Ok(Sample {
            id: format!("number {index}"),
            image,
            caption: Some(format!("picture {index}")),
            ..Sample::default()
        })
    }
}

/// An error and its causes, as a person would see them.
pub(crate) fn told(error: &DataError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// Asserts that an error says all of these.
#[track_caller]
pub(crate) fn check_told(error: &DataError, says: &[&str]) {
    let told = told(error);
    for part in says {
        assert!(told.contains(part), "{part:?} is missing in: {told}");
    }
}
