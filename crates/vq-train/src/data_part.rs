//! The images of an experiment, to be looked at.

use std::sync::Arc;

use vq_data::{EmojiSet, ImageSource, Split};

use crate::{Cache, DataConfig, SourceConfig, TrainError};

impl DataConfig {
    /// The images to train or to validate on as they lie on disk: neither resized nor kept in memory.
    ///
    /// # Errors
    /// The first thing that is wrong, named by key or file.
    pub fn open(&self, part: Split) -> Result<Arc<dyn ImageSource>, TrainError> {
        self.source.check(&self.transform)?;
        let images = match &self.source {
            SourceConfig::Emoji => return Ok(self.show.of(Arc::new(EmojiSet::embedded()?.split(part)))),
            SourceConfig::Folder(folder) => folder.list()?.images(Cache::None, &self.transform)?,
            SourceConfig::Scenes(scenes) => scenes.open(&self.transform)?,
            SourceConfig::Dataset(pair) => pair.list()?.images(Cache::None, &self.transform)?,
        };
        Ok(self.show.of(match part {
            Split::Train => images.train,
            Split::Validation => images.validation,
        }))
    }
}
