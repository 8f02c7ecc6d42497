//! Metrics of captions and retrieval.

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};
use vq_core::Mode;
use vq_eval::{
    CaptionMetrics, CaptionScores, CiderD, Meteor, MeteorConfig, Retrieval, RetrievalScores, Synonyms, caption_words,
};
use vq_pipeline::{CaptionHead, CaptionLikelihood};
use vq_run::{CaptionFigures, GeneratedCaption};
use vq_scenes::Scene;
use vq_scenes::{CaptionGrader, SceneGrades, Share};

use crate::StudyError;

/// How well captions are generated from codes, and found by them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LanguageFigures {
    /// The translation module, if it is [trained to generate captions](CaptionHead::translates).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub translation: Option<TranslationFigures>,
    /// Retrieval of images by captions and of captions by images, with global alignment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retrieval: Option<RetrievalScores>,
}

/// How well captions are generated from codes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TranslationFigures {
    /// The likelihood of true captions.
    pub likelihood: CaptionFigures,
    /// Share of images whose greedy caption equals one of theirs, word for word; in `0..=1`.
    pub exact: f64,
    /// Scores of greedy captions against all captions of their images, on the words of the PTB tokenizer.
    pub scores: CaptionScores,
    /// Which statements of greedy captions are true, if the images are scenes.
    pub scenes: Option<SceneGrades>,
    /// True captions with a direction that are more probable than the same caption with each direction reversed; by
    /// chance half of them.
    pub directions: Option<Share>,
}

/// Accumulates metrics of captions over a set.
pub(super) struct LanguageMetrics<'a> {
    head: &'a CaptionHead,
    translation: Option<TranslationMetrics<'a>>,
    retrieval: Retrieval,
}

/// Accumulates metrics of the translation module.
struct TranslationMetrics<'a> {
    head: &'a CaptionHead,
    likelihood: CaptionLikelihood,
    metrics: CaptionMetrics,
    grader: CaptionGrader,
    exact: u64,
    directions: Share,
    captions: Vec<GeneratedCaption>,
}

/// A batch of images with captions.
pub(super) struct CaptionedBatch<'a> {
    /// `[B, C, H, W]`.
    pub(super) codes: &'a Tensor,
    /// Indices of the images.
    pub(super) images: &'a [usize],
    /// All captions of each image.
    pub(super) captions: &'a [Vec<String>],
    /// The scenes, if images are scenes; else empty.
    pub(super) scenes: &'a [Scene],
}

impl<'a> LanguageMetrics<'a> {
    pub(super) fn new(head: &'a CaptionHead, synonyms: Synonyms) -> Result<Self, StudyError> {
        let translation = head.translates().then(|| TranslationMetrics::new(head, synonyms)).transpose()?;
        Ok(Self { head, translation, retrieval: Retrieval::default() })
    }

    /// Takes in a batch; images without caption are left out.
    pub(super) fn update(&mut self, batch: &CaptionedBatch<'_>) -> Result<(), StudyError> {
        let kept: Vec<usize> = (0..batch.images.len()).filter(|&at| !batch.captions[at].is_empty()).collect();
        if kept.is_empty() {
            return Ok(());
        }
        let positions: Vec<i64> = kept.iter().map(|&at| at as i64).collect();
        let codes = batch.codes.index_select(0, &Tensor::from_slice(&positions).to_device(batch.codes.device()));
        if let Some(translation) = &mut self.translation {
            translation.update(&codes, &kept, batch)?;
        }
        self.retrieve(&codes, &kept, batch)
    }

    /// Takes in vectors of images and captions, if the head has a global alignment.
    fn retrieve(&mut self, codes: &Tensor, kept: &[usize], batch: &CaptionedBatch<'_>) -> Result<(), StudyError> {
        let Some(global) = self.head.global() else { return Ok(()) };
        let memory = self.head.translator.encode(codes, Mode::Eval)?;
        let captions: Vec<Option<String>> =
            kept.iter().flat_map(|&at| batch.captions[at].iter().cloned()).map(Some).collect();
        let image_of: Vec<usize> =
            kept.iter().enumerate().flat_map(|(row, &at)| std::iter::repeat_n(row, batch.captions[at].len())).collect();
        let encoded = self.head.language().vocabulary().map().batch(&self.head.encode(&captions)?);
        let texts = self.head.translator.text_vectors(&encoded.to_device(codes.device()));
        self.retrieval.update(&global.image_vectors(&memory).to_kind(Kind::Float), &texts, &image_of)?;
        Ok(())
    }

