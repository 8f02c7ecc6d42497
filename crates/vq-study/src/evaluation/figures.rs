//! The figures of an evaluation under the keys of the table of figures.

use vq_run::GroupRecord;

use super::format::Evaluation;
use super::language::TranslationFigures;

impl Evaluation {
    /// All figures that [`vq_run::FIGURES`] or a metric's name describes: `kind/name` and value.
    pub fn figures(&self) -> Vec<(String, f64)> {
        let images = self.images.iter().map(|(name, value)| (format!("validation/{name}"), Some(*value)));
        let others = self.distance_figures().into_iter().chain(self.code_figures()).chain(self.caption_figures());
        let others = others.map(|(key, value)| (key.to_owned(), value));
        images.chain(others).filter_map(|(key, value)| Some((key, value?))).collect()
    }

    fn distance_figures(&self) -> Vec<(&'static str, Option<f64>)> {
        let distances = self.distances.as_ref();
        let inception = distances.and_then(|distances| distances.inception.as_ref());
        vec![
            ("study/lpips", distances.and_then(|distances| distances.lpips)),
            ("study/rfid", inception.map(|inception| inception.frechet.distance)),
            ("study/kid", inception.map(|inception| inception.kernel.distance)),
            ("study/sliced_wasserstein", distances.and_then(|distances| Some(distances.sliced.as_ref()?.mean))),
            (
                "study/scene_classifier_frechet",
                distances.and_then(|distances| Some(distances.scene_classifier_frechet.as_ref()?.distance)),
            ),
        ]
    }

    fn code_figures(&self) -> Vec<(&'static str, Option<f64>)> {
        vec![
            ("validation/usage", Some(self.usage())),
            ("study/perplexity", Some(self.codebook.iter().map(|group| group.perplexity).sum())),
            ("study/gini", gini(&self.codebook)),
            ("study/noun_pointing", self.pointing("noun")),
            ("study/adjective_pointing", self.pointing("adjective")),
        ]
    }

    fn caption_figures(&self) -> Vec<(&'static str, Option<f64>)> {
        let translation = self.language.as_ref().and_then(|language| language.translation.as_ref());
        let of = |value: fn(&TranslationFigures) -> Option<f64>| translation.and_then(value);
        let retrieval = self.language.as_ref().and_then(|language| language.retrieval.as_ref());
        vec![
            ("study/nats_per_token", of(|t| Some(t.likelihood.negative_log_likelihood))),
            ("study/bleu_1", of(|t| Some(t.scores.bleu.bleu1))),
            ("study/bleu_4", of(|t| Some(t.scores.bleu.bleu4))),
            ("study/rouge_l", of(|t| Some(t.scores.rouge_l))),
            ("study/meteor", of(|t| Some(t.scores.meteor))),
            ("study/cider_d", of(|t| Some(t.scores.cider_d))),
            ("study/object_f1", of(|t| t.scenes?.object_f1())),
            ("study/attributes", of(|t| t.scenes?.attributes().value())),
            ("study/directions", of(|t| t.directions?.value())),
            ("study/all_true", of(|t| t.scenes?.all_true.value())),
            ("study/image_to_text_r1", retrieval.map(|scores| scores.image_to_text.recall_at_1)),
            ("study/text_to_image_r1", retrieval.map(|scores| scores.text_to_image.recall_at_1)),
            ("study/text_to_image_r10", retrieval.map(|scores| scores.text_to_image.recall_at_10)),
        ]
    }

    fn pointing(&self, group: &str) -> Option<f64> {
        let words = self.words.iter().find(|words| words.group == group)?;
        Some(words.pointing?.accuracy)
    }
}

/// Mean Gini coefficient over the groups, weighted by their codes.
fn gini(groups: &[GroupRecord]) -> Option<f64> {
    let sizes: i64 = groups.iter().map(|group| group.size).sum();
    let sum: Option<f64> = groups.iter().map(|group| Some(group.gini? * group.size as f64)).sum();
    Some(sum? / sizes as f64)
}
