//! What a translation module says of a whole set, measured.

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};
use vq_core::Mode;
use vq_data::Scene;
use vq_data::scenes::{CaptionGrader, SceneGrades, Share};
use vq_eval::{
    CaptionMetrics, CaptionScores, CiderD, Meteor, MeteorConfig, Retrieval, RetrievalScores, Synonyms, caption_words,
};

use crate::captions::CaptionSums;
use crate::{CaptionFigures, CaptionHead, ToldImage, TrainError};

/// How well captions are told from codes, and found by them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LanguageFigures {
    /// What the translation module says, if it [learned to](CaptionHead::translates).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub translation: Option<TranslationFigures>,
    /// Images by captions and captions by images, if the global alignment gives both a place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retrieval: Option<RetrievalScores>,
}

/// How well captions are told from codes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TranslationFigures {
    /// Of the true captions, word by word.
    pub likelihood: CaptionFigures,
    /// Share of images whose greedy caption is, word for word, one of theirs; in `0..=1`.
    pub exact: f64,
    /// Of greedy captions against all captions of their images, on the words of the PTB tokenizer.
    pub scores: CaptionScores,
    /// What greedy captions are right about, where the images are scenes.
    pub scenes: Option<SceneGrades>,
    /// Of the true captions of scenes that tell a direction, those that are likelier than the same with each direction
    /// turned round; by chance half of them.
    pub directions: Option<Share>,
}

/// Sums over a set.
pub(crate) struct LanguageSums<'a> {
    head: &'a CaptionHead,
    translation: Option<TranslationSums<'a>>,
    retrieval: Retrieval,
}

/// Sums of what the translation module says.
struct TranslationSums<'a> {
    head: &'a CaptionHead,
    likelihood: CaptionSums,
    metrics: CaptionMetrics,
    grader: CaptionGrader,
    exact: u64,
    directions: Share,
    told: Vec<ToldImage>,
}

/// A batch of images, as the sums need it.
pub(crate) struct SpokenBatch<'a> {
    /// `[B, C, H, W]`.
    pub(crate) codes: &'a Tensor,
    /// Indices of the images.
    pub(crate) images: &'a [usize],
    /// All captions of each image.
    pub(crate) captions: &'a [Vec<String>],
    /// The truth, where images are scenes; else nothing.
    pub(crate) scenes: &'a [Scene],
}

impl<'a> LanguageSums<'a> {
    pub(crate) fn new(head: &'a CaptionHead, synonyms: Synonyms) -> Result<Self, TrainError> {
        let translation = head.translates().then(|| TranslationSums::new(head, synonyms)).transpose()?;
        Ok(Self { head, translation, retrieval: Retrieval::default() })
    }

    /// Takes a batch in; images without caption are left out.
    pub(crate) fn update(&mut self, batch: &SpokenBatch<'_>) -> Result<(), TrainError> {
        let kept: Vec<usize> = (0..batch.images.len()).filter(|&at| !batch.captions[at].is_empty()).collect();
        if kept.is_empty() {
            return Ok(());
        }
        let places: Vec<i64> = kept.iter().map(|&at| at as i64).collect();
        let codes = batch.codes.index_select(0, &Tensor::from_slice(&places).to_device(batch.codes.device()));
        if let Some(translation) = &mut self.translation {
            translation.update(&codes, &kept, batch)?;
        }
        self.find(&codes, &kept, batch)
    }

    /// Gives images and captions their places, if the head has a global alignment.
    fn find(&mut self, codes: &Tensor, kept: &[usize], batch: &SpokenBatch<'_>) -> Result<(), TrainError> {
        let Some(global) = &self.head.global else { return Ok(()) };
        let memory = self.head.translator.encode(codes, Mode::Eval)?;
        let captions: Vec<Option<String>> =
            kept.iter().flat_map(|&at| batch.captions[at].iter().cloned()).map(Some).collect();
        let image_of: Vec<usize> =
            kept.iter().enumerate().flat_map(|(row, &at)| std::iter::repeat_n(row, batch.captions[at].len())).collect();
        let encoded = self.head.language().vocabulary().map().batch(&self.head.encode(&captions)?);
        let texts = self.head.text_vectors(&encoded.to_device(codes.device()));
        self.retrieval.update(&global.images(&memory).to_kind(Kind::Float), &texts, &image_of)?;
        Ok(())
    }

