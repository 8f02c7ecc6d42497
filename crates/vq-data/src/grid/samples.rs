use rayon::prelude::*;

use super::{GridCell, GridLayout, GridWords, Tone};
use crate::damage::Fault;
use crate::{DataError, ImageSource, Sample};

/// What is written below a sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SampleWords {
    /// Captions, then labels.
    Captions,
    /// Id, size and labels.
    Facts,
}

/// Lines that one text may take.
const MOST_LINES: usize = 6;

/// Captions that are shown of a sample.
const MOST_CAPTIONS: usize = 2;

/// Samples, ready to be drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct SampleCells {
    /// One for each sample; grey for one that cannot be had.
    pub cells: Vec<GridCell>,
    /// The samples that cannot be had.
    pub damaged: Vec<Fault>,
}

/// The cells of some samples of a source, with pictures that are as large as the layout shows them; read on all cores
/// (rayon's global pool).
///
/// # Errors
///
/// If the layout is not sensible.
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
    let mut cell_of = |fault: Fault| {
        let cell = grey(&fault, layout);
        damaged.push(fault);
        cell
    };
    let read: Vec<Result<GridCell, Fault>> = read.collect();
    let cells = read.into_iter().map(|cell| cell.unwrap_or_else(&mut cell_of)).collect();
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
                    .take(MOST_CAPTIONS)
                    .map(|&caption| GridWords { text: caption.clone(), tone: Tone::Plain, lines: MOST_LINES })
                    .collect();
                if let more @ 1.. = captions.len().saturating_sub(MOST_CAPTIONS) {
                    words.push(faint(format!("and {more} more"), 1));
                }
                words.push(faint(labels, 2));
                words
            }
            Self::Facts => {
                let size = format!("{}\u{d7}{}", sample.image.width(), sample.image.height());
                vec![faint(last_part(&sample.id), 1), faint(size, 1), faint(labels, 2)]
            }
        }
    }
}

fn grey(fault: &Fault, layout: GridLayout) -> GridCell {
    let side = layout.inner().min(layout.picture);
    GridCell {
        picture: image::RgbaImage::from_pixel(side, side, image::Rgba([225, 225, 225, 255])),
        words: vec![
            GridWords { text: last_part(&fault.sample), tone: Tone::Faint, lines: 1 },
            GridWords { text: "damaged".to_owned(), tone: Tone::Alarm, lines: 1 },
        ],
    }
}

/// What tells a file from those beside it.
fn last_part(path: &str) -> String {
    path.rsplit(['/', '\\']).next().unwrap_or_default().to_owned()
}
