//! The autoregressive generator.

use tch::{Kind, Tensor, nn};
use vq_core::Mode;
use vq_nn::{AttentionMask, BlockInputs, InputError};

use crate::backbone::Backbone;
use crate::condition::{Condition, Conditioning};
use crate::config::{GeneratorConfig, Order};
use crate::depth::DepthTransformer;
use crate::error::GenerateError;
use crate::grid::TokenGrid;
use crate::init::EMBEDDING_STD;
use crate::loss::{GeneratorLoss, LossSums, gather_log_probabilities};
use crate::slot_embeddings::MaskToken;

/// A causal transformer over the positions of an image, row by row, and over the slots of a position.
///
/// Element `t` of the sequence reads the ids of position `t - 1`, or a start vector, and predicts position `t`, whose row
/// and column it is given.
/// Where a position has several slots, a small transformer predicts them from its state one after another, so that each
/// prediction is conditioned on all ids before it. (VQCT's own second stage omits all but one adjective.)
///
/// Parameters: `start`, `[M]`; `tokens.{s}.weight`, `[V, M]`, for the `V` codes of slot `s`; `positions`, `[P, M]`, if they
/// are learned; `blocks.{i}.{norm1, attention.qkv, attention.output, norm2, mlp.up, mlp.down}`, `norm`; with several slots
/// `depth.places`, `[S, M]`, `depth.blocks.{i}`, `depth.norm`; `heads.{s}.{weight, bias}`, without `weight` if weights are
/// tied; if ids are embedded by their codes, `codes.up.{weight, bias}` and `codes.down.weight` beside each `weight` of
/// ids; with a condition `condition.null`, `[M]`, `condition.places`, `[N, M]`, and, by its kind, `condition.table`,
/// `condition.input.weight` or `condition.tokens.{s}.weight`.
#[derive(Debug)]
pub struct Autoregressive {
    pub(crate) backbone: Backbone,
    pub(crate) start: Tensor,
    pub(crate) depth: Option<DepthTransformer>,
}

impl Autoregressive {
    /// Registers the generator under `path`; see [`Generator::new`](crate::Generator::new).
    ///
    /// # Errors
    /// [`GenerateError::Input`] if an option, the grid or the conditioning is invalid, or if the configured order is not
    /// autoregressive.
    pub fn new(
        path: &nn::Path,
        tokens: &TokenGrid,
        codes: Option<&[Tensor]>,
        conditioning: &Conditioning<'_>,
        config: &GeneratorConfig,
    ) -> Result<Self, GenerateError> {
        const OP: &str = "Autoregressive::new";
        let Order::Autoregressive { depth_layers } = config.order else {
            let expected = "to be autoregressive".to_owned();
            return Err(InputError::Option { op: OP, key: "order", expected, got: "masked".to_owned() }.into());
        };
        let backbone = Backbone::new(OP, path, tokens, codes, conditioning, config, MaskToken::Without)?;
        let transformer = &config.transformer;
        let depth = || DepthTransformer::new(&(path / "depth"), transformer, depth_layers, tokens.slots());
        Ok(Self {
            start: path.randn("start", &[transformer.width], 0.0, EMBEDDING_STD),
            depth: (tokens.slots() > 1).then(depth),
            backbone,
        })
    }

    /// Sets the dtype of the computation; `Float` before. Parameters keep theirs.
    pub fn set_compute_dtype(&mut self, kind: Kind) {
        self.backbone.kind = kind;
    }

    /// The loss of ids `[B, H, W, S]`; in training, the conditions of some images are dropped.
    ///
    /// # Errors
    /// [`GenerateError`] if ids or condition do not fit.
    pub fn loss(&self, ids: &Tensor, condition: &Condition, mode: Mode) -> Result<GeneratorLoss, GenerateError> {
        let checked = self.check("Autoregressive::loss", ids, condition)?;
        let scores = self.score_checked(&checked, condition, mode);
        let mut sums = LossSums::new(self.backbone.config.label_smoothing);
        for (scores, targets) in scores.iter().zip(self.backbone.slots.local(&checked.ids)) {
            sums.add(&scores.flatten(0, 1), &targets.flatten(0, 1));
        }
        Ok(sums.finish())
    }

