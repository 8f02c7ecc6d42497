//! Usage statistics of a codebook.

use serde::{Deserialize, Serialize};

/// Usage statistics of one group of codes, over all ids that were counted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Usage {
    /// The group's name.
    pub group: String,
    /// Codes in the group.
    pub size: i64,
    /// Codes chosen at least once.
    pub used: i64,
    /// `exp(-sum p ln p)` over the shares `p` of the group's codes: 1 if only one code is used, `size` if all counts
    /// are equal. Zero if nothing was counted.
    pub perplexity: f64,
    /// Gini coefficient of the counts ([`Histogram::gini`](crate::Histogram::gini)): 0 if all are equal, near 1 if only
    /// one code is used.
    pub gini: f64,
}

impl Usage {
    /// Share of the codes chosen at least once, in `0..=1`.
    pub fn share(&self) -> f64 {
        self.used as f64 / self.size as f64
    }

    /// Number of dead codes: those never chosen.
    pub fn dead(&self) -> i64 {
        self.size - self.used
    }
}
