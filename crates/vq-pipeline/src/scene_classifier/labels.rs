//! The labels of a scene classifier, as numbers.

use tch::{Device, Reduction, Tensor};
use vq_model::{SceneClasses, ScenePrediction};
use vq_scenes::SceneTruth;
use vq_scenes::{Color, SceneGroup};

use super::{PredictedObject, PredictedScene};
use crate::PipelineError;

/// The classes of a scene classifier: nouns, and colours followed by one class for the natural colour.
#[derive(Debug)]
pub struct SceneLabels {
    nouns: Vec<String>,
    colors: Vec<Color>,
}

/// The classes of a group of objects.
struct GroupClasses {
    noun: usize,
    color: usize,
}

/// The targets of a batch.
#[derive(Debug)]
pub struct ClassifierTargets {
    /// `[B, N]`, `Float`: 1 where the noun is present.
    presence: Tensor,
    /// `[G]`, `Int64`: the noun of each group of objects, as its index in the flattened `[B, N]`.
    groups: Tensor,
    /// `[G]`, `Int64`: the class of its colour.
    colors: Tensor,
    /// `[P]`, `Int64`: the positions whose centre shows an object, as indices in the flattened `[B, h, w]`.
    positions: Tensor,
    /// `[P]`, `Int64`: the noun of this object.
    nouns: Tensor,
}

/// Terms of the loss, scalars on the autograd graph.
#[derive(Debug)]
pub struct ClassifierLoss {
    /// Binary cross-entropy of presence in nats: the sum over the nouns, mean over the batch.
    pub presence: Tensor,
    /// Cross-entropy of the colour in nats, mean over the objects that are present.
    pub color: Tensor,
    /// Cross-entropy of the noun at a position in nats, mean over the positions that show an object. With it, presence is
    /// learned from fewer scenes.
    pub position: Tensor,
}

impl SceneLabels {
    /// Labels for nouns and colours.
    pub fn new(nouns: Vec<String>, colors: Vec<Color>) -> Self {
        Self { nouns, colors }
    }

    /// The number of classes.
    pub fn vocabulary(&self) -> SceneClasses {
        SceneClasses { objects: self.nouns.len() as i64, colors: self.colors.len() as i64 + 1 }
    }

    /// Checks that all nouns and colours of scenes are labels.
    ///
    /// # Errors
    /// [`PipelineError::Words`] naming the noun or colour that is not.
    pub fn check(&self, truths: &[SceneTruth]) -> Result<(), PipelineError> {
        truths.iter().flat_map(|truth| &truth.groups).try_for_each(|group| self.classes(group).map(drop))
    }

    fn classes(&self, group: &SceneGroup) -> Result<GroupClasses, PipelineError> {
        let refuse = |what: &str, got: &str| PipelineError::Words {
            expected: format!("{what} of the scene classifier"),
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
        Ok(GroupClasses { noun: noun.ok_or_else(|| refuse("nouns", &group.noun))?, color })
    }

    /// The targets of scenes, for a network whose positions have `factor` pixels.
    ///
    /// # Errors
    /// Those of [`check`](Self::check).
    pub fn targets(
        &self,
        truths: &[SceneTruth],
        factor: u32,
        device: Device,
    ) -> Result<ClassifierTargets, PipelineError> {
        let (rows, count) = (truths.len(), self.nouns.len());
        let (mut presence, mut groups, mut colors) = (vec![0_f32; rows * count], Vec::new(), Vec::new());
        let (mut positions, mut nouns, mut position) = (Vec::new(), Vec::new(), 0_i64);
        for (row, truth) in truths.iter().enumerate() {
            for group in &truth.groups {
                let GroupClasses { noun, color } = self.classes(group)?;
                let index = row * count + noun;
                presence[index] = 1.0;
                groups.push(index as i64);
                colors.push(color as i64);
            }
            let centres = |side: u32| (factor / 2..side).step_by(factor as usize);
            for (y, x) in centres(truth.map.height()).flat_map(|y| centres(truth.map.width()).map(move |x| (y, x))) {
                let object = usize::from(truth.map.get_pixel(x, y).0[0]);
                let object = object.checked_sub(1).and_then(|object| truth.objects.get(object));
                if let Some(group) = object.and_then(|object| truth.groups.get(object.group)) {
                    positions.push(position);
                    nouns.push(self.classes(group)?.noun as i64);
                }
                position += 1;
            }
        }
        let numbers = |numbers: &[i64]| Tensor::from_slice(numbers).to_device(device);
        Ok(ClassifierTargets {
            presence: Tensor::from_slice(&presence).view([rows as i64, count as i64]).to_device(device),
            groups: numbers(&groups),
            colors: numbers(&colors),
            positions: numbers(&positions),
            nouns: numbers(&nouns),
        })
    }

    /// The prediction of logits: each noun above 0 in its most probable colour, and all nouns, the most probable first.
    ///
    /// # Errors
    /// [`PipelineError::Torch`] if the logits cannot be read.
    pub fn predictions(&self, prediction: &ScenePrediction) -> Result<Vec<PredictedScene>, PipelineError> {
        let presence = Vec::<f32>::try_from(prediction.presence.to_device(Device::Cpu).flatten(0, -1))?; // [B N]
        let colors = prediction.colors.argmax(-1, false).to_device(Device::Cpu).flatten(0, -1); // [B N]
        let colors = Vec::<i64>::try_from(colors)?;
        let count = self.nouns.len();
        let scene = |(presence, colors): (&[f32], &[i64])| {
            let object = |noun: usize| PredictedObject {
                noun: self.nouns[noun].clone(),
                // The class after the last colour is the natural one.
                color: usize::try_from(colors[noun]).ok().and_then(|color| self.colors.get(color)).copied(),
            };
            let mut order: Vec<usize> = (0..count).collect();
            order.sort_by(|&one, &other| presence[other].total_cmp(&presence[one]));
            PredictedScene {
                objects: (0..count).filter(|&noun| presence[noun] > 0.0).map(object).collect(),
                ranked: order.into_iter().map(object).collect(),
            }
        };
        Ok(presence.chunks_exact(count).zip(colors.chunks_exact(count)).map(scene).collect())
    }
}

impl ClassifierTargets {
    /// The loss of a prediction of the batch.
    pub fn loss(&self, prediction: &ScenePrediction) -> ClassifierLoss {
        let presence =
            prediction.presence.binary_cross_entropy_with_logits::<Tensor>(&self.presence, None, None, Reduction::Sum);
        let colors = prediction.colors.flatten(0, 1).index_select(0, &self.groups); // [G, K]
        let positions =
            prediction.positions.flatten(2, -1).transpose(1, 2).flatten(0, 1).index_select(0, &self.positions); // [P, N]
        let cross_entropy = |logits: &Tensor, classes: &Tensor| {
            // A batch may show no object, whose mean would be NaN.
            let count = classes.size()[0].max(1) as f64;
            logits.cross_entropy_loss::<Tensor>(classes, None, Reduction::Sum, -100, 0.0) / count
        };
        ClassifierLoss {
            presence: presence / prediction.presence.size()[0] as f64,
            color: cross_entropy(&colors, &self.colors),
            position: cross_entropy(&positions, &self.nouns),
        }
    }
}

impl ClassifierLoss {
    /// The sum of the terms.
    pub fn total(&self) -> Tensor {
        &self.presence + &self.color + &self.position
    }
}
