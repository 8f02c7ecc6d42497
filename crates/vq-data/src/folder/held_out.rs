use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::ImageFolder;
use super::listing::path_key;
use crate::DataError;
use crate::damage::Damage;

/// A share of a folder's images, chosen by a seed.
///
/// An image belongs to it if the first eight bytes of the SHA-256 of seed (eight bytes, little-endian) and path (within
/// the folder, with `/` between its parts), as a big-endian number, lie in the lowest `share`.
/// So an image that is added or removed moves no other one, and the share is met only about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeldOut {
    /// How much of the images is held out; above 0 and below 1.
    pub share: f64,
    /// Which ones; 0 by default.
    #[serde(default)]
    pub seed: u64,
}

/// An image folder in two parts without common images.
#[derive(Debug)]
pub struct Parts {
    /// What is left to train on.
    pub train: ImageFolder,
    /// What is held out.
    pub held_out: ImageFolder,
}

impl HeldOut {
    pub(crate) fn check(&self, op: &str) -> Result<(), DataError> {
        let sensible = self.share > 0.0 && self.share < 1.0;
        if sensible { Ok(()) } else { Err(DataError::unexpected(op, "a share above 0 and below 1", self.share)) }
    }

    /// Whether the image at this path, in bytes with `/` between the parts, is held out.
    pub(crate) fn takes(&self, path: &[u8]) -> bool {
        let digest = Sha256::new().chain_update(self.seed.to_le_bytes()).chain_update(path).finalize();
        let mut head = [0; 8];
        head.copy_from_slice(&digest[..8]);
        (u64::from_be_bytes(head) as f64) < self.share * 2.0_f64.powi(64)
    }
}

impl ImageFolder {
    /// Divides a folder.
    ///
    /// # Errors
    ///
    /// If the share is not above 0 and below 1, or one part has no image.
    pub fn hold_out(self, held_out: &HeldOut) -> Result<Parts, DataError> {
        let share = held_out.share;
        let op = || format!("hold out images of {}", self.root.display());
        held_out.check(&op())?;
        let (held, rest): (Vec<_>, Vec<_>) =
            self.files.iter().cloned().partition(|file| held_out.takes(&path_key(file)));
        if held.is_empty() || rest.is_empty() {
            let expected = format!("images on both sides of a share of {share}");
            let got = format!("{} held out of {}", held.len(), self.files.len());
            return Err(DataError::unexpected(op(), expected, got));
        }
        let part = |files| Self {
            root: self.root.clone(),
            config: self.config.clone(),
            files,
            others: self.others,
            damage: Damage::default(),
        };
        Ok(Parts { train: part(rest), held_out: part(held) })
    }
}
