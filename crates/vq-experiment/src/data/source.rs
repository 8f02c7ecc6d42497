//! What every kind of data source can do.

use tch::Device;
use vq_data::Transform;

use super::images::{Images, Storage};
use crate::ConfigError;

/// What every kind of source can do.
pub(super) trait Source {
    /// Checks what needs no disk.
    fn check(&self, transform: &Transform) -> Result<(), ConfigError>;

    /// Opens the images to train on and to validate on.
    fn open(&self, transform: &Transform, storage: Storage) -> Result<Images, ConfigError>;

    /// Threads that make batches while a model trains on `device`.
    fn threads(&self, _device: Device) -> usize {
        1
    }
}
