//! The positions of objects.

use vq_random::RandomStream;

use crate::PixelBox;

/// How often the position of an object is drawn before all positions are drawn again.
const TRIES: usize = 40;
/// The largest overlap of the boxes of two groups, in percent of the smaller box.
const MAX_OVERLAP: u32 = 10;

/// An object without a position.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Item {
    pub(crate) group: usize,
    pub(crate) width: u32,
    pub(crate) height: u32,
}

/// Draws a box for each item, within the image; `None` if the draws found no room.
///
/// Boxes of one group do not overlap, so its objects can be counted; those of different groups overlap little.
pub(crate) fn boxes(random: &mut RandomStream, items: &[Item], size: u32) -> Option<Vec<PixelBox>> {
    let mut placed: Vec<PixelBox> = Vec::with_capacity(items.len());
    for item in items {
        let found = (0..TRIES).find_map(|_| {
            let area = PixelBox {
                left: random.index((size - item.width) as usize + 1) as u32,
                top: random.index((size - item.height) as usize + 1) as u32,
                width: item.width,
                height: item.height,
            };
            let fits = |(other, at): (&Item, &PixelBox)| {
                let allowed = if other.group == item.group { 0 } else { MAX_OVERLAP };
                100 * overlap(area, *at) <= allowed * (area.width * area.height).min(at.width * at.height)
            };
            items.iter().zip(&placed).all(fits).then_some(area)
        })?;
        placed.push(found);
    }
    Some(placed)
}

/// The number of pixels in both boxes.
fn overlap(one: PixelBox, other: PixelBox) -> u32 {
    let common =
        |a: u32, a_length: u32, b: u32, b_length: u32| (a + a_length).min(b + b_length).saturating_sub(a.max(b));
    common(one.left, one.width, other.left, other.width) * common(one.top, one.height, other.top, other.height)
}
