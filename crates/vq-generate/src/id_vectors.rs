//! The vectors of a slot's ids.

use tch::{Tensor, nn};
use vq_transformer::{FrozenEmbeddings, InputError, Linear, check_option};

use crate::slots::DEVIATION;
use crate::{GenerateError, IdSource, TokenGrid};

/// The codes of each slot's ids in the tokenizer's codebook, `S` tensors `[V, D]`, if ids are read by them.
#[derive(Debug)]
pub(crate) struct SlotCodes(Option<Vec<FrozenEmbeddings>>);

impl SlotCodes {
    /// Checks the codes that a configuration wants; of those that it does not want, nothing is kept.
    pub(crate) fn new(
        op: &'static str,
        path: &nn::Path,
        tokens: &TokenGrid,
        codes: Option<&[Tensor]>,
        source: IdSource,
    ) -> Result<Self, GenerateError> {
        if source == IdSource::Learned {
            return Ok(Self(None));
        }
        let expected = || format!("to be learned, or the codes of {} slots to be given", tokens.slots());
        let given = codes.map_or(0, <[Tensor]>::len);
        check_option(op, "ids", given as i64 == tokens.slots(), &expected(), format!("codes of {given}"))?;
        let mut all = Vec::new();
        for (slot, codes) in tokens.layout.slots.iter().zip(codes.unwrap_or_default()) {
            // How far codes lie from each other is what counts.
            let centred = match codes.size()[..] {
                [_, _] if codes.is_floating_point() => codes - codes.mean_dim([0_i64].as_slice(), true, codes.kind()),
                _ => codes.shallow_clone(),
            };
            let frozen = FrozenEmbeddings::new(op, &centred, path.device())?;
            let wanted = slot.codes.end - slot.codes.start;
            if frozen.tokens() != wanted {
                let expected = format!("[{wanted}, D], as the slot of group {} has", slot.group);
                return Err(InputError::Shape { op, what: "codes", expected, got: codes.size() }.into());
            }
            all.push(frozen);
        }
        Ok(Self(Some(all)))
    }

    /// Of other tokens, whose codes are not known.
    pub(crate) fn unknown() -> Self {
        Self(None)
    }

    fn of(&self, slot: usize) -> Option<&Tensor> {
        self.0.as_ref().map(|codes| codes[slot].rows())
    }
}

/// A vector for each id of a slot: one that is learned, and, if codes are known, what a perceptron makes of the id's code.
///
/// Parameters: `weight`, `[rows, M]`; with codes `codes.up.{weight, bias}`, `codes.down.weight`.
#[derive(Debug)]
pub(crate) struct IdVectors {
    learned: Tensor,
    codes: Option<Perceptron>,
}

#[derive(Debug)]
struct Perceptron {
    /// `[V, D]`.
    codes: Tensor,
    up: Linear,
    /// `[M, M]`.
    down: Tensor,
}

impl IdVectors {
    /// Of the ids of slot `slot`, and of what else the `rows` stand for, behind them.
    pub(crate) fn new(path: &nn::Path, rows: i64, width: i64, codes: &SlotCodes, slot: usize) -> Self {
        let learned = path.randn("weight", &[rows, width], 0.0, DEVIATION);
        let codes = codes.of(slot).map(|codes| {
            let path = path / "codes";
            let inputs = codes.size().last().copied().unwrap_or(0);
            Perceptron {
                codes: codes.shallow_clone(),
                up: Linear::new(&(&path / "up"), inputs, width),
                down: (&path / "down").randn("weight", &[width, width], 0.0, DEVIATION * (width as f64).powf(-0.5)),
            }
        });
        Self { learned, codes }
    }

    /// `[rows, M]` of the parameters as they are now.
    pub(crate) fn table(&self) -> Tensor {
        let Some(Perceptron { codes, up, down }) = &self.codes else { return self.learned.shallow_clone() };
        let made = up.forward(codes).gelu("none").linear(down, None::<Tensor>); // [V, M]
        let others = self.learned.size()[0] - made.size()[0];
        &self.learned + made.constant_pad_nd([0, 0, 0, others])
    }
}
