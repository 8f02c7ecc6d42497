//! What to sample, and how.

use serde::{Deserialize, Serialize};
use tch::Tensor;
use vq_nn::{InputError, SampleConfig, check_option};

use crate::condition::Condition;
use crate::known::Known;

/// Images to sample.
#[derive(Debug, Clone, Copy)]
pub struct SampleRequest<'a> {
    /// A seed for each image, of a random stream of its own: up to rounding, an image does not depend on the others of
    /// its batch.
    pub seeds: &'a [u64],
    /// What the images should show.
    pub condition: &'a Condition,
    /// Ids that are given.
    pub known: Option<&'a Known>,
}

/// Options of sampling.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GenerationConfig {
    /// How ids are drawn from scores.
    pub draw: SampleConfig,
    /// Guidance weight `w`: scores are `u + w (c - u)` with the unconditional scores `u` and the conditional scores `c`
    /// (classifier-free guidance, arXiv 2207.12598, with `w = 1 + w'` of its equation 6); 1 by default, which computes
    /// only `c`.
    pub guidance: f64,
    /// Rounds of a masked generator; the defaults if none. Must be none for an autoregressive generator.
    pub rounds: Option<RoundsConfig>,
}

impl Default for GenerationConfig {
    fn default() -> Self {
        Self { draw: SampleConfig::default(), guidance: 1.0, rounds: None }
    }
}

/// Rounds of a masked generator (MaskGIT, arXiv 2202.04200, section 3.2).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RoundsConfig {
    /// The number of rounds; 8 by default.
    pub steps: i64,
    /// Scale of the Gumbel noise that is added to the log-probability of an id when the most confident ids are chosen; it
    /// falls linearly to zero in the last round. 4.5 by default; 0 chooses by probability alone.
    pub choice_temperature: f64,
}

impl Default for RoundsConfig {
    fn default() -> Self {
        Self { steps: 8, choice_temperature: 4.5 }
    }
}

impl GenerationConfig {
    /// Checks every option.
    ///
    /// # Errors
    /// [`InputError::Option`] with the key of the first invalid option.
    pub fn check(&self) -> Result<(), InputError> {
        self.draw.check()?;
        let guidance = self.guidance;
        let valid = guidance.is_finite() && guidance >= 0.0;
        check_option("GenerationConfig", "guidance", valid, "to be finite and 0 or more", guidance)?;
        self.rounds.iter().try_for_each(RoundsConfig::check)
    }
}

impl RoundsConfig {
    /// Checks every option.
    ///
    /// # Errors
    /// [`InputError::Option`] with the key of the first invalid option.
    pub fn check(&self) -> Result<(), InputError> {
        const OP: &str = "RoundsConfig";
        check_option(OP, "steps", self.steps >= 1, "to be positive", self.steps)?;
        let noise = self.choice_temperature;
        let valid = noise.is_finite() && noise >= 0.0;
        check_option(OP, "choice_temperature", valid, "to be finite and 0 or more", noise)
    }
}

/// Progress of sampling a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Positions or rounds that are done.
    pub done: i64,
    /// Positions or rounds in total.
    pub total: i64,
}

/// Sampled ids.
#[derive(Debug)]
pub struct Sampled {
    /// `[B, H, W, S]`, `Int64`, on the CPU.
    pub ids: Tensor,
    /// For each image, the logarithm of the probability with which its ids were drawn, in nats: after guidance,
    /// temperature, `top_k` and `top_p`, without known ids. A masked generator counts an id in the round that keeps it.
    pub log_probabilities: Vec<f64>,
}
