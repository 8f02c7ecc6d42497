//! Distances between reconstructions and their images as sets, and what needs a network.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tch::{Device, Tensor};
use vq_eval::{
    FrechetDistance, FrechetScores, InceptionScore, InceptionScoreConfig, InceptionScores, KernelConfig,
    KernelDistance, KernelScores, Mean, PrecisionRecall, PrecisionRecallConfig, PrecisionRecallScores, Side,
    SlicedConfig, SlicedScores, SlicedWasserstein,
};
use vq_model::{Inception, InceptionConfig, Lpips};

use vq_file::{FileError, sha256_hex};
use vq_pipeline::TrainedSceneClassifier;
use vq_run::checkpoint_path;

use crate::StudyError;

/// Which distances are measured. Each costs time, and most need weights from the user's files.
///
/// ```toml
/// sliced = {}
/// lpips = ["vgg16-397923af.safetensors", "vgg.safetensors"]
/// inception = { file = "pt_inception-2015-12-05-6726825d.safetensors" }
/// scene_classifier = "runs/scenes64-classifier"
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DistancesConfig {
    /// Sliced Wasserstein distance on Laplacian patches, which needs no weights.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sliced: Option<SlicedConfig>,
    /// LPIPS: the files of its weights; none: it is not measured.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lpips: Vec<PathBuf>,
    /// FID, kernel distance (KID), precision and recall, and the Inception score.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inception: Option<InceptionConfig>,
    /// Options of the kernel distance.
    pub kernel: KernelConfig,
    /// Options of precision and recall.
    pub precision_recall: PrecisionRecallConfig,
    /// Options of the Inception score.
    pub inception_score: InceptionScoreConfig,
    /// Fréchet distance of a scene classifier's features: its run folder or checkpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scene_classifier: Option<PathBuf>,
}

/// Distances of reconstructions to their originals, as far as they were asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DistanceFigures {
    /// Sliced Wasserstein distance on Laplacian patches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sliced: Option<SlicedScores>,
    /// LPIPS 0.1 on VGG-16, mean over images.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lpips: Option<f64>,
    /// Distances of Inception-v3's features.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inception: Option<InceptionFigures>,
    /// Fréchet distance of a scene classifier's features; it is not FID and not comparable to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scene_classifier_frechet: Option<FrechetScores>,
    /// SHA-256 of every file of weights, by its name.
    pub weights: BTreeMap<String, String>,
}

/// Inception-v3's figures of reconstructions and their originals.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InceptionFigures {
    /// Fréchet distance (FID, of reconstructions: rFID).
    pub frechet: FrechetScores,
    /// Kernel distance (KID).
    pub kernel: KernelScores,
    /// Precision and recall.
    pub precision_recall: PrecisionRecallScores,
    /// The Inception score of the reconstructions.
    pub score: InceptionScores,
}

/// The networks and accumulators of the distances that are measured.
pub(crate) struct Distances {
    sliced: Option<SlicedWasserstein>,
    lpips: Option<(Lpips, Mean)>,
    inception: Option<InceptionMetrics>,
    scene_classifier: Option<(TrainedSceneClassifier, FrechetDistance)>,
    weights: BTreeMap<String, String>,
}

struct InceptionMetrics {
    network: Inception,
    frechet: FrechetDistance,
    kernel: KernelDistance,
    precision_recall: PrecisionRecall,
    score: InceptionScore,
}

