//! The work of one loader thread.

use std::sync::Arc;

use crossbeam_channel::Sender;

use super::batch::Batch;
use super::config::{LoaderConfig, SampleOrder};
use crate::EpochStream;
use crate::purpose::Purpose;
use crate::source::fetch;
use crate::transform::Annotations;
use crate::{DataError, ImageSource, Transform};

/// Makes the batches whose numbers it is given.
pub(super) struct Worker {
    source: Arc<dyn ImageSource>,
    transform: Transform,
    config: LoaderConfig,
    stream: EpochStream,
}

impl Worker {
    pub(super) fn new(
        source: Arc<dyn ImageSource>,
        transform: Transform,
        config: LoaderConfig,
    ) -> Result<Self, DataError> {
        let stream = EpochStream::new(source.len(), config.seed)?;
        Ok(Self { source, transform, config, stream })
    }

    /// Sends batches until there are no more or the receiver is dropped.
    pub(super) fn run(mut self, batches: impl Iterator<Item = u64>, sender: &Sender<Result<Batch, DataError>>) {
        for number in batches {
            let batch = self.batch(number);
            if sender.send(batch).is_err() {
                return;
            }
        }
    }

    fn batch(&mut self, number: u64) -> Result<Batch, DataError> {
        let len = self.source.len() as u64;
        let part = self.config.part;
        let first = self.config.first_sample + number * self.config.batch_size as u64;
        let last = first + self.config.batch_size as u64;
        let counts = match self.config.order {
            SampleOrder::Shuffled => first..last,
            SampleOrder::OnePass => first..last.min(part.share(len)),
        };
        let count = (counts.end - counts.start) as usize;
        let values = self.transform.values();
        let mut batch = Batch {
            images: vec![0.0; count * values],
            count,
            size: self.transform.size,
            indices: Vec::with_capacity(count),
            captions: Vec::with_capacity(count),
            labels: Vec::with_capacity(count),
            segmentations: Vec::with_capacity(count),
            boxes: Vec::with_capacity(count),
        };
        for (count, chw) in counts.zip(batch.images.chunks_exact_mut(values)) {
            let position = count * part.of + part.index;
            let index = match self.config.order {
                SampleOrder::Shuffled => self.stream.at(position),
                SampleOrder::OnePass => position as usize,
            };
            let sample = fetch(&*self.source, index)?;
            let caption = match self.config.order {
                SampleOrder::Shuffled => sample.caption_at(self.config.seed, position / len * len + index as u64),
                SampleOrder::OnePass => sample.caption.as_deref(),
            };
            let seed = Purpose::Sample.stream(self.config.seed, position).bits();
            match self.transform.apply_sample_into(&sample, caption, seed, chw) {
                Ok(Annotations { caption, segmentation, boxes }) => {
                    batch.captions.push(caption);
                    batch.segmentations.push(segmentation);
                    batch.boxes.push(boxes);
                }
                Err(error) => return Err(DataError::Sample { id: sample.id, source: Box::new(error) }),
            }
            batch.labels.push(sample.labels);
            batch.indices.push(index);
        }
        Ok(batch)
    }
}
