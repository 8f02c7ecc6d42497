//! Index backpropagation quantizer.

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

use super::gradient::softmax_straight_through;
use super::matching::assignment;
use super::rows::{grid_of, ids_of, rows_of};
use crate::check::{check_finite, check_not_negative, check_positive};
use crate::contract::{Codebook, Layout, Mode, Quantized, QuantizedBatch, Quantizer, Slot, UpdateStats};
use crate::distance::Distance;
use crate::error::CoreError;
use crate::losses::{CodeEntropyConfig, CommitmentConfig, PartialEntropy};
use crate::mask::Mask;

/// Scores computed at once (64 MiB). In training all of them are kept for the backward pass.
const SCORES_AT_ONCE: i64 = 1 << 24;

/// The score of a code.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Similarity {
    /// The dot product `z.e`, as in the paper. It favours codes with a large norm.
    #[default]
    Dot,
    /// The cosine: latents and codes are normalized, and the quantizer returns normalized codes.
    /// Scores are in `-1..=1`, so the temperature must be well below 1.
    Cosine,
}

impl Similarity {
    fn prepare(self, rows: &Tensor) -> Tensor {
        self.distance().prepare(rows)
    }

    /// The distance with the same preparation of latents.
    fn distance(self) -> Distance {
        match self {
            Self::Dot => Distance::L2,
            Self::Cosine => Distance::Cosine,
        }
    }
}

/// Options of an [`IbqQuantizer`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct IbqConfig {
    /// The score of a code.
    pub similarity: Similarity,
    /// Temperature of the softmax that replaces the argmax in the backward pass; 1 in the paper.
    pub temperature: f64,
    /// Codebook and commitment loss. The published code has beta on the codebook term:
    /// [`BetaPlacement::Legacy`](crate::BetaPlacement::Legacy).
    pub commitment: CommitmentConfig,
    /// Weight of the second quantization loss, whose gradient reaches all codes (double quantization loss); 1 in the
    /// paper.
    pub double: f64,
    /// The entropy terms.
    pub entropy: CodeEntropyConfig,
}

impl Default for IbqConfig {
    fn default() -> Self {
        Self {
            similarity: Similarity::Dot,
            temperature: 1.0,
            commitment: CommitmentConfig::default(),
            double: 1.0,
            entropy: CodeEntropyConfig::default(),
        }
    }
}

/// Chooses the code with the highest score, with gradients to all codes (index backpropagation quantization, IBQ;
/// arXiv 2412.02692, algorithm 1).
///
/// The score of a code is `z.e`. The code with the highest score is chosen, and in the backward pass
/// `softmax(scores / temperature)` replaces the argmax: an upstream gradient `g` reaches the latent and, through the
/// scores, every code, in proportion to `p_e (g.e - g.mean e)`; the chosen code gets `g` in addition.
/// This holds in [`Mode::Train`]; in [`Mode::Eval`] the output has no gradient to the latents.
///
/// The loss (the paper's double quantization loss) is that of VQ-VAE for the chosen code,
/// `|sg(z) - e|^2 + beta |z - sg(e)|^2`, plus `|z - q|^2`, where `q` is the same code with the gradient above.
/// All terms are means over elements. The entropy terms are added, and can make the loss negative.
///
/// Codes should not be initialized near zero, where all have the same score:
/// [`LearnedCodebook::normal`](crate::LearnedCodebook::normal) initializes them as the published code does.
///
/// This gradient needs `N x K` scores: in training, the backward pass keeps three such matrices with the entropy terms,
/// and one without. There is no one-hot matrix. In [`Mode::Eval`] the scores of a part of the rows are held at a time.
///
/// Some laws of other quantizers do not hold: the gradient is not the identity; with [`Similarity::Dot`] a code may not
/// be its own best match, because a code with a larger norm can have a higher score.
#[derive(Debug)]
pub struct IbqQuantizer {
    codebook: Box<dyn Codebook>,
    config: IbqConfig,
    layout: Layout,
}

/// The choice for a part of the rows, `[n, D]`.
struct Chosen {
    /// `[n, D]`, with gradients to latents and codes.
    codes: Tensor,
    /// `[n]`, the ids.
    ids: Tensor,
    /// `None` if the entropy terms are off.
    entropy: Option<PartialEntropy>,
}

