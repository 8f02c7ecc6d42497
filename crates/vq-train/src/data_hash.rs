//! Which images, and which captions.

use sha2::{Digest, Sha256};
use vq_data::Batch;

/// The hash of [`EvaluatedData::sha256`](crate::EvaluatedData::sha256), as batches come.
#[derive(Default)]
pub(crate) struct DataHash(Sha256);

impl DataHash {
    pub(crate) fn update(&mut self, batch: &Batch, captions: &[Vec<String>]) {
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

    pub(crate) fn finish(self) -> String {
        self.0.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
