//! The embeddings of a slot's ids.

use tch::{Tensor, nn};
use vq_nn::{FrozenEmbeddings, InputError, Linear, check_option};

use crate::config::IdSource;
use crate::error::GenerateError;
use crate::grid::TokenGrid;
use crate::init::EMBEDDING_STD;

/// The codes of each slot's ids in the tokenizer's codebook, `S` tensors `[V, D]`, if ids are embedded by them.
#[derive(Debug)]
pub(crate) struct SlotCodes(Option<Vec<FrozenEmbeddings>>);

impl SlotCodes {
    /// Checks the codes that `source` needs; ignores `codes` if it needs none.
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
            // Only the differences between codes carry information, so the mean is subtracted.
            let centred = match codes.size()[..] {
                [_, _] if codes.is_floating_point() => codes - codes.mean_dim([0_i64].as_slice(), true, codes.kind()),
                _ => codes.shallow_clone(),
            };
            let frozen = FrozenEmbeddings::new(op, &centred, path.device())?;
            let size = slot.codes.end - slot.codes.start;
            if frozen.tokens() != size {
                let expected = format!("[{size}, D], as the slot of group {} has", slot.group);
                return Err(InputError::Shape { op, what: "codes", expected, got: codes.size() }.into());
            }
            all.push(frozen);
        }
        Ok(Self(Some(all)))
    }

    /// For a grid whose codes are unknown.
    pub(crate) fn unknown() -> Self {
        Self(None)
    }

    fn of(&self, slot: usize) -> Option<&Tensor> {
        self.0.as_ref().map(|codes| codes[slot].rows())
    }
}

/// An embedding for each id of a slot: a learned vector, plus the output of an MLP for the id's code if codes are known.
///
/// Parameters: `weight`, `[rows, M]`; with codes `codes.up.{weight, bias}`, `codes.down.weight`.
#[derive(Debug)]
pub(crate) struct IdEmbeddings {
    learned: Tensor,
    codes: Option<CodeMlp>,
}

/// Maps codes to embeddings.
#[derive(Debug)]
struct CodeMlp {
    /// `[V, D]`.
    codes: Tensor,
    up: Linear,
    down: Linear,
}

impl IdEmbeddings {
    /// Registers the embeddings of the ids of slot `slot`; `rows` may exceed their number by a mask token.
    pub(crate) fn new(path: &nn::Path, rows: i64, width: i64, codes: &SlotCodes, slot: usize) -> Self {
        let learned = path.randn("weight", &[rows, width], 0.0, EMBEDDING_STD);
        let codes = codes.of(slot).map(|codes| {
            let path = path / "codes";
            let inputs = codes.size().last().copied().unwrap_or(0);
            let up = Linear::new(&(&path / "up"), inputs, width);
            let std = EMBEDDING_STD * (width as f64).powf(-0.5);
            let down = (&path / "down").randn("weight", &[width, width], 0.0, std);
            CodeMlp { codes: codes.shallow_clone(), up, down: Linear::from_tensors(down, None) }
        });
        Self { learned, codes }
    }

    /// `[rows, M]`, computed from the current parameters.
    pub(crate) fn table(&self) -> Tensor {
        let Some(CodeMlp { codes, up, down }) = &self.codes else { return self.learned.shallow_clone() };
        let mapped = down.forward(&up.forward(codes).gelu("none")); // [V, M]
        let others = self.learned.size()[0] - mapped.size()[0];
        &self.learned + mapped.constant_pad_nd([0, 0, 0, others])
    }
}
