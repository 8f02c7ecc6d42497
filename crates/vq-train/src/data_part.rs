//! The images of an experiment, to be looked at.

use std::sync::Arc;

use vq_data::{EmojiSet, ImageSource, Parts, Split};

use crate::folder_config::Images;
use crate::{DataConfig, SourceConfig, TrainError};

impl DataConfig {
    /// The images to train or to validate on as they lie on disk: neither resized nor kept in memory.
    ///
    /// # Errors
    /// The first thing that is wrong, named by key or file.
    pub fn open(&self, part: Split) -> Result<Arc<dyn ImageSource>, TrainError> {
        self.source.check(&self.transform)?;
        let images = match &self.source {
            SourceConfig::Emoji => return Ok(Arc::new(EmojiSet::embedded()?.split(part))),
            SourceConfig::Folder(folder) => {
                let Parts { train, held_out } = folder.list()?;
                Images::of(Arc::new(train), Arc::new(held_out))
            }
            SourceConfig::Scenes(scenes) => scenes.open(&self.transform)?,
            SourceConfig::Dataset(pair) => pair.open()?,
        };
        Ok(match part {
            Split::Train => images.train,
            Split::Validation => images.validation,
        })
    }
}
