//! Ids one after another.

use tch::{Kind, Tensor, nn};
use vq_core::Mode;
use vq_transformer::InputError;

use crate::block::Sight;
use crate::depth::Depth;
use crate::frame::Frame;
use crate::loss::{Terms, gather_log_probabilities};
use crate::slots::{DEVIATION, Masking};
use crate::{Condition, Conditioning, GenerateError, GeneratorConfig, GeneratorLoss, Order, TokenGrid};

/// A causal transformer over the positions of an image, row by row, and over the slots of a position.
///
/// Place `t` of the sequence reads the ids of position `t - 1`, or that the image starts, and predicts position `t`,
/// whose row and column it knows.
/// Where a position has several slots, its state goes to a small transformer that predicts them one after another, so
/// that each is given all ids before it (VQCT's own second stage leaves all but one adjective out).
///
/// Parameters: `start`, `[M]`; `tokens.{s}.weight`, `[V, M]`, `V` being the codes of slot `s`; `positions`, `[P, M]`,
/// if they are learned; `blocks.{i}.{norm1, attention.qkv, attention.output, norm2, mlp.up, mlp.down}`, `norm`; with
/// several slots `depth.places`, `[S, M]`, `depth.blocks.{i}`, `depth.norm`; `heads.{s}.{weight, bias}`, without
/// `weight` if weights are tied; where ids are read by their codes, `codes.up.{weight, bias}` and `codes.down.weight`
/// beside each `weight` of ids; with a condition `condition.null`, `[M]`, `condition.places`, `[N, M]`, and, by its
/// kind, `condition.table`, `condition.input.weight` or `condition.tokens.{s}.weight`.
#[derive(Debug)]
pub struct Autoregressive {
    pub(crate) frame: Frame,
    pub(crate) start: Tensor,
    pub(crate) depth: Option<Depth>,
}

impl Autoregressive {
    /// Registers the generator under `path`; `depth_layers` blocks predict the slots of a position, where there are
    /// several. For `codes` see [`Generator::new`](crate::Generator::new).
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
        const OP: &str = "Autoregressive::new";
        let Order::Autoregressive { depth_layers } = config.order else {
            let expected = "to be autoregressive".to_owned();
            return Err(InputError::Option { op: OP, key: "order", expected, got: "masked".to_owned() }.into());
        };
        let frame = Frame::new(OP, path, tokens, codes, conditioning, config, Masking::Never)?;
        let transformer = &config.transformer;
        let several = tokens.slots() > 1;
        Ok(Self {
            start: path.randn("start", &[transformer.width], 0.0, DEVIATION),
            depth: several.then(|| Depth::new(&(path / "depth"), transformer, depth_layers, tokens.slots())),
            frame,
        })
    }

    /// Computes in numbers of this kind from now on; `Float` before. Parameters stay as they are.
    pub fn compute_in(&mut self, kind: Kind) {
        self.frame.kind = kind;
    }

    /// The loss of ids `[B, H, W, S]`; in training, some images lose their condition.
    ///
    /// # Errors
    /// [`GenerateError`] if ids or condition do not fit.
    pub fn loss(&self, ids: &Tensor, condition: &Condition, mode: Mode) -> Result<GeneratorLoss, GenerateError> {
        let given = self.given("Autoregressive::loss", ids, condition)?;
        let scores = self.scores_of(&given, condition, mode);
        let mut terms = Terms::new(self.frame.config.label_smoothing);
        for (scores, targets) in scores.iter().zip(self.frame.slots.local(&given.ids)) {
            terms.add(&scores.flatten(0, 1), &targets.flatten(0, 1));
        }
        Ok(terms.finish())
    }

    /// Scores of each slot's codes given all ids before, for ids `[B, H, W, S]`: `S` tensors `[B, P, V]`, which are
    /// log-probabilities but for a constant in each row.
    ///
    /// # Errors
    /// [`GenerateError`] if ids or condition do not fit.
    pub fn scores(&self, ids: &Tensor, condition: &Condition) -> Result<Vec<Tensor>, GenerateError> {
        let given = self.given("Autoregressive::scores", ids, condition)?;
        Ok(self.scores_of(&given, condition, Mode::Eval))
    }

    /// Logarithm of the probability of each image's ids `[B, H, W, S]` given its condition, `[B]`, in nats.
    ///
    /// # Errors
    /// [`GenerateError`] if ids or condition do not fit.
    pub fn log_likelihood(&self, ids: &Tensor, condition: &Condition) -> Result<Tensor, GenerateError> {
        let given = self.given("Autoregressive::log_likelihood", ids, condition)?;
        let scores = self.scores_of(&given, condition, Mode::Eval);
        let targets = self.frame.slots.local(&given.ids);
        let terms = scores.iter().zip(&targets);
        let terms = terms.map(|(scores, targets)| gather_log_probabilities(scores, targets));
        // In `Double`: a sum over hundreds of ids.
        let sums = terms.map(|terms| terms.sum_dim_intlist(1, false, Kind::Double));
        Ok(sums.fold(Tensor::zeros([given.images], (Kind::Double, self.frame.device)), |sum, slot| sum + slot))
    }

    fn given(&self, op: &'static str, ids: &Tensor, condition: &Condition) -> Result<Given, GenerateError> {
        let frame = &self.frame;
        let images = frame.tokens.check_ids(op, ids)?;
        frame.prefix.check(op, condition, images)?;
        let ids = ids.to_device(frame.device).flatten(1, 2); // [B, P, S]
        Ok(Given { ids, images })
    }

    fn scores_of(&self, given: &Given, condition: &Condition, mode: Mode) -> Vec<Tensor> {
        let Given { ids, images } = given;
        let frame = &self.frame;
        let (count, dropout) = (frame.tokens.grid.positions(), frame.dropout(mode));
        let prefix = frame.training_prefix(condition, *images, mode);
        let contents = self.contents(&ids.narrow(1, 0, count - 1));
        let sequence = frame.prefixed(prefix, frame.placed(&contents, 0));
        let states = frame.stack.forward(&sequence, Sight::Past, dropout); // [B, N + P, M]
        let states = states.narrow(1, frame.prefix.length(), count);
        let slots = &frame.slots;
        match &self.depth {
            None => vec![frame.heads.score(slots, 0, &states)],
            Some(depth) => {
                let states = depth.forward(&states, slots, ids, dropout); // [B, P, S, M]
                let score = |slot: usize| frame.heads.score(slots, slot, &states.select(2, slot as i64));
                (0..slots.count()).map(score).collect()
            }
        }
    }

    /// The start and what follows it, ids `[B, n, S]`: `[B, n + 1, M]`.
    pub(crate) fn contents(&self, ids: &Tensor) -> Tensor {
        let images = ids.size().first().copied().unwrap_or(0);
        let start = self.start.expand([images, 1, -1], false);
        Tensor::cat(&[start, self.frame.slots.read(ids)], 1)
    }
}

/// Ids that were checked.
struct Given {
    /// `[B, P, S]`.
    ids: Tensor,
    /// `B`.
    images: i64,
}
