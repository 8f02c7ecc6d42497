//! The likeliest token at each step.

use tch::Tensor;

use crate::caption::{Caption, CaptionEnd};
use crate::{CaptionError, Captioner, Memory};

impl Captioner<'_> {
    /// Takes the likeliest token at each step, for all images at once; of two as likely, either.
    ///
    /// # Errors
    /// [`CaptionError::NotFinite`] if the module's scores are no numbers.
    pub fn greedy(&self, memory: &Memory) -> Result<Vec<Caption>, CaptionError> {
        self.walk(memory, |next| {
            let best = next.max_dim(1, false);
            Choice { ids: integers(&best.1), log_probabilities: reals(&best.0) }
        })
    }

    /// One caption for each image, by a rule that picks from log-probabilities `[B, V]`.
    pub(crate) fn walk(
        &self,
        memory: &Memory,
        mut choose: impl FnMut(&Tensor) -> Choice,
    ) -> Result<Vec<Caption>, CaptionError> {
        tch::no_grad(|| {
            let images = memory.states.size()[0] as usize;
            let begun = Caption { ids: Vec::new(), log_probability: 0.0, end: CaptionEnd::Cut };
            let mut captions = vec![begun; images];
            let mut cache = self.decoder.start(memory, 1)?;
            let mut last = vec![self.special.begin; images];
            for _ in 0..self.limit {
                let choice = choose(&self.next(&mut cache, &last, memory)?);
                for (image, caption) in captions.iter_mut().enumerate() {
                    // A row that has ended goes on only because the others do.
                    if caption.end == CaptionEnd::Complete {
                        last[image] = self.special.pad;
                        continue;
                    }
                    let got = choice.log_probabilities[image];
                    if !got.is_finite() {
                        return Err(CaptionError::NotFinite { op: "Captioner", image, got });
                    }
                    caption.log_probability += got;
                    last[image] = choice.ids[image];
                    if last[image] == self.special.end {
                        caption.end = CaptionEnd::Complete;
                    } else {
                        caption.ids.push(last[image]);
                    }
                }
                if captions.iter().all(|caption| caption.end == CaptionEnd::Complete) {
                    break;
                }
            }
            Ok(captions)
        })
    }
}

/// The next token of each image.
pub(crate) struct Choice {
    pub(crate) ids: Vec<i64>,
    pub(crate) log_probabilities: Vec<f64>,
}

/// The numbers of a tensor `[n]` of kind `Int64`.
pub(crate) fn integers(tensor: &Tensor) -> Vec<i64> {
    let mut values = vec![0; tensor.numel()];
    tensor.copy_data(&mut values, tensor.numel());
    values
}

/// The numbers of a tensor `[n]` of kind `Double`.
pub(crate) fn reals(tensor: &Tensor) -> Vec<f64> {
    let mut values = vec![0.0; tensor.numel()];
    tensor.copy_data(&mut values, tensor.numel());
    values
}
