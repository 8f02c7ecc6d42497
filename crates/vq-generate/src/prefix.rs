//! The states of a condition.

use tch::{Kind, Tensor, nn};
use vq_nn::{FrozenEmbeddings, GridPosition, InputError, Linear, check_kind, check_option, check_range};

use crate::condition::{Condition, Conditioning};
use crate::error::GenerateError;
use crate::grid::TokenGrid;
use crate::id_embeddings::SlotCodes;
use crate::init::EMBEDDING_STD;
use crate::slot_embeddings::{MaskToken, SlotEmbeddings};

/// Turns conditions into `N` states, which are placed before those of the image and read like them.
///
/// We use a prefix rather than cross-attention because one mechanism serves all conditions: there is one cache, no
/// weights are added to a block (cross-attention would add a third, all of which a step reads from memory), and the
/// blocks do the work of a text encoder on the frozen word embeddings.
/// The prefix always has `N` states, and `null` replaces those without a token; so no masks are needed, and an image
/// does not depend on the longest text of its batch.
/// A dropped condition is `null` throughout, and so an empty text equals no condition.
///
/// Parameters: `null`, `[M]`; `places`, `[N, M]`; for classes `table`, `[classes, M]`; for text `input.weight`, `[M, E]`;
/// for tokens `tokens.{s}.weight`. None without a condition.
#[derive(Debug)]
pub(crate) enum Prefix {
    None,
    Some {
        source: Source,
        null: Tensor,
        /// `[N, M]`.
        positions: Tensor,
    },
}

#[derive(Debug)]
pub(crate) enum Source {
    Class(Tensor),
    Text { embeddings: FrozenEmbeddings, input: Linear },
    Tokens { slots: SlotEmbeddings, grid: TokenGrid },
}

impl Prefix {
    pub(crate) fn new(
        op: &'static str,
        path: &nn::Path,
        width: i64,
        conditioning: &Conditioning<'_>,
    ) -> Result<Self, GenerateError> {
        let rows = |name: &str, count: i64| path.randn(name, &[count, width], 0.0, EMBEDDING_STD);
        let (source, length) = match *conditioning {
            Conditioning::None => return Ok(Self::None),
            Conditioning::Class { classes } => {
                check_option(op, "classes", classes >= 1, "to be positive", classes)?;
                (Source::Class(rows("table", classes)), 1)
            }
            Conditioning::Text { embeddings, max_tokens } => {
                check_option(op, "max_tokens", max_tokens >= 1, "to be positive", max_tokens)?;
                let embeddings = FrozenEmbeddings::new(op, embeddings, path.device())?;
                let input = Linear::unbiased(&(path / "input"), embeddings.width(), width);
                (Source::Text { embeddings, input }, max_tokens)
            }
            Conditioning::Tokens(grid) => {
                grid.check(op)?;
                let (path, codes) = (path / "tokens", SlotCodes::unknown());
                let slots = SlotEmbeddings::new(&path, &grid.layout, width, &codes, MaskToken::Without);
                (Source::Tokens { slots, grid: grid.clone() }, grid.grid.positions())
            }
        };
        let null = path.randn("null", &[width], 0.0, EMBEDDING_STD);
        Ok(Self::Some { source, null, positions: rows("places", length) })
    }

    /// `N`, the states of a prefix.
    pub(crate) fn length(&self) -> i64 {
        match self {
            Self::None => 0,
            Self::Some { positions, .. } => positions.size().first().copied().unwrap_or(0),
        }
    }

    /// The position of each state in the image's grid: that of the token for tokens of another grid, else none.
    pub(crate) fn positions(&self) -> Vec<Option<GridPosition>> {
        match self {
            Self::Some { source: Source::Tokens { grid, .. }, .. } => grid.grid.iter().map(Some).collect(),
            _ => vec![None; self.length() as usize],
        }
    }

    /// Checks that a condition is absent, or of the kind of this prefix and for `images` images.
    pub(crate) fn check(&self, op: &'static str, condition: &Condition, images: i64) -> Result<(), GenerateError> {
        let shape = |what, tensor: &Tensor, expected: &[i64]| match tensor.size() == expected {
            true => Ok(()),
            false => Err(InputError::Shape { op, what, expected: format!("{expected:?}"), got: tensor.size() }),
        };
        match (self, condition) {
            (_, Condition::None) => {}
            (Self::Some { source: Source::Class(table), .. }, Condition::Class(classes)) => {
                shape("classes", classes, &[images])?;
                check_kind(op, "classes", classes)?;
                check_range(op, "classes", classes, 0..table.size().first().copied().unwrap_or(0))?;
            }
            (Self::Some { source: Source::Text { embeddings, .. }, .. }, Condition::Text { ids, lengths }) => {
                let limit = self.length();
                let longest = match ids.size()[..] {
                    [rows, longest] if rows == images && (1..=limit).contains(&longest) => longest,
                    _ => {
                        let expected = format!("[{images}, 1..={limit}]");
                        return Err(InputError::Shape { op, what: "token ids", expected, got: ids.size() }.into());
                    }
                };
                check_kind(op, "token ids", ids)?;
                check_range(op, "token ids", ids, 0..embeddings.tokens())?;
                shape("text lengths", lengths, &[images])?;
                check_kind(op, "text lengths", lengths)?;
                check_range(op, "text lengths", lengths, 0..longest + 1)?;
            }
            (Self::Some { source: Source::Tokens { grid, .. }, .. }, Condition::Tokens(ids)) => {
                let found = grid.check_ids(op, ids)?;
                check_option(op, "condition", found == images, &format!("to be of {images} images"), found)?;
            }
            _ => return Err(GenerateError::Condition { op, expected: self.kind(), got: condition.kind() }),
        }
        Ok(())
    }

    /// The states of a checked condition, `[B, N, M]`, none if `N` is 0; `null` where `dropped`, `[B]`, `Bool`, is true.
    pub(crate) fn read(&self, condition: &Condition, images: i64, dropped: Option<&Tensor>) -> Option<Tensor> {
        let Self::Some { source, null, positions } = self else { return None };
        let size = positions.size();
        let (length, width, device) = (size[0], size[1], positions.device());
        let absent = null.expand([images, length, width], false);
        let states = match (source, condition) {
            (Source::Class(table), Condition::Class(classes)) => {
                Tensor::embedding(table, &classes.to_device(device).unsqueeze(1), -1, false, false)
            }
            (Source::Text { embeddings, input }, Condition::Text { ids, lengths }) => {
                let missing = length - ids.size().last().copied().unwrap_or(0);
                let ids = ids.to_device(device).constant_pad_nd([0, missing]); // [B, N]
                let rows = embeddings.read(&ids).to_kind(positions.kind());
                let steps = Tensor::arange(length, (Kind::Int64, device));
                let real = steps.unsqueeze(0).lt_tensor(&lengths.to_device(device).unsqueeze(1)); // [B, N]
                input.forward(&rows).where_self(&real.unsqueeze(-1), &absent)
            }
            (Source::Tokens { slots, .. }, Condition::Tokens(ids)) => slots.embed(&ids.to_device(device)).flatten(1, 2),
            _ => absent.shallow_clone(),
        };
        let states = match dropped {
            None => states,
            Some(dropped) => absent.where_self(&dropped.view([images, 1, 1]), &states),
        };
        Some(states + positions)
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Some { source: Source::Class(_), .. } => "class",
            Self::Some { source: Source::Text { .. }, .. } => "text",
            Self::Some { source: Source::Tokens { .. }, .. } => "tokens",
        }
    }
}
