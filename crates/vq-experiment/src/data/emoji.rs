//! The embedded emoji as a data source.

use std::sync::Arc;

use vq_data::{EmojiSet, InMemory, Split, Transform};

use super::images::{Images, Storage, in_memory};
use super::source::Source;
use crate::ConfigError;

/// The embedded emoji.
pub(super) struct EmojiSource;

impl Source for EmojiSource {
    fn check(&self, _transform: &Transform) -> Result<(), ConfigError> {
        Ok(())
    }

    fn open(&self, transform: &Transform, storage: Storage) -> Result<Images, ConfigError> {
        let emoji = EmojiSet::embedded()?;
        let [train, validation] = [Split::Train, Split::Validation].map(|part| emoji.split(part));
        Ok(match storage {
            Storage::Disk => Images::new(Arc::new(train), Arc::new(validation)),
            Storage::AsConfigured => {
                Images::new(in_memory(&train, transform)?, Arc::new(InMemory::load(&validation, transform.size)?))
            }
        })
    }
}