    /// The figures; none if no image had a caption, or nothing learned to tell or find any.
    pub(crate) fn compute(&self) -> Option<LanguageFigures> {
        let translation = self.translation.as_ref().and_then(TranslationSums::compute);
        let retrieval = self.retrieval.compute();
        (translation.is_some() || retrieval.is_some()).then_some(LanguageFigures { translation, retrieval })
    }

    /// What was said of each image.
    pub(crate) fn into_told(self) -> Vec<ToldImage> {
        self.translation.map(|translation| translation.told).unwrap_or_default()
    }
}

impl<'a> TranslationSums<'a> {
    fn new(head: &'a CaptionHead, synonyms: Synonyms) -> Result<Self, TrainError> {
        let meteor = Meteor::new(MeteorConfig::default(), synonyms)?;
        Ok(Self {
            head,
            likelihood: CaptionSums::default(),
            metrics: CaptionMetrics::new(CiderD::default(), meteor),
            grader: CaptionGrader::new()?,
            exact: 0,
            directions: Share::default(),
            told: Vec::new(),
        })
    }

    /// Takes the kept images of a batch in, with their codes.
    fn update(&mut self, codes: &Tensor, kept: &[usize], batch: &SpokenBatch<'_>) -> Result<(), TrainError> {
        for (row, &at) in (0..).zip(kept) {
            let captions: Vec<Option<String>> = batch.captions[at].iter().cloned().map(Some).collect();
            let same = codes.narrow(0, row, 1).expand([captions.len() as i64, -1, -1, -1], false);
            self.likelihood.update(self.head, &same, &captions)?;
            if let Some(scene) = batch.scenes.get(at) {
                self.choose(&codes.narrow(0, row, 1), scene)?;
            }
        }
        for (&at, told) in kept.iter().zip(self.head.tell(codes)?) {
            let references: Vec<Vec<String>> = batch.captions[at].iter().map(|text| caption_words(text)).collect();
            let words = caption_words(&told);
            self.exact += u64::from(references.contains(&words));
            self.metrics.update(&words, &references)?;
            if let Some(scene) = batch.scenes.get(at) {
                self.grader.update(&scene.truth, &told);
            }
            self.told.push(ToldImage { image: batch.images[at], caption: batch.captions[at].first().cloned(), told });
        }
        Ok(())
    }

    /// Whether the truth about directions is likelier than its contrary, of the codes `[1, C, H, W]` of a scene.
    fn choose(&mut self, codes: &Tensor, scene: &Scene) -> Result<(), TrainError> {
        let Some(contrary) = scene.false_caption() else { return Ok(()) };
        let surprise = |caption: &str| {
            let mut sums = CaptionSums::default();
            sums.update(self.head, codes, &[Some(caption.to_owned())])?;
            Ok::<f64, TrainError>(sums.nats())
        };
        self.directions.of += 1;
        self.directions.hits += u64::from(surprise(&scene.caption)? < surprise(&contrary)?);
        Ok(())
    }

    /// The figures; none if no image had a caption.
    fn compute(&self) -> Option<TranslationFigures> {
        let scenes = self.grader.compute();
        Some(TranslationFigures {
            likelihood: self.likelihood.compute()?,
            exact: self.exact as f64 / self.told.len() as f64,
            scores: self.metrics.compute()?,
            scenes: (scenes != SceneGrades::default()).then_some(scenes),
            directions: (self.directions != Share::default()).then_some(self.directions),
        })
    }
}
