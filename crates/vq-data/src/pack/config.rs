//! How samples are packed.

use serde::{Deserialize, Serialize};

use crate::{Damaged, DataError};

/// How samples are packed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackConfig {
    /// Height and width of the packed images in pixels, S; at least 1.
    pub size: u32,
    /// Samples in a shard, at least 1; the last shard may have fewer.
    pub samples_per_shard: usize,
    /// The format of the images.
    #[serde(default)]
    pub encoding: PackEncoding,
    /// What is done with a damaged sample.
    #[serde(default)]
    pub damaged: Damaged,
}

/// The format of packed images.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum PackEncoding {
    /// PNG, which is lossless; with alpha only if a pixel is transparent.
    #[default]
    Png,
    /// JPEG, which is smaller and lossy.
    Jpeg {
        /// 1 to 100; higher is better and larger.
        quality: u8,
        /// The background of transparent pixels (red, green, blue), because JPEG has no alpha.
        background: [u8; 3],
    },
}

impl PackConfig {
    /// Checks all values.
    ///
    /// # Errors
    ///
    /// If a value is outside of its range; the error names the key.
    pub fn check(&self) -> Result<(), DataError> {
        let refuse = |key: &str, expected: &str, got: String| {
            Err(DataError::unexpected(format!("check the packing options: {key}"), expected, got))
        };
        if self.size == 0 || self.size > crate::MAX_SIDE {
            return refuse("size", &format!("1 to {} pixels", crate::MAX_SIDE), self.size.to_string());
        }
        if self.samples_per_shard == 0 {
            return refuse("samples_per_shard", "at least 1 sample", "0".to_owned());
        }
        match self.encoding {
            PackEncoding::Jpeg { quality, .. } if !(1..=100).contains(&quality) => {
                refuse("encoding.quality", "1 to 100", quality.to_string())
            }
            _ => Ok(()),
        }
    }
}
