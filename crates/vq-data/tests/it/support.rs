use std::error::Error;

use image::{Rgba, RgbaImage};
use vq_data::{DataError, ImageSource, Sample};

/// A source of `len` images of 8x8: the red level of image `i` is `i`, and its caption is `picture i`.
pub(crate) struct Numbered {
    pub(crate) len: usize,
    /// The index of an image that fails.
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

/// An error message with its causes.
pub(crate) fn error_text(error: &DataError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// Asserts that an error message contains all of these.
#[track_caller]
pub(crate) fn check_error(error: &DataError, parts: &[&str]) {
    let text = error_text(error);
    for part in parts {
        assert!(text.contains(part), "{part:?} is missing in: {text}");
    }
}
