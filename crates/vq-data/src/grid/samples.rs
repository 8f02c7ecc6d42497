//! Cells made of samples.

use rayon::prelude::*;

use super::cell::{GridCell, GridWords, Tone};
use super::layout::GridLayout;
use crate::{DataError, Fault, ImageSource, Sample};

/// The text below a sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SampleWords {
    /// Captions, then labels.
    Captions,
    /// Id, size and labels.
    Facts,
}

/// The largest number of lines of one text.
const MAX_LINES: usize = 6;

/// The largest number of captions of a sample that are shown.
const MAX_CAPTIONS: usize = 2;

/// The cells of some samples.
#[derive(Debug, Clone, PartialEq)]
pub struct SampleCells {
    /// One for each sample; grey for one that cannot be read.
    pub cells: Vec<GridCell>,
    /// The samples that cannot be read.
    pub damaged: Vec<Fault>,
}

/// Makes the cells of some samples of a source, with pictures at the size at which the layout shows them. Samples are
/// read on all cores (rayon's global pool).
///
/// # Errors
///
/// If a value of the layout is out of range.
pub fn sample_cells(
    source: &dyn ImageSource,
    indices: &[usize],
    words: SampleWords,
    layout: GridLayout,
) -> Result<SampleCells, DataError> {
    layout.check()?;
    let read = indices.par_iter().map(|&index| {
        let cell = source.get(index).and_then(|sample| {
            let picture = layout.fitted(&sample.image)?;
            Ok(GridCell { picture, words: words.of(&sample) })
        });
        cell.map_err(|error| Fault::of(source, index, &error))
    });
    let mut damaged = Vec::new();
    let mut damaged_cell = |fault: Fault| {
        let cell = grey_cell(&fault, layout);
        damaged.push(fault);
        cell
    };
    let read: Vec<Result<GridCell, Fault>> = read.collect();
    let cells = read.into_iter().map(|cell| cell.unwrap_or_else(&mut damaged_cell)).collect();
    Ok(SampleCells { cells, damaged })
}

impl SampleWords {
    fn of(self, sample: &Sample) -> Vec<GridWords> {
        let labels = sample.labels.join(" \u{203a} ");
        let faint = |text: String, lines| GridWords { text, tone: Tone::Faint, lines };
        match self {
            Self::Captions => {
                let captions: Vec<&String> = sample.caption.iter().chain(&sample.more_captions).collect();
                let mut words: Vec<GridWords> = captions
                    .iter()
                    .take(MAX_CAPTIONS)
                    .map(|&caption| GridWords { text: caption.clone(), tone: Tone::Plain, lines: MAX_LINES })
                    .collect();
                if let more @ 1.. = captions.len().saturating_sub(MAX_CAPTIONS) {
                    words.push(faint(format!("and {more} more"), 1));
                }
                words.push(faint(labels, 2));
                words
            }
            Self::Facts => {
                let size = format!("{}\u{d7}{}", sample.image.width(), sample.image.height());
                vec![faint(file_name(&sample.id), 1), faint(size, 1), faint(labels, 2)]
            }
        }
    }
}

fn grey_cell(fault: &Fault, layout: GridLayout) -> GridCell {
    let side = layout.inner().min(layout.picture);
    GridCell {
        picture: image::RgbaImage::from_pixel(side, side, image::Rgba([225, 225, 225, 255])),
        words: vec![
            GridWords { text: file_name(&fault.sample), tone: Tone::Faint, lines: 1 },
            GridWords { text: "damaged".to_owned(), tone: Tone::Alarm, lines: 1 },
        ],
    }
}

/// The file name of a path.
fn file_name(path: &str) -> String {
    path.rsplit(['/', '\\']).next().unwrap_or_default().to_owned()
}
