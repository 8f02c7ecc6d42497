//! Distances between reconstructions and their images as sets, and what needs a network.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tch::{Device, Tensor};
use vq_eval::{
    FrechetDistance, FrechetScores, InceptionScore, InceptionScoreConfig, InceptionScores, KernelConfig,
    KernelDistance, KernelScores, Mean, PrecisionRecall, PrecisionRecallConfig, PrecisionRecallScores, Side,
    SlicedConfig, SlicedScores, SlicedWasserstein,
};
use vq_model::{Inception, InceptionConfig, Lpips};

use crate::{SceneJudge, TrainError};

/// Which distances are measured; each costs time, and most need weights from the user's files.
///
/// ```toml
/// sliced = {}
/// lpips = ["vgg16-397923af.safetensors", "vgg.safetensors"]
/// inception = { file = "pt_inception-2015-12-05-6726825d.safetensors" }
/// judge = "judge64.safetensors"
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
    /// Fréchet distance of a scene judge's features: the judge's file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub judge: Option<PathBuf>,
}

/// Distances of reconstructions to their images; what was not asked for is not there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DistanceFigures {
    /// Sliced Wasserstein distance on Laplacian patches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sliced: Option<SlicedScores>,
    /// LPIPS 0.1 on VGG-16, mean over images.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lpips: Option<f64>,
    /// What Inception-v3's features say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inception: Option<InceptionFigures>,
    /// Fréchet distance of a scene judge's features; no FID, and comparable to none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judge_frechet: Option<FrechetScores>,
    /// SHA-256 of every file of weights, by its name.
    pub weights: BTreeMap<String, String>,
}

/// What Inception-v3 says of reconstructions beside their images.
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

/// Networks and sums of the distances that are measured.
pub(crate) struct Distances {
    sliced: Option<SlicedWasserstein>,
    lpips: Option<(Lpips, Mean)>,
    inception: Option<InceptionSums>,
    judge: Option<(SceneJudge, FrechetDistance)>,
    weights: BTreeMap<String, String>,
}

struct InceptionSums {
    network: Inception,
    frechet: FrechetDistance,
    kernel: KernelDistance,
    precision_recall: PrecisionRecall,
    score: InceptionScore,
}

impl Distances {
    /// Reads the networks that are asked for.
    ///
    /// # Errors
    /// [`TrainError::Model`] or [`TrainError::Judge`] naming the file that is missing or damaged.
    pub(crate) fn new(config: &DistancesConfig, device: Device) -> Result<Self, TrainError> {
        let mut weights = BTreeMap::new();
        let mut note = |path: &Path| {
            let bytes = std::fs::read(path).map_err(TrainError::io("read weights", path))?;
            let hash = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
            let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
            weights.insert(name, hash);
            Ok::<_, TrainError>(())
        };
        let files = config.inception.iter().map(|inception| &inception.file);
        config.lpips.iter().chain(files).chain(&config.judge).try_for_each(|path| note(path))?;
        let lpips = match config.lpips.is_empty() {
            true => None,
            false => Some((Lpips::open(&config.lpips, device)?, Mean::default())),
        };
        let inception = config.inception.as_ref().map(|inception| {
            Ok::<_, TrainError>(InceptionSums {
                network: Inception::open(inception, device)?,
                frechet: FrechetDistance::default(),
                kernel: KernelDistance::new(&config.kernel)?,
                precision_recall: PrecisionRecall::new(&config.precision_recall)?,
                score: InceptionScore::new(&config.inception_score)?,
            })
        });
        let judge = config
            .judge
            .as_ref()
            .map(|path| Ok::<_, TrainError>((SceneJudge::open(path, device)?, FrechetDistance::default())));
        Ok(Self {
            sliced: config.sliced.as_ref().map(|sliced| SlicedWasserstein::new(sliced, 0)).transpose()?,
            lpips,
            inception: inception.transpose()?,
            judge: judge.transpose()?,
            weights,
        })
    }

    /// Takes in reconstructions and their images, `[B, 3, S, S]`.
    ///
    /// # Errors
    /// Those of the metrics and networks: images too small, or no numbers.
    pub(crate) fn update(&mut self, reconstructions: &Tensor, images: &Tensor) -> Result<(), TrainError> {
        let sides = [(Side::Images, reconstructions), (Side::References, images)];
        if let Some(sliced) = &mut self.sliced {
            sides.into_iter().try_for_each(|(side, images)| sliced.update(side, images))?;
        }
        if let Some((network, mean)) = &mut self.lpips {
            mean.update(&network.distance(&reconstructions.clamp(-1.0, 1.0), images)?)?;
        }
        if let Some(sums) = &mut self.inception {
            for (side, images) in sides {
                let output = sums.network.forward(images)?;
                sums.frechet.update(side, &output.features)?;
                sums.kernel.update(side, &output.features)?;
                sums.precision_recall.update(side, &output.features)?;
                if side == Side::Images {
                    sums.score.update(&output.unbiased_logits)?;
                }
            }
        }
        if let Some((judge, distance)) = &mut self.judge {
            for (side, images) in sides {
                distance.update(side, &judge.features(&images.clamp(-1.0, 1.0))?)?;
            }
        }
        Ok(())
    }

    /// The figures; none if nothing was asked for.
    ///
    /// # Errors
    /// [`TrainError::Eval`] if there were too few images for one.
    pub(crate) fn compute(self) -> Result<Option<DistanceFigures>, TrainError> {
        let Self { sliced, lpips, inception, judge, weights } = self;
        if sliced.is_none() && lpips.is_none() && inception.is_none() && judge.is_none() {
            return Ok(None);
        }
        let inception = inception.map(|sums| {
            Ok::<_, TrainError>(InceptionFigures {
                frechet: sums.frechet.compute()?,
                kernel: sums.kernel.compute()?,
                precision_recall: sums.precision_recall.compute()?,
                score: sums.score.compute()?,
            })
        });
        Ok(Some(DistanceFigures {
            sliced: sliced.map(|sliced| sliced.compute()).transpose()?,
            lpips: lpips.and_then(|(_, mean)| mean.compute()),
            inception: inception.transpose()?,
            judge_frechet: judge.map(|(_, distance)| distance.compute()).transpose()?,
            weights,
        }))
    }
}
