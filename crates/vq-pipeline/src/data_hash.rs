//! The hash of images and captions.

use sha2::{Digest, Sha256};
use vq_data::Batch;
use vq_file::hex;

/// SHA-256 of images as the tokenizer gets them (`f32`, little-endian), each followed by its captions, each of which ends
/// with a zero byte.
#[derive(Default)]
pub struct DataHash(Sha256);

impl DataHash {
    /// Takes in a batch, with all captions of each image.
    pub fn update(&mut self, batch: &Batch, captions: &[Vec<String>]) {
        let values = batch.images.len() / batch.count.max(1);
        for (image, captions) in batch.images.chunks(values.max(1)).zip(captions) {
            for value in image {
                self.0.update(value.to_le_bytes());
            }
            for caption in captions {
                self.0.update(caption.as_bytes());
                self.0.update([0]);
            }
        }
    }

    /// The hash in hexadecimal.
    pub fn finish(self) -> String {
        hex(&self.0.finalize())
    }
}
