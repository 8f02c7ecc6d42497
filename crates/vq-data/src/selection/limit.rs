//! A limited number of samples chosen by seed and id.

use std::sync::Arc;

use super::rank::ranks;
use crate::{DataError, Listed};

/// A number of a source's samples, chosen by a seed.
///
/// The samples with the lowest ranks (the hash of seed and id that [`HeldOut`](crate::HeldOut) describes) are taken, in
/// the source's order. The samples of a lower limit are a subset of those of a higher one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// The number of samples; at least 1.
    pub count: usize,
    /// Decides which samples are taken.
    pub seed: u64,
}

impl Limit {
    /// The samples within the limit.
    ///
    /// # Errors
    ///
    /// If the count is 0, or the source has fewer samples.
    pub fn apply(&self, source: &dyn Listed) -> Result<Arc<dyn Listed>, DataError> {
        let ranks = ranks(source, self.seed);
        let count = self.count;
        if count == 0 || count > ranks.len() {
            let expected = format!("a limit of 1 to {}, the number of images", ranks.len());
            return Err(DataError::unexpected("limit the images", expected, count));
        }
        let mut order: Vec<usize> = (0..ranks.len()).collect();
        // A stable sort: samples of equal rank keep the source's order.
        order.sort_by_key(|&index| ranks[index]);
        let mut within = vec![false; ranks.len()];
        order[..count].iter().for_each(|&index| within[index] = true);
        Ok(source.part(&|index| within[index]))
    }
}
