//! What an image should show.

use tch::{Kind, Tensor, nn};
use vq_transformer::{FrozenEmbeddings, InputError, Linear, check_kind, check_option, check_range};

use crate::id_vectors::SlotCodes;
use crate::rotary::Place;
use crate::slots::{DEVIATION, Masking, Slots};
use crate::{GenerateError, TokenGrid};

/// The kind of condition that a generator takes.
#[derive(Debug, Clone, Copy)]
pub enum Conditioning<'a> {
    /// None.
    None,
    /// One of so many classes.
    Class {
        /// The number of classes.
        classes: i64,
    },
    /// Text in the tokens of a language model, whose embeddings stay as they are.
    Text {
        /// `[V, E]`.
        embeddings: &'a Tensor,
        /// The most tokens of a text.
        max_tokens: i64,
    },
    /// Other tokens, such as those of a segmentation.
    Tokens(&'a TokenGrid),
}

/// What each image of a batch should show.
#[derive(Debug)]
pub enum Condition {
    /// Anything.
    None,
    /// `[B]`, `Int64`: a class.
    Class(Tensor),
    /// A text.
    Text {
        /// `[B, T]`, `Int64`, with `T` of at most `max_tokens`: tokens, then anything in `0..V`.
        ids: Tensor,
        /// `[B]`, `Int64`, in `0..=T`: the tokens of each text that are not padding.
        lengths: Tensor,
    },
    /// `[B, H, W, S]`, `Int64`: ids of another grid.
    Tokens(Tensor),
}

impl Condition {
    fn kind(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Class(_) => "class",
            Self::Text { .. } => "text",
            Self::Tokens(_) => "tokens",
        }
    }
}

/// Turns conditions to states that stand before those of the image, and are read like them.
///
/// A prefix, and not cross-attention, because one mechanism serves all conditions: there is one cache, no weights are
/// added to a block (cross-attention would add a third, all of which a step reads from memory), and the blocks make of
/// frozen embeddings of words what an encoder would have to.
/// The prefix has always `N` states, what is no token being `null`; so neither masks are needed nor does an image depend
/// on the longest text of its batch.
/// A dropped condition is `null` throughout, and so an empty text is no condition.
///
/// Parameters: `null`, `[M]`; `places`, `[N, M]`; for classes `table`, `[classes, M]`; for text `input.weight`, `[M, E]`;
/// for tokens `tokens.{s}.weight`. None without a condition.
#[derive(Debug)]
pub(crate) enum Prefix {
    None,
    Some { source: Source, null: Tensor, places: Tensor },
}

#[derive(Debug)]
pub(crate) enum Source {
    Class(Tensor),
    Text { embeddings: FrozenEmbeddings, input: Linear },
    Tokens { slots: Slots, grid: TokenGrid },
}

impl Prefix {
    pub(crate) fn new(
        op: &'static str,
        path: &nn::Path,
        width: i64,
        conditioning: &Conditioning<'_>,
    ) -> Result<Self, GenerateError> {
        let rows = |name: &str, count: i64| path.randn(name, &[count, width], 0.0, DEVIATION);
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
                let slots = Slots::new(&(path / "tokens"), &grid.layout, width, &SlotCodes::unknown(), Masking::Never);
                (Source::Tokens { slots, grid: grid.clone() }, grid.grid.positions())
            }
        };
        let null = path.randn("null", &[width], 0.0, DEVIATION);
        Ok(Self::Some { source, null, places: rows("places", length) })
    }

    /// `N`, the states of a prefix.
    pub(crate) fn length(&self) -> i64 {
        match self {
            Self::None => 0,
            Self::Some { places, .. } => places.size().first().copied().unwrap_or(0),
        }
    }

    /// Where the states lie: those of another grid where its positions do, the others nowhere.
    pub(crate) fn places(&self) -> Vec<Option<Place>> {
        match self {
            Self::Some { source: Source::Tokens { grid, .. }, .. } => grid.grid.places().map(Some).collect(),
            _ => vec![None; self.length() as usize],
        }
    }

    /// Fails unless a condition is of this kind, fits and is of `images` images.
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
                let most = self.length();
                let longest = match ids.size()[..] {
                    [rows, longest] if rows == images && (1..=most).contains(&longest) => longest,
                    _ => {
                        let expected = format!("[{images}, 1..={most}]");
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

    /// The states of a condition that was checked, `[B, N, M]`, none if `N` is 0; `null` where `dropped`, `[B]`, `Bool`.
    pub(crate) fn read(&self, condition: &Condition, images: i64, dropped: Option<&Tensor>) -> Option<Tensor> {
        let Self::Some { source, null, places } = self else { return None };
        let size = places.size();
        let (length, width, device) = (size[0], size[1], places.device());
        let absent = null.expand([images, length, width], false);
        let states = match (source, condition) {
            (Source::Class(table), Condition::Class(classes)) => {
                Tensor::embedding(table, &classes.to_device(device).unsqueeze(1), -1, false, false)
            }
            (Source::Text { embeddings, input }, Condition::Text { ids, lengths }) => {
                let missing = length - ids.size().last().copied().unwrap_or(0);
                let ids = ids.to_device(device).constant_pad_nd([0, missing]); // [B, N]
                let rows = embeddings.read(&ids).to_kind(places.kind());
                let steps = Tensor::arange(length, (Kind::Int64, device));
                let real = steps.unsqueeze(0).lt_tensor(&lengths.to_device(device).unsqueeze(1)); // [B, N]
                input.forward(&rows).where_self(&real.unsqueeze(-1), &absent)
            }
            (Source::Tokens { slots, .. }, Condition::Tokens(ids)) => slots.read(&ids.to_device(device)).flatten(1, 2),
            _ => absent.shallow_clone(),
        };
        let states = match dropped {
            None => states,
            Some(dropped) => absent.where_self(&dropped.view([images, 1, 1]), &states),
        };
        Some(states + places)
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