impl IbqQuantizer {
    /// Quantizes latents whose channels equal the dimension of the codes.
    ///
    /// # Errors
    /// [`CoreError::Option`] if a temperature is not positive or a weight is negative.
    pub fn new(codebook: Box<dyn Codebook>, config: IbqConfig) -> Result<Self, CoreError> {
        const OP: &str = "IbqQuantizer::new";
        config.commitment.check(OP)?;
        check_positive(OP, "temperature", config.temperature)?;
        check_not_negative(OP, "weight of the second loss", config.double)?;
        config.entropy.check(OP)?;
        let shape = codebook.shape();
        let slots = vec![Slot { group: "code".into(), codes: 0..shape.size }];
        let layout = Layout { channels: shape.dim, codes: shape.size, slots };
        Ok(Self { codebook, config, layout })
    }

    /// Chooses codes `[K, D]` for a part of the rows, `[n, D]`, with weights `[n]` in the loss.
    fn choose(
        &self,
        op: &'static str,
        rows: &Tensor,
        weights: &Tensor,
        vectors: &Tensor,
        mode: Mode,
    ) -> Result<Chosen, CoreError> {
        let scores = rows.matmul(&vectors.transpose(0, 1)); // [n, K]
        let (best, ids) = scores.max_dim(1, false);
        check_finite(op, "scores", &best)?; // the dot products of finite latents can overflow
        let entropy = self.config.entropy.part(&scores, weights);
        let codes = match mode {
            Mode::Train => {
                let probabilities = (scores / self.config.temperature).softmax(1, None::<Kind>);
                softmax_straight_through(&probabilities, &ids, vectors)
            }
            Mode::Eval => Tensor::embedding(vectors, &ids, -1, false, false),
        };
        Ok(Chosen { codes, ids, entropy })
    }
}

impl Quantizer for IbqQuantizer {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn quantize_masked(&self, latents: &Tensor, mask: Option<&Tensor>, mode: Mode) -> Result<Quantized, CoreError> {
        const OP: &str = "IbqQuantizer::quantize";
        self.layout.check_latents(OP, latents)?;
        let mask = Mask::new(OP, mask, latents)?;
        let IbqConfig { similarity, commitment, double, entropy, .. } = &self.config;
        let vectors = similarity.prepare(&self.codebook.vectors(mode));
        let rows = similarity.prepare(&rows_of(latents, vectors.kind()));
        let at_once = (SCORES_AT_ONCE / self.layout.codes).max(1);
        let (mut codes, mut ids, mut entropies) = (Vec::new(), Vec::new(), Vec::new());
        for (part, weights) in rows.split(at_once, 0).iter().zip(mask.weights(&rows).split(at_once, 0)) {
            let chosen = self.choose(OP, part, &weights, &vectors, mode)?;
            codes.push(chosen.codes);
            ids.push(chosen.ids);
            entropies.extend(chosen.entropy);
        }
        let (codes, ids) = (Tensor::cat(&codes, 0), Tensor::cat(&ids, 0));
        let hard = Tensor::embedding(&vectors, &ids, -1, false, false);
        let mut loss = commitment.loss(&rows, &hard, self.codebook.learns_by_gradient(), &mask)
            + mask.mean(&(&codes - &rows).square()) * *double;
        if let Some(entropy) = entropy.loss(entropies) {
            loss += entropy;
        }
        Ok(Quantized { codes: grid_of(&codes, latents), indices: ids_of(&ids.unsqueeze(1), latents), loss, live: None })
    }

    fn lookup(&self, indices: &Tensor) -> Result<Tensor, CoreError> {
        self.layout.check_indices("IbqQuantizer::lookup", indices)?;
        let vectors = self.config.similarity.prepare(&self.codebook.vectors(Mode::Eval));
        let codes = Tensor::embedding(&vectors, &indices.select(3, 0), -1, false, false);
        Ok(codes.permute([0, 3, 1, 2]).contiguous())
    }

    fn initialize(&mut self, latents: &Tensor) -> Result<(), CoreError> {
        self.layout.check_latents("IbqQuantizer::initialize", latents)?;
        let rows = rows_of(latents, self.codebook.vectors(Mode::Eval).kind()).detach();
        self.codebook.initialize(&self.config.similarity.prepare(&rows), self.config.similarity.distance())
    }

    fn update(&mut self, batch: &QuantizedBatch<'_>) -> Result<UpdateStats, CoreError> {
        const OP: &str = "IbqQuantizer::update";
        batch.check(OP, &self.layout)?;
        let mask = Mask::new(OP, batch.mask, batch.latents)?;
        let rows = rows_of(batch.latents, self.codebook.vectors(Mode::Eval).kind());
        let indices = batch.indices.flatten(0, 2); // [N, 1]
        self.codebook.update(&assignment(self.config.similarity.distance(), &rows, &indices, &mask))
    }
}
