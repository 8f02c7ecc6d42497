use rand_chacha::ChaCha8Rng;

use super::world::Thing;
use super::{Adjectives, Color, SceneConfig, SceneSplit, Size};
use crate::order::below;

/// The most that the squares around all sprites may take, in percent of the picture: more hardly ever finds room.
const FULL: u32 = 52;

/// Objects of one kind that a scene shall have.
#[derive(Debug, Clone, Copy)]
pub(super) struct GroupPlan {
    /// Its place in the world's list.
    pub(super) thing: usize,
    pub(super) adjectives: Adjectives,
    pub(super) count: u8,
    /// Which of the two sides of its size, 0 or 1.
    pub(super) step: usize,
}

impl GroupPlan {
    fn percent(&self) -> u32 {
        self.adjectives.size.percents()[self.step]
    }
}

/// Draws groups until some fit into a picture.
pub(super) fn groups(random: &mut ChaCha8Rng, things: &[Thing], config: &SceneConfig) -> Vec<GroupPlan> {
    loop {
        let groups = draw(random, things, config);
        let taken: u32 = groups.iter().map(|group| u32::from(group.count) * group.percent() * group.percent()).sum();
        if taken <= FULL * 100 {
            return groups;
        }
    }
}

fn draw(random: &mut ChaCha8Rng, things: &[Thing], config: &SceneConfig) -> Vec<GroupPlan> {
    let (least, most) = (*config.objects.start(), *config.objects.end());
    let mut left = least + below(random, usize::from(most - least) + 1) as u8;
    let mut groups: Vec<GroupPlan> = Vec::new();
    while left > 0 {
        // Half of the groups have one object.
        let count = if below(random, 2) == 0 { 1 } else { 1 + below(random, usize::from(left)) as u8 };
        left -= count;
        loop {
            let thing = below(random, things.len());
            let group =
                GroupPlan { thing, adjectives: adjectives(random, &things[thing]), count, step: below(random, 2) };
            let is_new = groups.iter().all(|other| other.thing != thing);
            if is_new && allowed(&things[thing], group.adjectives, config.split, groups.is_empty()) {
                groups.push(group);
                break;
            }
        }
    }
    groups
}

/// Two thirds of what can be tinted is tinted.
fn adjectives(random: &mut ChaCha8Rng, thing: &Thing) -> Adjectives {
    let size = Size::ALL[below(random, Size::ALL.len())];
    let tint = thing.tintable && below(random, 3) > 0;
    Adjectives { size, color: tint.then(|| Color::ALL[below(random, Color::ALL.len())]) }
}

/// Whether a split may show this; in the split of what is held out, the first group must be such.
fn allowed(thing: &Thing, adjectives: Adjectives, split: SceneSplit, first: bool) -> bool {
    let named = thing.held_out_sizes[adjectives.size as usize]
        || adjectives.color.is_some_and(|color| thing.held_out_colors[color as usize]);
    // A natural red apple shows what `red apple` means, though the words are not said.
    let shown = adjectives.color.or(thing.natural_color).is_some_and(|color| thing.held_out_colors[color as usize]);
    match split {
        SceneSplit::Train | SceneSplit::Validation => !named && !shown,
        SceneSplit::HeldOut => named || !first,
    }
}
