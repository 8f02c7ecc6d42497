//! The masked generator.

use std::f64::consts::FRAC_PI_2;

use tch::{Kind, Tensor, nn};
use vq_core::Mode;
use vq_nn::{AttentionMask, BlockInputs, InputError};
use vq_random::RandomStream;

use crate::backbone::Backbone;
use crate::condition::{Condition, Conditioning};
use crate::config::{GeneratorConfig, Order};
use crate::error::GenerateError;
use crate::grid::TokenGrid;
use crate::loss::{GeneratorLoss, LossSums};
use crate::slot_embeddings::MaskToken;

/// A transformer that sees all positions and predicts the masked ids (MaskGIT, arXiv 2202.04200).
///
/// Each id of a position may be masked on its own, and the ids of a position are predicted independently in a round.
///
/// Parameters: those of [`Autoregressive`](crate::Autoregressive) without `start` and `depth`; `tokens.{s}.weight` has a
/// last row for the mask token.
#[derive(Debug)]
pub struct Masked {
    pub(crate) backbone: Backbone,
}

/// Share of the ids that is still masked after the share `done` of the rounds (arXiv 2202.04200, section 3.3, cosine).
pub(crate) fn masked_share(done: f64) -> f64 {
    (FRAC_PI_2 * done).cos()
}

impl Masked {
    /// Registers the generator under `path`; see [`Generator::new`](crate::Generator::new).
    ///
    /// # Errors
    /// [`GenerateError::Input`] if an option, the grid or the conditioning is invalid, or if the configured order is not
    /// masked.
    pub fn new(
        path: &nn::Path,
        tokens: &TokenGrid,
        codes: Option<&[Tensor]>,
        conditioning: &Conditioning<'_>,
        config: &GeneratorConfig,
    ) -> Result<Self, GenerateError> {
        const OP: &str = "Masked::new";
        if config.order != Order::Masked {
            let (expected, got) = ("to be masked".to_owned(), "autoregressive".to_owned());
            return Err(InputError::Option { op: OP, key: "order", expected, got }.into());
        }
        Ok(Self { backbone: Backbone::new(OP, path, tokens, codes, conditioning, config, MaskToken::With)? })
    }

    /// Sets the dtype of the computation; `Float` before. Parameters keep theirs.
    pub fn set_compute_dtype(&mut self, kind: Kind) {
        self.backbone.kind = kind;
    }

    /// The loss of the masked ids among ids `[B, H, W, S]`. At least one id of each image is masked, and as many as the
    /// cosine schedule gives at a time drawn uniformly for the image. In training, the conditions of some images are
    /// dropped.
    ///
    /// In `Eval`, the masks of an image depend only on its index in the batch.
    ///
    /// # Errors
    /// [`GenerateError`] if ids or condition do not fit.
    pub fn loss(&self, ids: &Tensor, condition: &Condition, mode: Mode) -> Result<GeneratorLoss, GenerateError> {
        const OP: &str = "Masked::loss";
        let backbone = &self.backbone;
        let images = backbone.tokens.check_ids(OP, ids)?;
        backbone.prefix.check(OP, condition, images)?;
        let ids = ids.to_device(backbone.device).flatten(1, 2); // [B, P, S]
        let masked = self.draw_masks(images, mode).view_as(&ids);
        let prefix = backbone.training_prefix(condition, images, mode);
        let states = self.states(&self.mask(&ids, &masked), prefix, mode); // [B, P, M]
        let mut sums = LossSums::new(backbone.config.label_smoothing);
        for (slot, targets) in backbone.slots.local(&ids).iter().enumerate() {
            let masked = masked.select(-1, slot as i64);
            // Only masked ids are scored, because scores are by far the largest tensor.
            let scores = backbone.heads.score(&backbone.slots, slot, &states.index(&[Some(&masked)])); // [n, V]
            sums.add(&scores, &targets.index(&[Some(&masked)]));
        }
        Ok(sums.finish())
    }

    /// Scores of each slot's codes for ids `[B, H, W, S]`, masked where `masked`, of the same shape, `Bool`, is true: `S`
    /// tensors `[B, P, V]`, which are log-probabilities up to a constant in each row.
    ///
    /// # Errors
    /// [`GenerateError`] if ids, mask or condition do not fit.
    pub fn scores(&self, ids: &Tensor, masked: &Tensor, condition: &Condition) -> Result<Vec<Tensor>, GenerateError> {
        const OP: &str = "Masked::scores";
        let backbone = &self.backbone;
        let images = backbone.tokens.check_ids(OP, ids)?;
        if masked.size() != ids.size() {
            let expected = format!("{:?}", ids.size());
            return Err(InputError::Shape { op: OP, what: "mask", expected, got: masked.size() }.into());
        }
        if masked.kind() != Kind::Bool {
            let got = format!("{:?}", masked.kind());
            return Err(InputError::Kind { op: OP, what: "mask", expected: "Bool", got }.into());
        }
        backbone.prefix.check(OP, condition, images)?;
        let visible = self.mask(&ids.to_device(backbone.device), &masked.to_device(backbone.device)).flatten(1, 2);
        let states = self.states(&visible, backbone.prefix.read(condition, images, None), Mode::Eval);
        let score = |slot: usize| backbone.heads.score(&backbone.slots, slot, &states);
        Ok((0..backbone.slots.count()).map(score).collect())
    }

    /// Ids `[.., S]` with mask tokens where `masked`, of the same shape, is true.
    fn mask(&self, ids: &Tensor, masked: &Tensor) -> Tensor {
        let slots = &self.backbone.slots;
        let masks: Vec<i64> = (0..slots.count()).map(|slot| slots.mask(slot)).collect();
        Tensor::from_slice(&masks).to_device(ids.device()).where_self(masked, ids)
    }

    /// States `[R, P, M]` of ids `[R, P, S]`, mask tokens among them.
    pub(crate) fn states(&self, ids: &Tensor, prefix: Option<Tensor>, mode: Mode) -> Tensor {
        let backbone = &self.backbone;
        let sequence = backbone.with_prefix(prefix, backbone.with_positions(&backbone.slots.embed(ids), 0));
        let inputs = BlockInputs { memory: None, mask: AttentionMask::Full, dropout: backbone.dropout(mode) };
        let states = backbone.stack.forward(&sequence, &inputs); // [R, N + P, M]
        states.narrow(1, backbone.prefix.length(), backbone.tokens.grid.positions())
    }

    /// Which ids of each image are masked, `[B, P * S]`, `Bool`.
    fn draw_masks(&self, images: i64, mode: Mode) -> Tensor {
        let count = self.backbone.tokens.ids();
        let device = self.backbone.device;
        // The time of an image, and a number for each of its ids, of which the smallest are masked.
        let numbers = match mode {
            Mode::Train => Tensor::rand([images, 1 + count], (Kind::Float, device)),
            Mode::Eval => {
                let of = |image: i64| {
                    let mut stream = RandomStream::new(image as u64);
                    (0..=count).map(move |_| stream.unit() as f32)
                };
                let numbers: Vec<f32> = (0..images).flat_map(of).collect();
                Tensor::from_slice(&numbers).view([images, 1 + count]).to_device(device)
            }
        };
        let share = (numbers.narrow(1, 0, 1) * FRAC_PI_2).cos();
        let masked = (share * count as f64).ceil().clamp(1.0, count as f64); // [B, 1]
        let ranks = numbers.narrow(1, 1, count).argsort(1, false).argsort(1, false);
        ranks.lt_tensor(&masked)
    }
}