    /// The figures; none without captions, or if nothing is trained to generate or find them.
    pub(super) fn compute(&self) -> Option<LanguageFigures> {
        let translation = self.translation.as_ref().and_then(TranslationMetrics::compute);
        let retrieval = self.retrieval.compute();
        (translation.is_some() || retrieval.is_some()).then_some(LanguageFigures { translation, retrieval })
    }

    /// The generated caption of each image.
    pub(super) fn into_captions(self) -> Vec<GeneratedCaption> {
        self.translation.map(|translation| translation.captions).unwrap_or_default()
    }
}

impl<'a> TranslationMetrics<'a> {
    fn new(head: &'a CaptionHead, synonyms: Synonyms) -> Result<Self, StudyError> {
        let meteor = Meteor::new(MeteorConfig::default(), synonyms)?;
        Ok(Self {
            head,
            likelihood: CaptionLikelihood::default(),
            metrics: CaptionMetrics::new(CiderD::default(), meteor),
            grader: CaptionGrader::new()?,
            exact: 0,
            directions: Share::default(),
            captions: Vec::new(),
        })
    }

    /// Takes in the kept images of a batch, with their codes.
    fn update(&mut self, codes: &Tensor, kept: &[usize], batch: &CaptionedBatch<'_>) -> Result<(), StudyError> {
        for (row, &at) in (0..).zip(kept) {
            let captions: Vec<Option<String>> = batch.captions[at].iter().cloned().map(Some).collect();
            let same = codes.narrow(0, row, 1).expand([captions.len() as i64, -1, -1, -1], false);
            self.likelihood.update(self.head, &same, &captions)?;
            if let Some(scene) = batch.scenes.get(at) {
                self.compare_directions(&codes.narrow(0, row, 1), scene)?;
            }
        }
        for (&at, generated) in kept.iter().zip(self.head.generate(codes)?) {
            let references: Vec<Vec<String>> = batch.captions[at].iter().map(|text| caption_words(text)).collect();
            let words = caption_words(&generated);
            self.exact += u64::from(references.contains(&words));
            self.metrics.update(&words, &references)?;
            if let Some(scene) = batch.scenes.get(at) {
                self.grader.update(&scene.truth, &generated);
            }
            let caption = batch.captions[at].first().cloned();
            self.captions.push(GeneratedCaption { image: batch.images[at], caption, generated });
        }
        Ok(())
    }

    /// Whether the true caption is more probable than the one with reversed directions, given the codes `[1, C, H, W]`
    /// of a scene.
    fn compare_directions(&mut self, codes: &Tensor, scene: &Scene) -> Result<(), StudyError> {
        let Some(reversed) = scene.false_caption() else { return Ok(()) };
        let nats = |caption: &str| {
            let mut likelihood = CaptionLikelihood::default();
            likelihood.update(self.head, codes, &[Some(caption.to_owned())])?;
            Ok::<f64, StudyError>(likelihood.nats())
        };
        self.directions.of += 1;
        self.directions.hits += u64::from(nats(&scene.caption)? < nats(&reversed)?);
        Ok(())
    }

    /// The figures; none without captions.
    fn compute(&self) -> Option<TranslationFigures> {
        let scenes = self.grader.compute();
        Some(TranslationFigures {
            likelihood: self.likelihood.compute()?,
            exact: self.exact as f64 / self.captions.len() as f64,
            scores: self.metrics.compute()?,
            scenes: (scenes != SceneGrades::default()).then_some(scenes),
            directions: (self.directions != Share::default()).then_some(self.directions),
        })
    }
}
