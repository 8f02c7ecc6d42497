//! Greedy decoding.

use tch::Tensor;
use vq_nn::{f64_values, i64_values};

use crate::caption::{Caption, CaptionEnd};
use crate::captioner::Captioner;
use crate::error::CaptionError;
use crate::memory::Memory;

impl Captioner<'_> {
    /// Takes the likeliest token at each step, for all images at once; of equally likely tokens, any.
    ///
    /// # Errors
    /// [`CaptionError::NotFinite`] if the decoder's scores are not finite.
    pub fn greedy(&self, memory: &Memory) -> Result<Vec<Caption>, CaptionError> {
        self.decode(memory, |next| {
            let best = next.max_dim(1, false);
            Choice { ids: i64_values(&best.1), log_probabilities: f64_values(&best.0) }
        })
    }

    /// One caption for each image, with a rule that chooses from log-probabilities `[B, V]`.
    pub(crate) fn decode(
        &self,
        memory: &Memory,
        mut choose: impl FnMut(&Tensor) -> Choice,
    ) -> Result<Vec<Caption>, CaptionError> {
        tch::no_grad(|| {
            let images = memory.states.size()[0] as usize;
            let empty = Caption { ids: Vec::new(), log_probability: 0.0, end: CaptionEnd::Truncated };
            let mut captions = vec![empty; images];
            let mut cache = self.decoder.start_limited(memory, 1, self.limit)?;
            let mut last = vec![self.special.begin; images];
            for _ in 0..self.limit {
                let choice = choose(&self.next(&mut cache, &last, memory)?);
                for (image, caption) in captions.iter_mut().enumerate() {
                    // A complete caption is padded while others of the batch continue.
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