    /// Scores of each slot's codes given all ids before, for ids `[B, H, W, S]`: `S` tensors `[B, P, V]`, which are
    /// log-probabilities up to a constant in each row.
    ///
    /// # Errors
    /// [`GenerateError`] if ids or condition do not fit.
    pub fn scores(&self, ids: &Tensor, condition: &Condition) -> Result<Vec<Tensor>, GenerateError> {
        let checked = self.check("Autoregressive::scores", ids, condition)?;
        Ok(self.score_checked(&checked, condition, Mode::Eval))
    }

    /// Logarithm of the probability of each image's ids `[B, H, W, S]` given its condition, `[B]`, in nats.
    ///
    /// # Errors
    /// [`GenerateError`] if ids or condition do not fit.
    pub fn log_likelihood(&self, ids: &Tensor, condition: &Condition) -> Result<Tensor, GenerateError> {
        let checked = self.check("Autoregressive::log_likelihood", ids, condition)?;
        let scores = self.score_checked(&checked, condition, Mode::Eval);
        let targets = self.backbone.slots.local(&checked.ids);
        let terms = scores.iter().zip(&targets);
        let terms = terms.map(|(scores, targets)| gather_log_probabilities(scores, targets));
        // In `Double`, because hundreds of terms are added.
        let sums = terms.map(|terms| terms.sum_dim_intlist(1, false, Kind::Double));
        let zero = Tensor::zeros([checked.images], (Kind::Double, self.backbone.device));
        Ok(sums.fold(zero, |sum, slot| sum + slot))
    }

    fn check(&self, op: &'static str, ids: &Tensor, condition: &Condition) -> Result<CheckedIds, GenerateError> {
        let backbone = &self.backbone;
        let images = backbone.tokens.check_ids(op, ids)?;
        backbone.prefix.check(op, condition, images)?;
        let ids = ids.to_device(backbone.device).flatten(1, 2); // [B, P, S]
        Ok(CheckedIds { ids, images })
    }

    fn score_checked(&self, checked: &CheckedIds, condition: &Condition, mode: Mode) -> Vec<Tensor> {
        let CheckedIds { ids, images } = checked;
        let backbone = &self.backbone;
        let (count, dropout) = (backbone.tokens.grid.positions(), backbone.dropout(mode));
        let prefix = backbone.training_prefix(condition, *images, mode);
        let contents = self.contents(&ids.narrow(1, 0, count - 1));
        let sequence = backbone.with_prefix(prefix, backbone.with_positions(&contents, 0));
        let inputs = BlockInputs { memory: None, mask: AttentionMask::Causal, dropout };
        let states = backbone.stack.forward(&sequence, &inputs); // [B, N + P, M]
        let states = states.narrow(1, backbone.prefix.length(), count);
        let slots = &backbone.slots;
        match &self.depth {
            None => vec![backbone.heads.score(slots, 0, &states)],
            Some(depth) => {
                let states = depth.forward(&states, slots, ids, dropout); // [B, P, S, M]
                let score = |slot: usize| backbone.heads.score(slots, slot, &states.select(2, slot as i64));
                (0..slots.count()).map(score).collect()
            }
        }
    }

    /// The start vector, then the embeddings of ids `[B, n, S]`: `[B, n + 1, M]`.
    pub(crate) fn contents(&self, ids: &Tensor) -> Tensor {
        let images = ids.size().first().copied().unwrap_or(0);
        let start = self.start.expand([images, 1, -1], false);
        Tensor::cat(&[start, self.backbone.slots.embed(ids)], 1)
    }
}

/// Ids that fit the grid.
struct CheckedIds {
    /// `[B, P, S]`.
    ids: Tensor,
    /// `B`.
    images: i64,
}
