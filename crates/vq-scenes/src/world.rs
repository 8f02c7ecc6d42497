//! The world of scenes.

use std::sync::Arc;

use image::{GrayImage, Luma, Rgb, RgbaImage};
use vq_data::{DataError, EmojiSet, ImageSource, LabelMap, LabelledBox, Sample, Segmentation};
use vq_random::RandomStream;

use crate::backdrop::draw_backdrop;
use crate::layout::{Item, boxes};
use crate::nouns::{SceneNoun, scene_nouns};
use crate::plan::{GroupPlan, draw_groups};
use crate::relation::relations;
use crate::sprite::Sprite;
use crate::sprites::NounSprites;
use crate::stamp::{Facing, Stamp};
use crate::{Scene, SceneConfig, SceneGroup, SceneMap, SceneObject, SceneSplit, SceneTruth, Wording};

/// The smallest visible share of each object, in percent of its pixels.
const MIN_VISIBLE: u8 = 85;

/// An endless world of images made of emoji, each with a true caption and its ground truth.
///
/// A scene has one to four objects, in groups of one kind, on a plain, graded or textured backdrop. An object has a
/// noun, a size, a position and often a colour that it is tinted in; a group has a count. Every object lies entirely in
/// the image. Boxes of one group do not overlap; objects of different groups may cover a little of each other, but at
/// least 85 % of each is visible.
///
/// Scene `i` is a function of the configuration without its `length`, and of `i`: its bytes are the same on every
/// machine.
/// As an [`ImageSource`] the world has `length` scenes; the labels of a sample are `scene` and the noun of the first
/// group.
///
/// ```
/// use vq_scenes::{EmojiScenes, SceneConfig};
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
    nouns: Arc<Vec<NounSprites>>,
}

impl EmojiScenes {
    /// Prepares the sprites of all nouns at all sizes.
    ///
    /// # Errors
    ///
    /// Those of [`SceneConfig::check`], or if the embedded emoji are damaged.
    pub fn new(config: SceneConfig) -> Result<Self, DataError> {
        config.check()?;
        let emoji = EmojiSet::embedded()?;
        let mut nouns = Vec::new();
        let is_used =
            |noun: &SceneNoun| config.nouns.is_empty() || config.nouns.iter().any(|name| name == noun.singular);
        for noun in scene_nouns()?.into_iter().filter(is_used) {
            let index = emoji.entries().iter().position(|entry| entry.name == noun.emoji).ok_or_else(|| {
                DataError::unexpected("read scene-nouns.tsv", "the name of an embedded emoji", noun.emoji)
            })?;
            nouns.push(NounSprites::new(noun, &emoji.get(index)?.image, config.size)?);
        }
        Ok(Self { config, nouns: Arc::new(nouns) })
    }

    /// Another split of this world, with this length as a source; the sprites are shared.
    #[must_use]
    pub fn part(&self, split: SceneSplit, length: usize) -> Self {
        Self { config: SceneConfig { split, length, ..self.config.clone() }, nouns: Arc::clone(&self.nouns) }
    }

    /// The configuration.
    #[must_use]
    pub fn config(&self) -> &SceneConfig {
        &self.config
    }

    /// The nouns whose objects can be tinted.
    pub fn tintable(&self) -> impl Iterator<Item = &SceneNoun> {
        self.nouns.iter().filter(|noun| noun.tintable).map(|noun| &noun.noun)
    }

    /// The scene of this number; every number has one.
    #[must_use]
    pub fn scene(&self, index: u64) -> Scene {
        let mut random = self.config.split.purpose().stream(self.config.seed, index);
        // Each attempt continues the stream where the last one stopped, so the loop ends.
        loop {
            if let Some(scene) = self.attempt(&mut random) {
                return scene;
            }
        }
    }

    /// A scene, if all its objects found room and are visible.
    fn attempt(&self, random: &mut RandomStream) -> Option<Scene> {
        let size = self.config.size;
        let plans = draw_groups(random, &self.nouns, &self.config);
        let items: Vec<Item> = plans
            .iter()
            .enumerate()
            .flat_map(|(group, plan)| {
                let (width, height) = self.sprite(plan).image.dimensions();
                std::iter::repeat_n(Item { group, width, height }, plan.count.into())
            })
            .collect();
        let boxes = boxes(random, &items, size)?;
        let means: Vec<[i32; 3]> = plans.iter().map(|plan| self.mean(plan)).collect();
        let (backdrop, mut image) = draw_backdrop(random, size, &means);
        let mut map = GrayImage::new(size, size);
        let stamps: Vec<Stamp> = items.iter().map(|item| self.stamp(random, &plans[item.group])).collect();
        for ((stamp, &at), number) in stamps.iter().zip(&boxes).zip(1..) {
            stamp.draw(at, number, &mut image, &mut map);
        }
        let mut objects = Vec::with_capacity(items.len());
        for (((stamp, &at), number), item) in stamps.iter().zip(&boxes).zip(1..).zip(&items) {
            let seen = stamp.visible_part(at, number, &map).filter(|part| part.visible >= MIN_VISIBLE)?;
            let side = at.width.max(at.height);
            objects.push(SceneObject { group: item.group, area: seen.area, side, visible: seen.visible });
        }
        let groups: Vec<SceneGroup> = plans.iter().map(|plan| self.group(plan)).collect();
        let relations = relations(groups.len(), &objects, size);
        let wording = Wording::draw(random, groups.len(), &relations);
        let caption = wording.caption(&groups);
        Some(Scene { image, caption, truth: SceneTruth { groups, objects, relations, map, backdrop, wording } })
    }

    fn sprite(&self, plan: &GroupPlan) -> &Sprite {
        self.nouns[plan.noun].sprite(plan.adjectives, plan.step)
    }

    fn mean(&self, plan: &GroupPlan) -> [i32; 3] {
        plan.adjectives.color.map_or(self.nouns[plan.noun].mean, |color| color.shade(128).map(i32::from))
    }

    fn stamp(&self, random: &mut RandomStream, plan: &GroupPlan) -> Stamp<'_> {
        let facing = if random.index(2) == 0 { Facing::AsDrawn } else { Facing::Mirrored };
        Stamp { sprite: self.sprite(plan), color: plan.adjectives.color, facing }
    }

    fn group(&self, plan: &GroupPlan) -> SceneGroup {
        let NounSprites { noun, natural_color, .. } = &self.nouns[plan.noun];
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

    /// The labels of the background and of each object in a sample's segmentation.
    fn map_labels(&self, groups: &[SceneGroup], objects: &[SceneObject]) -> Vec<u16> {
        let position = |name: &str| self.nouns.iter().position(|noun| noun.noun.singular == name);
        let labels = objects.iter().zip(1_u16..).map(|(object, number)| match self.config.map {
            SceneMap::Objects => number,
            SceneMap::Nouns => position(&groups[object.group].noun).map_or(number, |at| at as u16 + 1),
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
