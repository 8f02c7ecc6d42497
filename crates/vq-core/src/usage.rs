//! How much of a codebook is used.

use tch::{Device, Kind, Tensor};

use crate::{CoreError, Layout};

/// Use of one group of codes over everything that was counted.
#[derive(Debug, Clone, PartialEq)]
pub struct Usage {
    /// The group's name.
    pub group: String,
    /// Codes in the group.
    pub size: i64,
    /// Codes chosen at least once.
    pub used: i64,
    /// `exp(-sum p ln p)` over the group's histogram `p`: 1 if one code takes all, `size` if all are equal.
    /// Zero if nothing was counted.
    pub perplexity: f64,
}

impl Usage {
    /// Share of the codes chosen at least once, in `0..=1`.
    pub fn share(&self) -> f64 {
        self.used as f64 / self.size as f64
    }
}

/// Counts how often each code is chosen.
///
/// The figures depend on what is counted: a whole validation set, or a window of batches. State which.
#[derive(Debug)]
pub struct UsageCounter {
    layout: Layout,
    counts: Tensor,
}

impl UsageCounter {
    /// Starts at zero for all codes of `layout`.
    pub fn new(layout: &Layout) -> Self {
        let counts = Tensor::zeros([layout.codes], (Kind::Int64, Device::Cpu));
        Self { layout: layout.clone(), counts }
    }

    /// Counts ids `[B, H, W, S]`.
    ///
    /// # Errors
    /// [`CoreError::Shape`], [`CoreError::Kind`] or [`CoreError::Id`] if the ids do not fit the layout.
    pub fn update(&mut self, indices: &Tensor) -> Result<(), CoreError> {
        self.layout.check_indices("UsageCounter::update", indices)?;
        let flat = indices.flatten(0, -1).to_device(Device::Cpu);
        self.counts += flat.bincount::<Tensor>(None, self.layout.codes);
        Ok(())
    }

    /// How often each code was chosen, `[K]`, `Int64`, on the CPU.
    pub fn histogram(&self) -> Tensor {
        self.counts.copy()
    }

    /// The use of each group, in the layout's order.
    pub fn compute(&self) -> Vec<Usage> {
        let groups = self.layout.groups();
        groups
            .into_iter()
            .map(|slot| {
                let size = slot.codes.end - slot.codes.start;
                let counts = self.counts.narrow(0, slot.codes.start, size);
                Usage {
                    group: slot.group.clone(),
                    size,
                    used: counts.count_nonzero(None).int64_value(&[]),
                    perplexity: perplexity(&counts),
                }
            })
            .collect()
    }
}

fn perplexity(counts: &Tensor) -> f64 {
    let total = counts.sum(Kind::Double);
    if total.double_value(&[]) == 0.0 {
        return 0.0;
    }
    let shares = counts.to_kind(Kind::Double) / total;
    let terms = shares.xlogy(&shares); // 0 ln 0 = 0
    (-terms.sum(Kind::Double)).exp().double_value(&[])
}
