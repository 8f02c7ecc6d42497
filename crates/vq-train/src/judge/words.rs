use tch::{Device, Reduction, Tensor};
use vq_data::SceneTruth;
use vq_data::scenes::{Color, SceneGroup};
use vq_model::{SceneOpinion, SceneVocabulary};

use super::{SeenScene, SeenThing};
use crate::TrainError;

/// What the classes of a judge's network stand for: its nouns; its colours, and after them the class of what is as it is
/// by nature.
#[derive(Debug)]
pub(super) struct JudgeWords {
    nouns: Vec<String>,
    colors: Vec<Color>,
}

/// What a group of things is to the network.
struct Classes {
    noun: usize,
    color: usize,
}

/// What the network should have said of a batch.
#[derive(Debug)]
pub(super) struct Targets {
    /// `[B, N]`, `Float`: 1 where the noun is there.
    presence: Tensor,
    /// `[G]`, `Int64`: the noun of each group of things, as its place in `[B, N]`, flattened.
    groups: Tensor,
    /// `[G]`, `Int64`: the class of its colour.
    colors: Tensor,
    /// `[P]`, `Int64`: the places in the middle of which there is a thing, in `[B, h, w]`, flattened.
    places: Tensor,
    /// `[P]`, `Int64`: the noun of this thing.
    things: Tensor,
}

/// Terms of the loss, scalars.
#[derive(Debug)]
pub(super) struct JudgeLoss {
    /// Binary cross-entropy of presence in nats: the sum over the nouns, mean over the batch.
    pub(super) presence: Tensor,
    /// Cross-entropy of the colour in nats, mean over the things that are there.
    pub(super) color: Tensor,
    /// Cross-entropy of the noun at a place in nats, mean over the places where there is a thing: with it, presence is
    /// learned from fewer scenes.
    pub(super) place: Tensor,
}

impl JudgeWords {
    pub(super) fn new(nouns: Vec<String>, colors: Vec<Color>) -> Self {
        Self { nouns, colors }
    }

    /// The classes that the network needs.
    pub(super) fn vocabulary(&self) -> SceneVocabulary {
        SceneVocabulary { things: self.nouns.len() as i64, colors: self.colors.len() as i64 + 1 }
    }

    /// Whether the judge knows all that scenes should have.
    ///
    /// # Errors
    /// [`TrainError::Words`] naming a noun or colour that it does not know.
    pub(super) fn check(&self, truths: &[SceneTruth]) -> Result<(), TrainError> {
        truths.iter().flat_map(|truth| &truth.groups).try_for_each(|group| self.classes(group).map(drop))
    }

    fn classes(&self, group: &SceneGroup) -> Result<Classes, TrainError> {
        let refuse = |what: &str, got: &str| TrainError::Words {
            expected: format!("{what} that the judge knows"),
            got: format!("`{got}`"),
        };
        let noun = self.nouns.iter().position(|noun| *noun == group.noun);
        let color = match group.adjectives.color {
            None => self.colors.len(),
            Some(color) => {
                let known = self.colors.iter().position(|&known| known == color);
                known.ok_or_else(|| refuse("colours", color.word()))?
            }
        };
        Ok(Classes { noun: noun.ok_or_else(|| refuse("nouns", &group.noun))?, color })
    }

    /// The truth as numbers, for a network with places of `factor` pixels.
    ///
    /// # Errors
    /// As [`check`](Self::check).
    pub(super) fn targets(&self, truths: &[SceneTruth], factor: u32, device: Device) -> Result<Targets, TrainError> {
        let (rows, count) = (truths.len(), self.nouns.len());
        let (mut presence, mut groups, mut colors) = (vec![0_f32; rows * count], Vec::new(), Vec::new());
        let (mut places, mut things, mut place) = (Vec::new(), Vec::new(), 0_i64);
        for (row, truth) in truths.iter().enumerate() {
            for group in &truth.groups {
                let Classes { noun, color } = self.classes(group)?;
                let place = row * count + noun;
                presence[place] = 1.0;
                groups.push(place as i64);
                colors.push(color as i64);
            }
            let middles = |side: u32| (factor / 2..side).step_by(factor as usize);
            for (y, x) in middles(truth.map.height()).flat_map(|y| middles(truth.map.width()).map(move |x| (y, x))) {
                let object = usize::from(truth.map.get_pixel(x, y).0[0]);
                let object = object.checked_sub(1).and_then(|object| truth.objects.get(object));
                if let Some(group) = object.and_then(|object| truth.groups.get(object.group)) {
                    places.push(place);
                    things.push(self.classes(group)?.noun as i64);
                }
                place += 1;
            }
        }
        let numbers = |numbers: &[i64]| Tensor::from_slice(numbers).to_device(device);
        Ok(Targets {
            presence: Tensor::from_slice(&presence).view([rows as i64, count as i64]).to_device(device),
            groups: numbers(&groups),
            colors: numbers(&colors),
            places: numbers(&places),
            things: numbers(&things),
        })
    }

    /// What the logits say: each noun above 0, in its likeliest colour; and all nouns, the likeliest first.
    pub(super) fn read(&self, opinion: &SceneOpinion) -> Result<Vec<SeenScene>, TrainError> {
        let presence = Vec::<f32>::try_from(opinion.presence.to_device(Device::Cpu).flatten(0, -1))?; // [B N]
        let colors = opinion.colors.argmax(-1, false).to_device(Device::Cpu).flatten(0, -1); // [B N]
        let colors = Vec::<i64>::try_from(colors)?;
        let count = self.nouns.len();
        let scene = |(presence, colors): (&[f32], &[i64])| {
            let thing = |noun: usize| SeenThing {
                noun: self.nouns[noun].clone(),
                // The class behind the last colour is that of nature.
                color: usize::try_from(colors[noun]).ok().and_then(|color| self.colors.get(color)).copied(),
            };
            let mut order: Vec<usize> = (0..count).collect();
            order.sort_by(|&one, &other| presence[other].total_cmp(&presence[one]));
            SeenScene {
                things: (0..count).filter(|&noun| presence[noun] > 0.0).map(thing).collect(),
                ranked: order.into_iter().map(thing).collect(),
            }
        };
        Ok(presence.chunks_exact(count).zip(colors.chunks_exact(count)).map(scene).collect())
    }
}

impl Targets {
    /// How far an opinion of the batch is from the truth.
    pub(super) fn loss(&self, opinion: &SceneOpinion) -> JudgeLoss {
        let presence =
            opinion.presence.binary_cross_entropy_with_logits::<Tensor>(&self.presence, None, None, Reduction::Sum);
        let colors = opinion.colors.flatten(0, 1).index_select(0, &self.groups); // [G, K]
        let places = opinion.places.flatten(2, -1).transpose(1, 2).flatten(0, 1).index_select(0, &self.places); // [P, N]
        let cross_entropy = |logits: &Tensor, classes: &Tensor| {
            // There may be no place with a thing, whose mean would be none.
            let count = classes.size()[0].max(1) as f64;
            logits.cross_entropy_loss::<Tensor>(classes, None, Reduction::Sum, -100, 0.0) / count
        };
        JudgeLoss {
            presence: presence / opinion.presence.size()[0] as f64,
            color: cross_entropy(&colors, &self.colors),
            place: cross_entropy(&places, &self.things),
        }
    }
}

impl JudgeLoss {
    /// What is minimized.
    pub(super) fn total(&self) -> Tensor {
        &self.presence + &self.color + &self.place
    }
}
