//! Pictures in rows and columns, with text below each.

mod cell;
mod draw;
mod layout;
mod lettering;
mod samples;

pub use cell::{GridCell, GridWords, Tone};
pub use draw::draw_grid;
pub use layout::GridLayout;
pub use samples::{SampleCells, SampleWords, sample_cells};
