//! A validation part chosen by seed and id.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::rank::ranks;
use crate::{DataError, Listed};

/// A share of a source's samples, chosen by a seed.
///
/// A sample is held out if the first eight bytes of the SHA-256 of seed (eight bytes, little-endian) and id (of a file,
/// its path within the folder, with `/` between its parts), as a big-endian number, lie in the lowest `share`.
/// A sample that is added or removed therefore moves no other one, and the share is met only approximately.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeldOut {
    /// The share of the samples that is held out; above 0 and below 1.
    pub share: f64,
    /// Decides which samples are held out; 0 by default.
    #[serde(default)]
    pub seed: u64,
}

/// A source in two parts without common samples.
#[derive(Clone)]
pub struct HeldOutSplit {
    /// The samples that are left for training.
    pub train: Arc<dyn Listed>,
    /// The samples that are held out.
    pub held_out: Arc<dyn Listed>,
}

impl HeldOut {
    /// Divides a source.
    ///
    /// # Errors
    ///
    /// If the share is not above 0 and below 1, or one part has no sample.
    pub fn divide(&self, source: &dyn Listed) -> Result<HeldOutSplit, DataError> {
        let refuse = |expected, got| Err(DataError::unexpected("hold out a share of the images", expected, got));
        let share = self.share;
        if !(share > 0.0 && share < 1.0) {
            return refuse("a share above 0 and below 1".to_owned(), share.to_string());
        }
        let held: Vec<bool> =
            ranks(source, self.seed).into_iter().map(|rank| (rank as f64) < share * 2.0_f64.powi(64)).collect();
        let count = held.iter().filter(|&&held| held).count();
        if count == 0 || count == held.len() {
            let expected = format!("images on both sides of a share of {share}");
            return refuse(expected, format!("{count} held out of {}", held.len()));
        }
        Ok(HeldOutSplit { train: source.part(&|index| !held[index]), held_out: source.part(&|index| held[index]) })
    }
}
