use rand_chacha::ChaCha8Rng;

use super::PixelBox;
use crate::order::below;

/// How often each object is tried to be placed before all begin anew.
const TRIES: usize = 40;
/// The most that two boxes of different groups may share, in percent of the smaller one.
const SHARED: u32 = 10;

/// What is to be placed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Item {
    pub(super) group: usize,
    pub(super) width: u32,
    pub(super) height: u32,
}

/// A box for each item, whole in the picture; none if chance found no room.
///
/// Boxes of one group do not meet, so that its objects can be counted; those of different groups share little.
pub(super) fn boxes(random: &mut ChaCha8Rng, items: &[Item], size: u32) -> Option<Vec<PixelBox>> {
    let mut placed: Vec<PixelBox> = Vec::with_capacity(items.len());
    for item in items {
        let found = (0..TRIES).find_map(|_| {
            let area = PixelBox {
                left: below(random, (size - item.width) as usize + 1) as u32,
                top: below(random, (size - item.height) as usize + 1) as u32,
                width: item.width,
                height: item.height,
            };
            let fits = |(other, at): (&Item, &PixelBox)| {
                let allowed = if other.group == item.group { 0 } else { SHARED };
                100 * shared(area, *at) <= allowed * (area.width * area.height).min(at.width * at.height)
            };
            items.iter().zip(&placed).all(fits).then_some(area)
        })?;
        placed.push(found);
    }
    Some(placed)
}

/// Pixels that lie in both.
fn shared(one: PixelBox, other: PixelBox) -> u32 {
    let common =
        |a: u32, a_length: u32, b: u32, b_length: u32| (a + a_length).min(b + b_length).saturating_sub(a.max(b));
    common(one.left, one.width, other.left, other.width) * common(one.top, one.height, other.top, other.height)
}
