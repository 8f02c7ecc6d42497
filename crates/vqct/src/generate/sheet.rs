//! All images of a call on one picture.

use anyhow::Result;
use image::{DynamicImage, RgbImage};
use tch::Tensor;
use vq_data::grid::{GridCell, GridLayout, GridWords, Tone, draw_grid};
use vq_pipeline::{Conditioner, ImageGenerator, to_rgb};

use super::requests::{Kept, Request, Requests, Subject};

/// Pixels that an image is at least wide.
const LEAST: u32 = 96;

/// A row for each request: the segmentation and the image that is kept in part, if there are any, then what was made.
pub(super) fn draw(
    requests: &Requests,
    images: &Tensor,
    per_request: usize,
    generator: &ImageGenerator,
) -> Result<RgbImage> {
    let mut cells = Vec::new();
    let mut columns = 1;
    for (number, request) in requests.requests.iter().enumerate() {
        let before = before(request, generator)?;
        columns = before.len() + per_request;
        cells.extend(before);
        for image in number * per_request..(number + 1) * per_request {
            let words = match &request.subject {
                Subject::Words(words) => vec![GridWords { text: words.clone(), tone: Tone::Plain, lines: 4 }],
                Subject::Unconditional | Subject::Segmentation(_) => Vec::new(),
            };
            cells.push(cell(to_rgb(&images.get(image as i64))?, words));
        }
    }
    let picture = generator.tokens.size.max(LEAST);
    let layout = GridLayout { columns: columns as u32, cell: picture + 8, picture, padding: 4, letters: 13.0 };
    Ok(draw_grid(&cells, layout)?)
}

/// What a request shows of itself.
fn before(request: &Request, generator: &ImageGenerator) -> Result<Vec<GridCell>> {
    let faint = |text: &str| vec![GridWords { text: text.into(), tone: Tone::Faint, lines: 1 }];
    let mut cells = Vec::new();
    if let (Subject::Segmentation(ids), Conditioner::Segmentation(tokens)) = (&request.subject, &generator.conditioner)
    {
        cells.push(cell(to_rgb(&tokens.decode(&ids.tensor())?.get(0))?, faint("segmentation")));
    }
    if let Some(Kept { ids, mask }) = &request.kept {
        let mut whole = to_rgb(&generator.tokens.decode(&ids.tensor())?.get(0))?;
        cells.push(cell(whole.clone(), faint("image")));
        let columns = generator.tokens.grid.grid.columns as usize;
        let side = whole.width() / columns as u32;
        for (x, y, pixel) in whole.enumerate_pixels_mut() {
            let position = (y / side) as usize * columns + (x / side) as usize;
            if !mask.get(position).copied().unwrap_or(false) {
                pixel.0 = [128; 3];
            }
        }
        cells.push(cell(whole, faint("kept")));
    }
    Ok(cells)
}

fn cell(picture: RgbImage, words: Vec<GridWords>) -> GridCell {
    GridCell { picture: DynamicImage::ImageRgb8(picture).to_rgba8(), words }
}
