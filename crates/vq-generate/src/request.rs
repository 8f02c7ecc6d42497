//! What to make.

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};
use vq_transformer::{InputError, SampleConfig, check_option};

use crate::{Condition, GenerateError, Grid, TokenGrid};

/// Images to be made.
#[derive(Debug, Clone, Copy)]
pub struct SampleRequest<'a> {
    /// A seed for each image, which starts a generator of its own: up to rounding, an image does not depend on the
    /// others of its batch.
    pub seeds: &'a [u64],
    /// What the images should show.
    pub condition: &'a Condition,
    /// Positions that are given.
    pub known: Option<&'a Known>,
}

/// Ids that are given.
#[derive(Debug)]
pub struct Known {
    /// `[B, H, W, S]`, `Int64`; anything where the mask is false.
    pub ids: Tensor,
    /// `[B, H, W]`, `Bool`, true where a position is given.
    pub mask: Tensor,
}

impl Known {
    /// The first `rows` rows of ids `[B, H, W, S]`: for the upper half, `H / 2`.
    ///
    /// # Errors
    /// [`GenerateError::Input`] if the ids have another number of axes, or fewer rows.
    pub fn upper(ids: &Tensor, rows: i64) -> Result<Self, GenerateError> {
        const OP: &str = "Known::upper";
        let [images, height, width, _] = ids.size()[..] else {
            let expected = "[B, H, W, S]".to_owned();
            return Err(InputError::Shape { op: OP, what: "ids", expected, got: ids.size() }.into());
        };
        check_option(OP, "rows", (0..=height).contains(&rows), &format!("in 0..={height}"), rows)?;
        let mask = Tensor::zeros([images, height, width], (Kind::Bool, ids.device()));
        let _ = mask.narrow(1, 0, rows).fill_(1);
        Ok(Self { ids: ids.shallow_clone(), mask })
    }
}

/// How images are made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GenerationConfig {
    /// How ids are drawn.
    pub draw: SampleConfig,
    /// Weight `w` of the condition: scores are `u + w (c - u)`, `u` without and `c` with it (classifier-free guidance,
    /// arXiv 2207.12598, with `w = 1 + w'` of its equation 6); 1 by default, which asks for `c` alone.
    pub guidance: f64,
    /// Rounds of a masked generator; its defaults if none. An autoregressive generator has none.
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
    /// How many; 8 by default.
    pub steps: i64,
    /// Weight of the Gumbel noise that is added to the logarithm of an id's probability when the surest are chosen; it
    /// falls linearly to nothing in the last round. 4.5 by default, 0 chooses by probability alone.
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
    /// [`InputError::Option`] with the key of the first that makes no sense.
    pub fn check(&self) -> Result<(), InputError> {
        self.draw.check()?;
        let guidance = self.guidance;
        let sound = guidance.is_finite() && guidance >= 0.0;
        check_option("GenerationConfig", "guidance", sound, "to be finite and 0 or more", guidance)?;
        self.rounds.iter().try_for_each(RoundsConfig::check)
    }
}

impl RoundsConfig {
    /// Checks every option.
    ///
    /// # Errors
    /// [`InputError::Option`] with the key of the first that makes no sense.
    pub fn check(&self) -> Result<(), InputError> {
        const OP: &str = "RoundsConfig";
        check_option(OP, "steps", self.steps >= 1, "to be positive", self.steps)?;
        let noise = self.choice_temperature;
        let sound = noise.is_finite() && noise >= 0.0;
        check_option(OP, "choice_temperature", sound, "to be finite and 0 or more", noise)
    }
}

/// How far the making of a batch is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Positions or rounds that are done.
    pub done: i64,
    /// All of them.
    pub total: i64,
}

/// What was made.
#[derive(Debug)]
pub struct Sampled {
    /// `[B, H, W, S]`, `Int64`, on the CPU.
    pub ids: Tensor,
    /// Logarithm of the probability by which each image's ids were drawn, guidance, temperature and cuts counted, given
    /// ids not; in nats. For a masked generator, of the ids that were kept when they were.
    pub log_probabilities: Vec<f64>,
}

/// The known ids of an image, one after another.
#[derive(Debug, Clone)]
pub(crate) struct KnownIds {
    /// `P`, each with the ids of its slots if it is given.
    pub(crate) positions: Vec<Option<Vec<i64>>>,
}

/// Reads what is given of each of `images` images.
pub(crate) fn known_ids(
    op: &'static str,
    tokens: &TokenGrid,
    known: Option<&Known>,
    images: i64,
) -> Result<Vec<KnownIds>, GenerateError> {
    let positions = tokens.grid.positions() as usize;
    let Some(Known { ids, mask }) = known else {
        return Ok(vec![KnownIds { positions: vec![None; positions] }; images as usize]);
    };
    let Grid { rows, columns } = tokens.grid;
    if mask.size() != [images, rows, columns] {
        let expected = format!("[{images}, {rows}, {columns}]");
        return Err(InputError::Shape { op, what: "mask", expected, got: mask.size() }.into());
    }
    if mask.kind() != Kind::Bool {
        let got = format!("{:?}", mask.kind());
        return Err(InputError::Kind { op, what: "mask", expected: "Bool", got }.into());
    }
    if ids.size() != [images, rows, columns, tokens.slots()] {
        let expected = format!("[{images}, {rows}, {columns}, {}]", tokens.slots());
        return Err(InputError::Shape { op, what: "known ids", expected, got: ids.size() }.into());
    }
    vq_transformer::check_kind(op, "known ids", ids)?;
    let firsts: Vec<i64> = tokens.layout.slots.iter().map(|slot| slot.codes.start).collect();
    let (ids, mask) = (ids.to_device(tch::Device::Cpu), mask.to_device(tch::Device::Cpu));
    let harmless = ids.where_self(&mask.unsqueeze(-1), &Tensor::from_slice(&firsts));
    tokens.check_ids(op, &harmless)?;
    let given = integers(&mask.to_kind(Kind::Int64));
    let ids = integers(&harmless);
    let ids = ids.chunks(tokens.slots() as usize);
    let all: Vec<_> = given.iter().zip(ids).map(|(given, ids)| (*given != 0).then(|| ids.to_vec())).collect();
    Ok(all.chunks(positions).map(|positions| KnownIds { positions: positions.to_vec() }).collect())
}

/// The numbers of a tensor of kind `Int64`.
pub(crate) fn integers(tensor: &Tensor) -> Vec<i64> {
    let mut values = vec![0; tensor.numel()];
    tensor.contiguous().copy_data(&mut values, tensor.numel());
    values
}

/// The numbers of a tensor of floating-point numbers.
pub(crate) fn reals(tensor: &Tensor) -> Vec<f64> {
    let mut values = vec![0.0; tensor.numel()];
    tensor.to_kind(Kind::Double).contiguous().copy_data(&mut values, tensor.numel());
    values
}
