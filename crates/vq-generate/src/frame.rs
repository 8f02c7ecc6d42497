//! What both kinds of generators have around their blocks.

use tch::{Device, Kind, Tensor, nn};
use vq_core::Mode;
use vq_transformer::Dropout;

use crate::condition::Prefix;
use crate::id_vectors::SlotCodes;
use crate::rotary::Rotary;
use crate::slots::{DEVIATION, Heads, Masking, Slots};
use crate::stack::Stack;
use crate::{Condition, Conditioning, GenerateError, GeneratorConfig, Positions, TokenGrid};

/// Vectors of ids, places and conditions, the blocks over them, and scores of codes.
///
/// Parameters: those of the ids under `tokens.{s}`, `positions`, `[P, M]`, with learned positions; those of the
/// condition under `condition`; `blocks.{i}`, `norm`; `heads.{s}`.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) tokens: TokenGrid,
    pub(crate) slots: Slots,
    pub(crate) positions: Option<Tensor>,
    pub(crate) prefix: Prefix,
    pub(crate) stack: Stack,
    pub(crate) heads: Heads,
    pub(crate) config: GeneratorConfig,
    pub(crate) device: Device,
    pub(crate) kind: Kind,
}

impl Frame {
    pub(crate) fn new(
        op: &'static str,
        path: &nn::Path,
        tokens: &TokenGrid,
        codes: Option<&[Tensor]>,
        conditioning: &Conditioning<'_>,
        config: &GeneratorConfig,
        masking: Masking,
    ) -> Result<Self, GenerateError> {
        config.check()?;
        tokens.check(op)?;
        let transformer = &config.transformer;
        let width = transformer.width;
        let codes = SlotCodes::new(op, path, tokens, codes, config.ids)?;
        let slots = Slots::new(&(path / "tokens"), &tokens.layout, width, &codes, masking);
        let prefix = Prefix::new(op, &(path / "condition"), width, conditioning)?;
        let count = tokens.grid.positions();
        let (positions, rotary) = match transformer.positions {
            Positions::Learned => (Some(path.randn("positions", &[count, width], 0.0, DEVIATION)), None),
            Positions::Rotary2d => {
                let places: Vec<_> = prefix.places().into_iter().chain(tokens.grid.places().map(Some)).collect();
                (None, Some(Rotary::new(&places, width / transformer.heads, path.device())))
            }
        };
        Ok(Self {
            heads: Heads::new(&(path / "heads"), &slots, width, &codes, transformer.tie_weights),
            stack: Stack::new(path, transformer, transformer.layers, rotary),
            tokens: tokens.clone(),
            config: config.clone(),
            device: path.device(),
            kind: Kind::Float,
            slots,
            positions,
            prefix,
        })
    }

    pub(crate) fn dropout(&self, mode: Mode) -> Dropout {
        Dropout { probability: self.config.transformer.dropout, mode }
    }

    /// Puts places on contents, `[B, length, M]`, of the positions from `start` on, in the kind that is computed in.
    pub(crate) fn placed(&self, contents: &Tensor, start: i64) -> Tensor {
        let length = contents.size().get(1).copied().unwrap_or(0);
        let placed = self.positions.as_ref().map(|positions| contents + positions.narrow(0, start, length));
        placed.unwrap_or_else(|| contents.shallow_clone()).to_kind(self.kind)
    }

    /// The states of a condition before those of an image.
    pub(crate) fn prefixed(&self, prefix: Option<Tensor>, placed: Tensor) -> Tensor {
        match prefix {
            None => placed,
            Some(prefix) => Tensor::cat(&[prefix.to_kind(self.kind), placed], 1),
        }
    }

    /// The states of a condition, some of them dropped in training.
    pub(crate) fn training_prefix(&self, condition: &Condition, images: i64, mode: Mode) -> Option<Tensor> {
        let rate = self.config.condition_dropout;
        // Without a condition nothing can be dropped, and nothing is drawn.
        let drops = mode == Mode::Train && rate > 0.0 && !matches!(condition, Condition::None);
        let dropped = drops.then(|| Tensor::rand([images], (Kind::Float, self.device)).lt(rate));
        self.prefix.read(condition, images, dropped.as_ref())
    }
}
