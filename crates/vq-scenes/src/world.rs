use std::sync::Arc;

use image::{GrayImage, Luma, Rgb, RgbaImage};
use rand_chacha::ChaCha8Rng;

use super::draw::{Facing, Stamp};
use super::nouns::{SceneNoun, scene_nouns};
use super::place::{self, Item};
use super::plan::{self, GroupPlan};
use super::sprite::Sprite;
use super::truth::relations;
use super::{
    Color, Scene, SceneConfig, SceneGroup, SceneMap, SceneObject, SceneSplit, SceneTruth, Size, Wording, backdrop,
    is_held_out,
};
use crate::order::{below, generator};
use crate::{DataError, EmojiSet, ImageSource, LabelMap, LabelledBox, Sample, Segmentation};

/// The least that must be seen of each object, in percent of its pixels.
const VISIBLE: u8 = 85;
/// The side at which tints are measured: that of the smallest objects in scenes of 64x64, where most pixels mix a hue
/// with an outline. One for all sizes, so that the same nouns have colours in all.
const MEASURED_SIDE: u32 = 17;

/// An endless world of pictures made of emoji, each with its caption and all that is true of it.
///
/// A scene has one to four objects, in groups of one kind, on a plain, graded or textured backdrop. Objects have a
/// noun, a size, often a colour that they were tinted in, a number and a place. Every object lies whole in the picture;
/// boxes of one group do not meet, and others may cover a little of each other, but at least 85 % of each is seen.
///
/// Scene `i` is a function of the configuration, but for its `length`, and `i`: its bytes are the same on every
/// machine. As an [`ImageSource`] the world has `length` scenes; a sample's labels are `scene` and the noun that the
/// first group has.
///
/// ```
/// use vq_data::{EmojiScenes, SceneConfig};
///
/// # fn main() -> Result<(), vq_data::DataError> {
/// let scenes = EmojiScenes::new(SceneConfig::new(64))?;
/// let scene = scenes.scene(7);
/// assert_eq!(scene.image.dimensions(), (64, 64));
/// assert_eq!(scene, scenes.scene(7));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct EmojiScenes {
    config: SceneConfig,
    things: Arc<Vec<Thing>>,
}

/// A noun with its pictures.
#[derive(Debug, Clone)]
pub(super) struct Thing {
    noun: SceneNoun,
    /// By size, then by step.
    sprites: Vec<[Sprite; 2]>,
    mean: [i32; 3],
    pub(super) tintable: bool,
    pub(super) natural_color: Option<Color>,
    /// By size.
    pub(super) held_out_sizes: Vec<bool>,
    /// By colour.
    pub(super) held_out_colors: Vec<bool>,
}

impl Thing {
    fn new(noun: SceneNoun, image: &RgbaImage, size: u32) -> Result<Self, DataError> {
        let sprite = Sprite::cut(image).ok_or_else(|| {
            DataError::unexpected(format!("cut the emoji {}", noun.emoji), "a picture with something in it", "none")
        })?;
        let held_out = |word: Option<&str>| word.is_some_and(|word| is_held_out(word, noun.singular));
        let scaled = |kind: Size| kind.percents().map(|percent| sprite.scaled(side(size, percent)));
        Ok(Self {
            mean: sprite.mean(),
            tintable: sprite.scaled(MEASURED_SIDE).is_tintable(),
            sprites: Size::ALL.into_iter().map(scaled).collect(),
            natural_color: sprite.natural_color(),
            held_out_sizes: Size::ALL.into_iter().map(|kind| held_out(kind.word())).collect(),
            held_out_colors: Color::ALL.into_iter().map(|color| held_out(Some(color.word()))).collect(),
            noun,
        })
    }

    fn sprite(&self, plan: &GroupPlan) -> &Sprite {
        &self.sprites[plan.adjectives.size as usize][plan.step]
    }
}

/// A sprite's longer side in pixels, rounded.
fn side(size: u32, percent: u32) -> u32 {
    (size * percent + 50) / 100
}

impl EmojiScenes {
    /// Prepares the sprites of all nouns at all sizes.
    ///
    /// # Errors
    ///
    /// If the configuration is not sensible, or the embedded emoji are damaged.
    pub fn new(config: SceneConfig) -> Result<Self, DataError> {
        config.check()?;
        let emoji = EmojiSet::embedded()?;
        let mut things = Vec::new();
        let wanted =
            |noun: &SceneNoun| config.nouns.is_empty() || config.nouns.iter().any(|name| name == noun.singular);
        for noun in scene_nouns()?.into_iter().filter(wanted) {
            let index = emoji.entries().iter().position(|entry| entry.name == noun.emoji).ok_or_else(|| {
                DataError::unexpected("read scene-nouns.tsv", "the name of an embedded emoji", noun.emoji)
            })?;
            things.push(Thing::new(noun, &emoji.get(index)?.image, config.size)?);
        }
        Ok(Self { config, things: Arc::new(things) })
    }

    /// Another split of this world with so many scenes as a source; the sprites are shared.
    #[must_use]
    pub fn part(&self, split: SceneSplit, length: usize) -> Self {
        Self { config: SceneConfig { split, length, ..self.config.clone() }, things: Arc::clone(&self.things) }
    }

    /// The configuration.
    #[must_use]
    pub fn config(&self) -> &SceneConfig {
        &self.config
    }

    /// The nouns whose objects can be given a colour.
    pub fn tintable(&self) -> impl Iterator<Item = &SceneNoun> {
        self.things.iter().filter(|thing| thing.tintable).map(|thing| &thing.noun)
    }

