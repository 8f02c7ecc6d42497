//! What the two kinds of generators share.

use tch::{Device, Kind, Tensor, nn};
use vq_core::Mode;
use vq_nn::{BlockStack, Dropout, Rotary2d};

use crate::condition::{Condition, Conditioning};
use crate::config::{GeneratorConfig, Positions};
use crate::error::GenerateError;
use crate::grid::TokenGrid;
use crate::id_embeddings::SlotCodes;
use crate::init::EMBEDDING_STD;
use crate::prefix::Prefix;
use crate::slot_embeddings::{MaskToken, SlotEmbeddings};
use crate::slot_heads::{HeadWeights, SlotHeads};

/// Embeddings of ids, positions and conditions, the blocks over them, and scores of codes.
///
/// Parameters: those of the ids under `tokens.{s}`; `positions`, `[P, M]`, if positions are learned; those of the
/// condition under `condition`; `blocks.{i}`, `norm`; `heads.{s}`.
#[derive(Debug)]
pub(crate) struct Backbone {
    pub(crate) tokens: TokenGrid,
    pub(crate) slots: SlotEmbeddings,
    pub(crate) positions: Option<Tensor>,
    pub(crate) prefix: Prefix,
    pub(crate) stack: BlockStack,
    pub(crate) heads: SlotHeads,
    pub(crate) config: GeneratorConfig,
    pub(crate) device: Device,
    /// The dtype of the computation.
    pub(crate) kind: Kind,
}

impl Backbone {
    pub(crate) fn new(
        op: &'static str,
        path: &nn::Path,
        tokens: &TokenGrid,
        codes: Option<&[Tensor]>,
        conditioning: &Conditioning<'_>,
        config: &GeneratorConfig,
        mask: MaskToken,
    ) -> Result<Self, GenerateError> {
        config.check()?;
        tokens.check(op)?;
        let transformer = &config.transformer;
        let width = transformer.width;
        let codes = SlotCodes::new(op, path, tokens, codes, config.ids)?;
        let slots = SlotEmbeddings::new(&(path / "tokens"), &tokens.layout, width, &codes, mask);
        let prefix = Prefix::new(op, &(path / "condition"), width, conditioning)?;
        let count = tokens.grid.positions();
        let (positions, rotary) = match transformer.positions {
            Positions::Learned => (Some(path.randn("positions", &[count, width], 0.0, EMBEDDING_STD)), None),
            Positions::Rotary2d => {
                let positions: Vec<_> = prefix.positions().into_iter().chain(tokens.grid.iter().map(Some)).collect();
                (None, Some(Rotary2d::new(&positions, width / transformer.heads, path.device())))
            }
        };
        let weights = if transformer.tie_weights { HeadWeights::Tied } else { HeadWeights::Own };
        Ok(Self {
            heads: SlotHeads::new(&(path / "heads"), &slots, width, &codes, weights),
            stack: BlockStack::new(path, transformer.layers, &transformer.block(transformer.layers), rotary),
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

    /// Adds learned positions to contents `[B, length, M]` of the positions from `start` on, and casts to the dtype of
    /// the computation.
    pub(crate) fn with_positions(&self, contents: &Tensor, start: i64) -> Tensor {
        let length = contents.size().get(1).copied().unwrap_or(0);
        let sum = self.positions.as_ref().map(|positions| contents + positions.narrow(0, start, length));
        sum.unwrap_or_else(|| contents.shallow_clone()).to_kind(self.kind)
    }

    /// The sequence of a condition's states and an image's states, `[B, N + length, M]`.
    pub(crate) fn with_prefix(&self, prefix: Option<Tensor>, states: Tensor) -> Tensor {
        match prefix {
            None => states,
            Some(prefix) => Tensor::cat(&[prefix.to_kind(self.kind), states], 1),
        }
    }

    /// The states of a condition, some of them dropped in training.
    pub(crate) fn training_prefix(&self, condition: &Condition, images: i64, mode: Mode) -> Option<Tensor> {
        let rate = self.config.condition_dropout;
        // Without a condition nothing is dropped, and no random number is drawn.
        let drops = mode == Mode::Train && rate > 0.0 && !matches!(condition, Condition::None);
        let dropped = drops.then(|| Tensor::rand([images], (Kind::Float, self.device)).lt(rate));
        self.prefix.read(condition, images, dropped.as_ref())
    }
}
