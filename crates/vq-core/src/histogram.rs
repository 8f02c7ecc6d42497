//! How often each code was chosen, as plain numbers.

use std::ops::Range;

use serde::{Deserialize, Serialize};
use tch::{Device, Kind, Tensor};

use crate::rows::Mask;
use crate::{CoreError, Layout, Usage};

/// How often each code of a group was chosen.
///
/// It may be written to a file, read back in another process and merged there.
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
    /// How many ids were counted.
    pub fn total(&self) -> i64 {
        self.counts.iter().sum()
    }

    /// The dead codes: ids that were never chosen, in ascending order.
    pub fn dead(&self) -> Vec<i64> {
        self.codes.clone().zip(&self.counts).filter(|&(_, &count)| count == 0).map(|(id, _)| id).collect()
    }

    /// The counts, largest first: the curve by which codebooks of different order are compared.
    pub fn ranked(&self) -> Vec<i64> {
        let mut counts = self.counts.clone();
        counts.sort_unstable_by(|one, other| other.cmp(one));
        counts
    }

    /// `exp(-sum p ln p)` over the shares `p`: 1 if one code takes all, the size of the group if all are equal.
    /// Zero if nothing was counted.
    pub fn perplexity(&self) -> f64 {
        let total = self.total() as f64;
        if total == 0.0 {
            return 0.0;
        }
        let shares = self.counts.iter().filter(|&&count| count > 0).map(|&count| count as f64 / total);
        (-shares.map(|share| share * share.ln()).sum::<f64>()).exp()
    }

    /// Bits that all counted ids take when each is coded by its share, `-sum x log2 p` over counts `x` and shares `p`.
    pub fn bits(&self) -> f64 {
        let total = self.total() as f64;
        let used = self.counts.iter().filter(|&&count| count > 0).map(|&count| count as f64);
        used.map(|count| count * (total / count).log2()).sum()
    }

    /// Gini coefficient of the counts `x`, `sum |x_i - x_j| / (2 n sum x)` over all pairs: 0 if all are equal,
    /// `1 - 1/n` if one of `n` codes takes all.
    /// Zero if nothing was counted.
    pub fn gini(&self) -> f64 {
        let mut ascending = self.counts.clone();
        ascending.sort_unstable();
        let size = ascending.len() as i128;
        // In whole numbers: of equal counts it is zero, not what rounding leaves.
        let (mut apart, mut total) = (0, 0);
        for (place, &count) in (1..).zip(&ascending) {
            let count = i128::from(count);
            apart += (2 * place - size - 1) * count;
            total += count;
        }
        if total == 0 { 0.0 } else { apart as f64 / (size * total) as f64 }
    }

    /// Adds the counts of the same group, such as those of another process's part of a set.
    ///
    /// # Errors
    /// [`CoreError::Option`] if it is of another group or other codes, has not a count of 0 or more for each code, or if a
    /// sum is too large; then nothing is added.
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

    /// The figures of the group.
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

/// Most codes that are counted: 2 GiB of counters.
const MOST_COUNTERS: i64 = 1 << 28;

/// A counter of zero for each code: `[K]`, `Int64`, on the CPU.
pub(crate) fn zero_counts(op: &'static str, layout: &Layout) -> Result<Tensor, CoreError> {
    if layout.codes > MOST_COUNTERS {
        let expected = format!("at most {MOST_COUNTERS} codes to count");
        return Err(CoreError::Option { op, expected, got: layout.codes.to_string() });
    }
    Ok(Tensor::zeros([layout.codes], (Kind::Int64, Device::Cpu)))
}

/// How often each id of `[B, H, W, S]` occurs where `mask` `[B, H, W]` counts: `[K]`, `Int64`, on the device of the ids.
pub(crate) fn count(
    op: &'static str,
    layout: &Layout,
    indices: &Tensor,
    mask: Option<&Tensor>,
) -> Result<Tensor, CoreError> {
    layout.check_indices(op, indices)?;
    let mask = Mask::new(op, mask, &indices.permute([0, 3, 1, 2]))?;
    Ok(mask.select(&indices.flatten(0, 2)).flatten(0, 1).bincount::<Tensor>(None, layout.codes))
}

/// Counts `[K]`, `Int64`, group by group in the layout's order.
pub(crate) fn histograms(layout: &Layout, counts: &Tensor) -> Vec<Histogram> {
    let mut all = vec![0; counts.numel()];
    counts.to_device(Device::Cpu).copy_data(&mut all, counts.numel());
    let groups = layout.groups().into_iter().map(|slot| Histogram {
        group: slot.group.clone(),
        codes: slot.codes.clone(),
        counts: all[slot.codes.start as usize..slot.codes.end as usize].to_vec(),
    });
    groups.collect()
}
