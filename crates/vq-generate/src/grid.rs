//! Grids of token ids.

use tch::Tensor;
use vq_core::Layout;
use vq_nn::{GridPosition, InputError, check_option};

use crate::error::GenerateError;

/// Rows and columns of a token grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grid {
    /// `H`.
    pub rows: i64,
    /// `W`.
    pub columns: i64,
}

impl Grid {
    /// `P`, the number of positions.
    pub fn positions(self) -> i64 {
        self.rows * self.columns
    }

    /// The positions, row by row.
    pub(crate) fn iter(self) -> impl Iterator<Item = GridPosition> {
        (0..self.rows).flat_map(move |row| (0..self.columns).map(move |column| GridPosition { row, column }))
    }
}

/// The ids of an image: their grid, and the codes that each slot of a position may hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenGrid {
    /// Rows and columns.
    pub grid: Grid,
    /// Slots of a position, as the tokenizer's quantizer lays them out.
    pub layout: Layout,
}

impl TokenGrid {
    /// Checks that there are positions and slots, and that each slot has a code.
    ///
    /// # Errors
    /// [`GenerateError::Input`] with the key of the first invalid option.
    pub fn check(&self, op: &'static str) -> Result<(), GenerateError> {
        check_option(op, "rows", self.grid.rows >= 1, "to be positive", self.grid.rows)?;
        check_option(op, "columns", self.grid.columns >= 1, "to be positive", self.grid.columns)?;
        check_option(op, "slots", !self.layout.slots.is_empty(), "to be 1 or more", 0)?;
        for slot in &self.layout.slots {
            check_option(op, "slots", !slot.codes.is_empty(), "to have codes", format!("{:?}", slot.codes))?;
        }
        Ok(())
    }

    /// `S`, the slots of a position.
    pub fn slots(&self) -> i64 {
        self.layout.slots.len() as i64
    }

    /// `P * S`, the ids of an image.
    pub fn ids(&self) -> i64 {
        self.grid.positions() * self.slots()
    }

    /// Checks ids `[B, H, W, S]` of this grid, and returns `B`.
    pub(crate) fn check_ids(&self, op: &'static str, ids: &Tensor) -> Result<i64, GenerateError> {
        let Grid { rows, columns } = self.grid;
        match ids.size()[..] {
            [images, r, c, s] if r == rows && c == columns && s == self.slots() && images >= 1 => {
                self.layout.check_indices(op, ids)?;
                Ok(images)
            }
            _ => {
                let expected = format!("[B, {rows}, {columns}, {}]", self.slots());
                Err(InputError::Shape { op, what: "ids", expected, got: ids.size() }.into())
            }
        }
    }
}