impl Distances {
    /// Reads the networks of the configured distances.
    ///
    /// # Errors
    /// [`StudyError::Model`] or [`StudyError::Pipeline`] naming the file that is missing or damaged.
    pub(crate) fn new(config: &DistancesConfig, device: Device) -> Result<Self, StudyError> {
        let mut weights = BTreeMap::new();
        let mut hash_file = |path: &Path| {
            let bytes = std::fs::read(path).map_err(FileError::io("read weights", path))?;
            let hash = sha256_hex(&bytes);
            let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
            weights.insert(name, hash);
            Ok::<_, StudyError>(())
        };
        let files = config.inception.iter().map(|inception| &inception.file);
        let classifier = config.scene_classifier.as_deref().map(checkpoint_path);
        config.lpips.iter().chain(files).chain(&classifier).try_for_each(|path| hash_file(path))?;
        let lpips = match config.lpips.is_empty() {
            true => None,
            false => Some((Lpips::open(&config.lpips, device)?, Mean::default())),
        };
        let inception = config.inception.as_ref().map(|inception| {
            Ok::<_, StudyError>(InceptionMetrics {
                network: Inception::open(inception, device)?,
                frechet: FrechetDistance::default(),
                kernel: KernelDistance::new(&config.kernel)?,
                precision_recall: PrecisionRecall::new(&config.precision_recall)?,
                score: InceptionScore::new(&config.inception_score)?,
            })
        });
        let scene_classifier = config
            .scene_classifier
            .as_ref()
            .map(|path| Ok::<_, StudyError>((TrainedSceneClassifier::open(path, device)?, FrechetDistance::default())));
        Ok(Self {
            sliced: config.sliced.as_ref().map(|sliced| SlicedWasserstein::new(sliced, 0)).transpose()?,
            lpips,
            inception: inception.transpose()?,
            scene_classifier: scene_classifier.transpose()?,
            weights,
        })
    }

    /// Takes in reconstructions and their images, `[B, 3, S, S]`.
    ///
    /// # Errors
    /// Those of the metrics and networks: images that are too small or not finite.
    pub(crate) fn update(&mut self, reconstructions: &Tensor, images: &Tensor) -> Result<(), StudyError> {
        let sides = [(Side::Images, reconstructions), (Side::References, images)];
        if let Some(sliced) = &mut self.sliced {
            sides.into_iter().try_for_each(|(side, images)| sliced.update(side, images))?;
        }
        if let Some((network, mean)) = &mut self.lpips {
            mean.update(&network.distance(&reconstructions.clamp(-1.0, 1.0), images)?)?;
        }
        if let Some(metrics) = &mut self.inception {
            for (side, images) in sides {
                let output = metrics.network.forward(images)?;
                metrics.frechet.update(side, &output.features)?;
                metrics.kernel.update(side, &output.features)?;
                metrics.precision_recall.update(side, &output.features)?;
                if side == Side::Images {
                    metrics.score.update(&output.unbiased_logits)?;
                }
            }
        }
        if let Some((classifier, distance)) = &mut self.scene_classifier {
            for (side, images) in sides {
                distance.update(side, &classifier.features(&images.clamp(-1.0, 1.0))?)?;
            }
        }
        Ok(())
    }

    /// The figures; none if nothing was asked for.
    ///
    /// # Errors
    /// [`StudyError::Eval`] if there are too few images for one.
    pub(crate) fn compute(self) -> Result<Option<DistanceFigures>, StudyError> {
        let Self { sliced, lpips, inception, scene_classifier, weights } = self;
        if sliced.is_none() && lpips.is_none() && inception.is_none() && scene_classifier.is_none() {
            return Ok(None);
        }
        let inception = inception.map(|metrics| {
            Ok::<_, StudyError>(InceptionFigures {
                frechet: metrics.frechet.compute()?,
                kernel: metrics.kernel.compute()?,
                precision_recall: metrics.precision_recall.compute()?,
                score: metrics.score.compute()?,
            })
        });
        Ok(Some(DistanceFigures {
            sliced: sliced.map(|sliced| sliced.compute()).transpose()?,
            lpips: lpips.and_then(|(_, mean)| mean.compute()),
            inception: inception.transpose()?,
            scene_classifier_frechet: scene_classifier.map(|(_, distance)| distance.compute()).transpose()?,
            weights,
        }))
    }
}
