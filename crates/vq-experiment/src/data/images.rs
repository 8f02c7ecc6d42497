//! Opened sources.

use std::sync::Arc;

use vq_data::{Crop, ImageSource, InMemory, Transform};

use crate::ConfigError;

/// Images to train on and to validate on.
pub struct Images {
    /// To train on.
    pub train: Arc<dyn ImageSource>,
    /// To validate on.
    pub validation: Arc<dyn ImageSource>,
    /// The sources on disk behind them, if any, which record the damaged files that were skipped.
    pub sources: Vec<Arc<dyn ImageSource>>,
}

/// Whether images are decoded into memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Storage {
    /// As the configuration says.
    AsConfigured,
    /// Images stay on disk, in their own size.
    Disk,
}

impl Images {
    /// Images without files behind them.
    pub fn new(train: Arc<dyn ImageSource>, validation: Arc<dyn ImageSource>) -> Self {
        Self { train, validation, sources: Vec::new() }
    }
}

/// Decodes a source once: at the size of training if the whole image is used, else at twice that size, so that crops
/// are sharp.
pub(super) fn in_memory(source: &dyn ImageSource, transform: &Transform) -> Result<Arc<dyn ImageSource>, ConfigError> {
    let size = match transform.crop {
        Crop::Center => transform.size,
        Crop::Random(_) => transform.size * 2,
    };
    Ok(Arc::new(InMemory::load(source, size)?))
}
