//! Index backpropagation quantizer.

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

use crate::choice::choose;
use crate::code_entropy::PartialEntropy;
use crate::finite::check_finite;
use crate::matching::assignment;
use crate::rows::{Mask, grid_of, ids_of, rows_of};
use crate::{
    CodeEntropyConfig, Codebook, CommitmentConfig, CoreError, Distance, Layout, Mode, Quantized, Quantizer, Seen, Slot,
    Updated,
};

/// At most this many scores are made at once (64 MiB); in training all of them are kept for the backward pass.
const SCORES_AT_ONCE: i64 = 1 << 24;

/// What scores a code.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Similarity {
    /// `z.e`, as in the paper: a long code wins over a short one.
    #[default]
    Dot,
    /// The cosine: latents and codes are scaled to length one, and the codes that come out are those of length one.
    /// Scores lie in `-1..=1`, so that the temperature has to be well below 1.
    Cosine,
}

impl Similarity {
    fn prepare(self, rows: &Tensor) -> Tensor {
        self.distance().prepare(rows)
    }

    /// The distance that sees latents alike.
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
    /// What scores a code.
    pub similarity: Similarity,
    /// Temperature of the probabilities that stand in for the choice in the backward pass; 1 in the paper.
    pub temperature: f64,
    /// The quantization loss of the chosen codes. The published code has beta on the codebook term:
    /// [`BetaPlacement::Legacy`](crate::BetaPlacement::Legacy).
    pub commitment: CommitmentConfig,
    /// Weight of the second quantization loss, whose gradient reaches all codes; 1 in the paper.
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

/// Chooses the code of the highest score and lets the gradient reach all of them (index backpropagation quantization,
/// IBQ; arXiv 2412.02692, algorithm 1).
///
/// A code scores `z.e`. The choice is the code of the highest score, and in the backward pass
/// `softmax(scores / temperature)` stands in for it: an upstream gradient `g` reaches the latent and, through the
/// scores, every code, in proportion to `p_e (g.e - g.mean e)`; the code that was chosen gets `g` besides.
/// So it is in [`Mode::Train`]; in [`Mode::Eval`] no gradient gets past the choice.
///
/// The loss (the paper's double quantization loss) is that of VQ-VAE for the chosen code,
/// `|sg(z) - e|^2 + beta |z - sg(e)|^2`, and once more `|z - q|^2` with `q`, the same code with the gradient above.
/// All are means over elements. The entropy terms come on top, and may make the loss negative.
///
/// The codes of the codebook should not start near zero, where all score alike:
/// [`LearnedCodebook::normal`](crate::LearnedCodebook::normal) starts as the published code does.
///
/// `N x K` scores are inherent in this gradient: in training, three such matrices are kept for the backward pass with
/// the entropy terms, and one without. No one-hot matrix is made. In [`Mode::Eval`] only some rows are held at a time.
///
/// Some laws of other quantizers do not hold: the gradient is not the identity; and with [`Similarity::Dot`] a code
/// need not be its own best match, since a longer one may score higher.
#[derive(Debug)]
pub struct IbqQuantizer {
    codebook: Box<dyn Codebook>,
    config: IbqConfig,
    layout: Layout,
}

/// What a part of the rows, `[n, D]`, was given.
struct Chosen {
    /// `[n, D]`, with a gradient to latents and codes.
    codes: Tensor,
    /// `[n]`.
    ids: Tensor,
    /// None if the entropy terms are off.
    entropy: Option<PartialEntropy>,
}

impl IbqQuantizer {
    /// Quantizes latents of as many channels as the codes are wide.
    ///
    /// # Errors
    /// [`CoreError::Option`] if a temperature is not positive or a weight is negative.
    pub fn new(codebook: Box<dyn Codebook>, config: IbqConfig) -> Result<Self, CoreError> {
        const OP: &str = "IbqQuantizer::new";
        config.commitment.check(OP)?;
        let refuse = |expected: &str, got: f64| {
            Err(CoreError::Option { op: OP, expected: expected.to_owned(), got: got.to_string() })
        };
        if !(config.temperature.is_finite() && config.temperature > 0.0) {
            return refuse("a finite temperature > 0", config.temperature);
        }
        if !(config.double.is_finite() && config.double >= 0.0) {
            return refuse("a finite weight of the second loss >= 0", config.double);
        }
        config.entropy.check(OP)?;
        let shape = codebook.shape();
        let slots = vec![Slot { group: "code".into(), codes: 0..shape.size }];
        let layout = Layout { channels: shape.width, codes: shape.size, slots };
        Ok(Self { codebook, config, layout })
    }

    /// Chooses codes `[K, D]` for a part of the rows, `[n, D]`, each of which counts with a weight of `[n]`.
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
        check_finite(op, "scores", &best)?; // finite latents may still be too large for a dot product
        let entropy = self.config.entropy.part(&scores, weights);
        let codes = match mode {
            Mode::Train => choose(&(scores / self.config.temperature).softmax(1, None::<Kind>), &ids, vectors),
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

    fn update(&mut self, seen: &Seen<'_>) -> Result<Updated, CoreError> {
        const OP: &str = "IbqQuantizer::update";
        self.layout.check_seen(OP, seen)?;
        let mask = Mask::new(OP, seen.mask, seen.latents)?;
        let rows = rows_of(seen.latents, self.codebook.vectors(Mode::Eval).kind());
        let indices = seen.indices.flatten(0, 2); // [N, 1]
        self.codebook.update(&assignment(self.config.similarity.distance(), &rows, &indices, &mask))
    }
}
