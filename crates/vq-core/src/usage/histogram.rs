//! Counts of the codes of a group, as plain numbers.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::stats::Usage;
use crate::error::CoreError;

/// Counts of the codes of a group.
///
/// Histograms can be serialized and merged across processes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Histogram {
    /// The group's name.
    pub group: String,
    /// The ids of the group.
    pub codes: Range<i64>,
    /// One count for each of `codes`, in their order.
    pub counts: Vec<i64>,
}

impl Histogram {
    /// Number of counted ids.
    pub fn total(&self) -> i64 {
        self.counts.iter().sum()
    }

    /// The dead codes: ids with a count of zero, in ascending order.
    pub fn dead(&self) -> Vec<i64> {
        self.codes.clone().zip(&self.counts).filter(|&(_, &count)| count == 0).map(|(id, _)| id).collect()
    }

    /// The counts in descending order, for comparing codebooks with different id orders.
    pub fn ranked(&self) -> Vec<i64> {
        let mut counts = self.counts.clone();
        counts.sort_unstable_by(|one, other| other.cmp(one));
        counts
    }

    /// `exp(-sum p ln p)` over the shares `p`: 1 if only one code is used, the size of the group if all counts are
    /// equal. Zero if nothing was counted.
    pub fn perplexity(&self) -> f64 {
        let total = self.total() as f64;
        if total == 0.0 {
            return 0.0;
        }
        let shares = self.counts.iter().filter(|&&count| count > 0).map(|&count| count as f64 / total);
        (-shares.map(|share| share * share.ln()).sum::<f64>()).exp()
    }

    /// Bits of all counted ids under the entropy code of the shares `p`: `-sum x log2 p` over counts `x`.
    pub fn bits(&self) -> f64 {
        let total = self.total() as f64;
        let used = self.counts.iter().filter(|&&count| count > 0).map(|&count| count as f64);
        used.map(|count| count * (total / count).log2()).sum()
    }

    /// Gini coefficient of the counts `x`, `sum |x_i - x_j| / (2 n sum x)` over all pairs: 0 if all are equal,
    /// `1 - 1/n` if only one of `n` codes is used.
    /// Zero if nothing was counted.
    pub fn gini(&self) -> f64 {
        let mut ascending = self.counts.clone();
        ascending.sort_unstable();
        let size = ascending.len() as i128;
        // In integers, so that equal counts give exactly zero.
        let (mut differences, mut total) = (0, 0);
        for (rank, &count) in (1..).zip(&ascending) {
            let count = i128::from(count);
            differences += (2 * rank - size - 1) * count;
            total += count;
        }
        if total == 0 { 0.0 } else { differences as f64 / (size * total) as f64 }
    }

    /// Adds counts of the same group, such as those of another process.
    ///
    /// # Errors
    /// [`CoreError::Option`] if group or codes differ, if there is not one count of at least 0 for each code, or if a
    /// sum overflows. Nothing is added then.
    pub fn merge(&mut self, other: &Self) -> Result<(), CoreError> {
        let refuse = |expected: String, got: String| Err(CoreError::Option { op: "Histogram::merge", expected, got });
        if (&self.group, &self.codes) != (&other.group, &other.codes) {
            let expected = format!("counts of {} {:?}", self.group, self.codes);
            return refuse(expected, format!("{} {:?}", other.group, other.codes));
        }
        for counts in [&self.counts, &other.counts] {
            if counts.len() as i64 != self.codes.end - self.codes.start {
                let expected = format!("a count for each of {} {:?}", self.group, self.codes);
                return refuse(expected, counts.len().to_string());
            }
            if let Some(count) = counts.iter().find(|&&count| count < 0) {
                return refuse(format!("counts of {} of 0 or more", self.group), count.to_string());
            }
        }
        let sums = self.counts.iter().zip(&other.counts).map(|(one, other)| one.checked_add(*other));
        match sums.collect() {
            Some(sums) => self.counts = sums,
            None => return refuse(format!("sums of {} below 2^63", self.group), "more".into()),
        }
        Ok(())
    }

    /// Usage statistics of the group.
    pub fn usage(&self) -> Usage {
        Usage {
            group: self.group.clone(),
            size: self.codes.end - self.codes.start,
            used: self.counts.iter().filter(|&&count| count > 0).count() as i64,
            perplexity: self.perplexity(),
            gini: self.gini(),
        }
    }
}
