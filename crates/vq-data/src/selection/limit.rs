use std::sync::Arc;

use super::{Listed, ranks};
use crate::DataError;

/// So many of a source's samples, chosen by a seed.
///
/// They are those with the lowest numbers, made of seed and id as [`HeldOut`](super::HeldOut) has them, in the source's
/// order: a lower limit takes some of the samples that a higher one takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// How many; at least 1.
    pub count: usize,
    /// Which ones.
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
            let expected = format!("a limit of 1 to {}, which is how many there are", ranks.len());
            return Err(DataError::unexpected("limit the images", expected, count));
        }
        let mut order: Vec<usize> = (0..ranks.len()).collect();
        // Equal ranks keep the source's order.
        order.sort_by_key(|&index| ranks[index]);
        let mut within = vec![false; ranks.len()];
        order[..count].iter().for_each(|&index| within[index] = true);
        Ok(source.part(&|index| within[index]))
    }
}
