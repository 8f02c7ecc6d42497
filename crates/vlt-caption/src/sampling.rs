//! Captions at random.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

use crate::caption::Caption;
use crate::config::check_option;
use crate::greedy::{Choice, integers, reals};
use crate::{CaptionError, Captioner, Memory};

/// Options of [`Captioner::sample`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SampleConfig {
    /// Divides the log-probabilities; 1 by default, less is bolder.
    pub temperature: f64,
    /// Draw among so many of the likeliest tokens; all by default.
    pub top_k: Option<i64>,
    /// Draw among the fewest likeliest tokens that reach this part of the probability of those that `top_k` left
    /// (arXiv 1904.09751); 1 by default, which is all.
    pub top_p: f64,
}

impl Default for SampleConfig {
    fn default() -> Self {
        Self { temperature: 1.0, top_k: None, top_p: 1.0 }
    }
}

impl SampleConfig {
    /// Checks every option.
    ///
    /// # Errors
    /// [`CaptionError::Option`] with the key of the first that makes no sense.
    pub fn check(&self) -> Result<(), CaptionError> {
        const OP: &str = "SampleConfig";
        let temperature = self.temperature;
        let sound = temperature.is_finite() && temperature > 0.0;
        check_option(OP, "temperature", sound, "to be finite and positive", temperature)?;
        if let Some(k) = self.top_k {
            check_option(OP, "top_k", k >= 1, "to be positive", k)?;
        }
        check_option(OP, "top_p", self.top_p > 0.0 && self.top_p <= 1.0, "in 0..=1 and not 0", self.top_p)
    }

    /// Draws from each row of log-probabilities `[B, V]` by a number in `0..1`, `[B]`.
    fn draw(&self, next: &Tensor, uniform: &Tensor) -> Choice {
        let (sorted, tokens) = next.sort_stable(true, 1, true);
        let kept = self.top_k.unwrap_or(i64::MAX).min(next.size()[1]);
        let probabilities = (sorted.narrow(1, 0, kept) / self.temperature).softmax(1, Kind::Double); // [B, k]
        let before = probabilities.cumsum(1, Kind::Double) - &probabilities;
        // The likeliest has nothing before it, so it stays.
        let inside = before.lt(self.top_p);
        let probabilities = probabilities * inside.to_kind(Kind::Double);
        let cumulative = probabilities.cumsum(1, Kind::Double);
        let aim = uniform.unsqueeze(1) * cumulative.narrow(1, kept - 1, 1);
        let last = probabilities.gt(0.0).sum_dim_intlist(1, true, Kind::Int64).clamp_min(1) - 1;
        // A sum that rounds down must not send the draw past the last token that has a chance.
        let place = cumulative.le_tensor(&aim).sum_dim_intlist(1, true, Kind::Int64).minimum(&last); // [B, 1]
        Choice {
            ids: integers(&tokens.gather(1, &place, false).squeeze_dim(1)),
            log_probabilities: reals(&sorted.gather(1, &place, false).squeeze_dim(1)),
        }
    }
}

impl Captioner<'_> {
    /// Draws a caption for each image, from a generator of its own that `seeds`, one for each image, start: the caption
    /// of an image does not depend on the others of its batch.
    ///
    /// # Errors
    /// [`CaptionError::Option`] if an option makes no sense or there is not one seed for each image;
    /// [`CaptionError::NotFinite`] if the module's scores are no numbers.
    pub fn sample(&self, memory: &Memory, seeds: &[u64], config: &SampleConfig) -> Result<Vec<Caption>, CaptionError> {
        config.check()?;
        let images = memory.states.size()[0];
        let expected = format!("to be {images}, one for each image");
        check_option("Captioner::sample", "seeds", seeds.len() as i64 == images, &expected, seeds.len())?;
        let mut generators: Vec<ChaCha8Rng> = seeds.iter().map(|seed| ChaCha8Rng::seed_from_u64(*seed)).collect();
        self.walk(memory, |next| {
            let uniform: Vec<f64> = generators.iter_mut().map(unit).collect();
            config.draw(next, &Tensor::from_slice(&uniform).to_device(next.device()))
        })
    }
}

/// A number in `0..1` of 53 random bits.
fn unit(generator: &mut ChaCha8Rng) -> f64 {
    (generator.next_u64() >> 11) as f64 * (-53_f64).exp2()
}