    /// The scene of this number; every number has one.
    #[must_use]
    pub fn scene(&self, index: u64) -> Scene {
        let mut random = generator(self.config.seed, self.config.split.purpose(), index);
        // Each attempt goes on where the last one left the generator, so this ends.
        loop {
            if let Some(scene) = self.attempt(&mut random) {
                return scene;
            }
        }
    }

    /// A scene, if all its objects found room and are seen.
    fn attempt(&self, random: &mut ChaCha8Rng) -> Option<Scene> {
        let size = self.config.size;
        let plans = plan::groups(random, &self.things, &self.config);
        let items: Vec<Item> = plans
            .iter()
            .enumerate()
            .flat_map(|(group, plan)| {
                let (width, height) = self.things[plan.thing].sprite(plan).image.dimensions();
                std::iter::repeat_n(Item { group, width, height }, plan.count.into())
            })
            .collect();
        let boxes = place::boxes(random, &items, size)?;
        let means: Vec<[i32; 3]> = plans.iter().map(|plan| self.mean(plan)).collect();
        let (backdrop, mut image) = backdrop::paint(random, size, &means);
        let mut map = GrayImage::new(size, size);
        let stamps: Vec<Stamp> = items.iter().map(|item| self.stamp(random, &plans[item.group])).collect();
        for ((stamp, &at), number) in stamps.iter().zip(&boxes).zip(1..) {
            stamp.draw(at, number, &mut image, &mut map);
        }
        let mut objects = Vec::with_capacity(items.len());
        for (((stamp, &at), number), item) in stamps.iter().zip(&boxes).zip(1..).zip(&items) {
            let seen = stamp.seen(at, number, &map).filter(|seen| seen.visible >= VISIBLE)?;
            let side = at.width.max(at.height);
            objects.push(SceneObject { group: item.group, area: seen.area, side, visible: seen.visible });
        }
        let groups: Vec<SceneGroup> = plans.iter().map(|plan| self.group(plan)).collect();
        let relations = relations(groups.len(), &objects, size);
        let wording = Wording::draw(random, groups.len(), &relations);
        let caption = wording.say(&groups);
        Some(Scene { image, caption, truth: SceneTruth { groups, objects, relations, map, backdrop, wording } })
    }

    fn mean(&self, plan: &GroupPlan) -> [i32; 3] {
        plan.adjectives.color.map_or(self.things[plan.thing].mean, |color| color.shade(128).map(i32::from))
    }

    fn stamp(&self, random: &mut ChaCha8Rng, plan: &GroupPlan) -> Stamp<'_> {
        let facing = if below(random, 2) == 0 { Facing::AsDrawn } else { Facing::Mirrored };
        Stamp { sprite: self.things[plan.thing].sprite(plan), color: plan.adjectives.color, facing }
    }

    fn group(&self, plan: &GroupPlan) -> SceneGroup {
        let Thing { noun, natural_color, .. } = &self.things[plan.thing];
        let GroupPlan { adjectives, count, .. } = *plan;
        SceneGroup {
            emoji: noun.emoji.to_owned(),
            noun: noun.singular.to_owned(),
            plural: noun.plural.to_owned(),
            adjectives,
            natural_color: *natural_color,
            count,
        }
    }
}

impl EmojiScenes {
    /// The number of the background and of each object in a sample's segmentation.
    fn map_labels(&self, groups: &[SceneGroup], objects: &[SceneObject]) -> Vec<u16> {
        let place = |noun: &str| self.things.iter().position(|thing| thing.noun.singular == noun);
        let labels = objects.iter().zip(1_u16..).map(|(object, number)| match self.config.map {
            SceneMap::Objects => number,
            SceneMap::Nouns => place(&groups[object.group].noun).map_or(number, |place| place as u16 + 1),
        });
        std::iter::once(0).chain(labels).collect()
    }
}

impl ImageSource for EmojiScenes {
    fn len(&self) -> usize {
        self.config.length
    }

    fn get(&self, index: usize) -> Result<Sample, DataError> {
        if index >= self.len() {
            return Err(DataError::unexpected("get a scene", format!("an index below {}", self.len()), index));
        }
        let scene = self.scene(index as u64);
        let image = RgbaImage::from_fn(scene.image.width(), scene.image.height(), |x, y| {
            let Rgb([red, green, blue]) = *scene.image.get_pixel(x, y);
            image::Rgba([red, green, blue, 255])
        });
        let SceneTruth { groups, objects, map, .. } = scene.truth;
        let labels = self.map_labels(&groups, &objects);
        let boxes = objects.into_iter().map(|SceneObject { group, area, .. }| LabelledBox {
            label: groups[group].noun.clone(),
            left: area.left.into(),
            top: area.top.into(),
            width: area.width.into(),
            height: area.height.into(),
        });
        let label = |number: u8| labels.get(usize::from(number)).copied().unwrap_or_default();
        let map = LabelMap::from_fn(map.width(), map.height(), |x, y| Luma([label(map.get_pixel(x, y).0[0])]));
        Ok(Sample {
            id: format!("scene {index} of {} (seed {})", self.config.split.name(), self.config.seed),
            image,
            caption: Some(scene.caption),
            boxes: boxes.collect(),
            segmentation: Some(Segmentation { map, ..Segmentation::default() }),
            labels: std::iter::once("scene".to_owned()).chain(groups.first().map(|group| group.noun.clone())).collect(),
            ..Sample::default()
        })
    }
}
