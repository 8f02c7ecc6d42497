//! Ids all at once.

use std::f64::consts::FRAC_PI_2;

use tch::{Kind, Tensor, nn};
use vq_core::Mode;
use vq_transformer::{InputError, Uniform};

use crate::block::Sight;
use crate::frame::Frame;
use crate::loss::Terms;
use crate::slots::Masking;
use crate::{Condition, Conditioning, GenerateError, GeneratorConfig, GeneratorLoss, Order, TokenGrid};

/// A transformer that sees all positions and predicts the ids that are masked (MaskGIT, arXiv 2202.04200).
///
/// Each id of a position may be masked by itself, and those of a position are predicted independently in a round.
///
/// Parameters: those of [`Autoregressive`](crate::Autoregressive) without `start` and `depth`; `tokens.{s}.weight` has a
/// last row that stands for a masked id.
#[derive(Debug)]
pub struct Masked {
    pub(crate) frame: Frame,
}

/// Part of the ids that stays masked when `part` of the rounds is done (arXiv 2202.04200, section 3.3, cosine).
pub(crate) fn still_masked(part: f64) -> f64 {
    (FRAC_PI_2 * part).cos()
}

impl Masked {
    /// Registers the generator under `path`. For `codes` see [`Generator::new`](crate::Generator::new).
    ///
    /// # Errors
    /// [`GenerateError::Input`] if an option, the grid or the condition's source makes no sense, or the order of the
    /// options is another.
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
        Ok(Self { frame: Frame::new(OP, path, tokens, codes, conditioning, config, Masking::Allowed)? })
    }

    /// Computes in numbers of this kind from now on; `Float` before. Parameters stay as they are.
    pub fn compute_in(&mut self, kind: Kind) {
        self.frame.kind = kind;
    }

    /// The loss of the ids that are masked, of ids `[B, H, W, S]`: of each image at least one, and as many as the cosine
    /// schedule gives to a moment drawn for the image; in training, some images lose their condition.
    ///
    /// In `Eval`, masks follow from an image's place in its batch alone.
    ///
    /// # Errors
    /// [`GenerateError`] if ids or condition do not fit.
    pub fn loss(&self, ids: &Tensor, condition: &Condition, mode: Mode) -> Result<GeneratorLoss, GenerateError> {
        const OP: &str = "Masked::loss";
        let frame = &self.frame;
        let images = frame.tokens.check_ids(OP, ids)?;
        frame.prefix.check(OP, condition, images)?;
        let ids = ids.to_device(frame.device).flatten(1, 2); // [B, P, S]
        let masked = self.masks(images, mode).view_as(&ids);
        let prefix = frame.training_prefix(condition, images, mode);
        let states = self.states(&self.mask(&ids, &masked), prefix, mode); // [B, P, M]
        let mut terms = Terms::new(frame.config.label_smoothing);
        for (slot, targets) in frame.slots.local(&ids).iter().enumerate() {
            let masked = masked.select(-1, slot as i64);
            // Only what is masked is scored: scores are by far the largest tensor.
            let scores = frame.heads.score(&frame.slots, slot, &states.index(&[Some(&masked)])); // [n, V]
            terms.add(&scores, &targets.index(&[Some(&masked)]));
        }
        Ok(terms.finish())
    }

    /// Scores of each slot's codes for ids `[B, H, W, S]` of which those are masked where `masked`, of the same shape,
    /// `Bool`, is true: `S` tensors `[B, P, V]`, which are log-probabilities but for a constant in each row.
    ///
    /// # Errors
    /// [`GenerateError`] if ids, mask or condition do not fit.
    pub fn scores(&self, ids: &Tensor, masked: &Tensor, condition: &Condition) -> Result<Vec<Tensor>, GenerateError> {
        const OP: &str = "Masked::scores";
        let frame = &self.frame;
        let images = frame.tokens.check_ids(OP, ids)?;
        if masked.size() != ids.size() {
            let expected = format!("{:?}", ids.size());
            return Err(InputError::Shape { op: OP, what: "mask", expected, got: masked.size() }.into());
        }
        if masked.kind() != Kind::Bool {
            let got = format!("{:?}", masked.kind());
            return Err(InputError::Kind { op: OP, what: "mask", expected: "Bool", got }.into());
        }
        frame.prefix.check(OP, condition, images)?;
        let hidden = self.mask(&ids.to_device(frame.device), &masked.to_device(frame.device)).flatten(1, 2);
        let states = self.states(&hidden, frame.prefix.read(condition, images, None), Mode::Eval);
        Ok((0..frame.slots.count()).map(|slot| frame.heads.score(&frame.slots, slot, &states)).collect())
    }

    /// Ids `[.., S]` with masks where `masked`, of the same shape, is true.
    fn mask(&self, ids: &Tensor, masked: &Tensor) -> Tensor {
        let slots = &self.frame.slots;
        let masks: Vec<i64> = (0..slots.count()).map(|slot| slots.mask(slot)).collect();
        Tensor::from_slice(&masks).to_device(ids.device()).where_self(masked, ids)
    }

    /// States `[R, P, M]` of ids `[R, P, S]`, some of which may be masks.
    pub(crate) fn states(&self, ids: &Tensor, prefix: Option<Tensor>, mode: Mode) -> Tensor {
        let frame = &self.frame;
        let sequence = frame.prefixed(prefix, frame.placed(&frame.slots.read(ids), 0));
        let states = frame.stack.forward(&sequence, Sight::All, frame.dropout(mode)); // [R, N + P, M]
        states.narrow(1, frame.prefix.length(), frame.tokens.grid.positions())
    }

    /// What is masked of the ids of images, `[B, P * S]`, `Bool`.
    fn masks(&self, images: i64, mode: Mode) -> Tensor {
        let count = self.frame.tokens.ids();
        let device = self.frame.device;
        // The moment of an image, and a number for each of its ids, the least of which are masked.
        let numbers = match mode {
            Mode::Train => Tensor::rand([images, 1 + count], (Kind::Float, device)),
            Mode::Eval => {
                let of = |image: i64| {
                    let mut uniform = Uniform::new(image as u64);
                    (0..=count).map(move |_| uniform.draw() as f32)
                };
                let numbers: Vec<f32> = (0..images).flat_map(of).collect();
                Tensor::from_slice(&numbers).view([images, 1 + count]).to_device(device)
            }
        };
        let part = (numbers.narrow(1, 0, 1) * FRAC_PI_2).cos();
        let masked = (part * count as f64).ceil().clamp(1.0, count as f64); // [B, 1]
        let ranks = numbers.narrow(1, 1, count).argsort(1, false).argsort(1, false);
        ranks.lt_tensor(&masked)
    }
}
