//! The groups of a scene before they are drawn.

use vq_random::RandomStream;

use crate::sprites::NounSprites;
use crate::{Adjectives, Color, SceneConfig, SceneSplit, Size};

/// The largest total area of the squares around all sprites, in percent of the image; more hardly ever finds room.
const MAX_AREA: u32 = 52;

/// The objects of one kind that a scene gets.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GroupPlan {
    /// The index of its noun in the world's list.
    pub(crate) noun: usize,
    pub(crate) adjectives: Adjectives,
    pub(crate) count: u8,
    /// Which of the two lengths of its size, 0 or 1.
    pub(crate) step: usize,
}

impl GroupPlan {
    fn percent(&self) -> u32 {
        self.adjectives.size.percents()[self.step]
    }
}

/// Draws groups until they fit into an image.
pub(crate) fn draw_groups(random: &mut RandomStream, nouns: &[NounSprites], config: &SceneConfig) -> Vec<GroupPlan> {
    loop {
        let groups = draw_any(random, nouns, config);
        let area: u32 = groups.iter().map(|group| u32::from(group.count) * group.percent() * group.percent()).sum();
        if area <= MAX_AREA * 100 {
            return groups;
        }
    }
}

fn draw_any(random: &mut RandomStream, nouns: &[NounSprites], config: &SceneConfig) -> Vec<GroupPlan> {
    let (min, max) = (*config.objects.start(), *config.objects.end());
    let mut left = min + random.index(usize::from(max - min) + 1) as u8;
    let mut groups: Vec<GroupPlan> = Vec::new();
    while left > 0 {
        // Half of the groups have one object.
        let count = if random.index(2) == 0 { 1 } else { 1 + random.index(usize::from(left)) as u8 };
        left -= count;
        loop {
            let noun = random.index(nouns.len());
            let adjectives = draw_adjectives(random, &nouns[noun]);
            let group = GroupPlan { noun, adjectives, count, step: random.index(2) };
            let is_new = groups.iter().all(|other| other.noun != noun);
            if is_new && is_allowed(&nouns[noun], group.adjectives, config.split, groups.is_empty()) {
                groups.push(group);
                break;
            }
        }
    }
    groups
}

/// Two thirds of the tintable objects are tinted.
fn draw_adjectives(random: &mut RandomStream, noun: &NounSprites) -> Adjectives {
    let size = Size::ALL[random.index(Size::ALL.len())];
    let tint = noun.tintable && random.index(3) > 0;
    Adjectives { size, color: tint.then(|| Color::ALL[random.index(Color::ALL.len())]) }
}

/// Whether a split may show this group; the first group of a held-out scene must be held out.
fn is_allowed(noun: &NounSprites, adjectives: Adjectives, split: SceneSplit, first: bool) -> bool {
    let named = noun.held_out_sizes[adjectives.size as usize]
        || adjectives.color.is_some_and(|color| noun.held_out_colors[color as usize]);
    // A naturally red apple shows what `red apple` means, though the caption does not contain the words.
    let shown = adjectives.color.or(noun.natural_color).is_some_and(|color| noun.held_out_colors[color as usize]);
    match split {
        SceneSplit::Train | SceneSplit::Validation => !named && !shown,
        SceneSplit::HeldOut => named || !first,
    }
}
