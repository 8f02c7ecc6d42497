//! The page of an evaluation.

use maud::{Markup, html};
use vq_report::html::{document, image_source};

use super::format::Evaluation;
use super::leaves::leaves;
use super::request::ShownImage;
use crate::StudyError;

/// Width of an image on the page, in CSS pixels.
const SHOWN_WIDTH: u32 = 160;

/// An evaluation on one page that needs no other file: its figures, all that decides them, and some images beside their
/// reconstructions.
#[derive(Debug)]
pub struct EvaluationPage {
    html: String,
}

impl EvaluationPage {
    /// Makes the page.
    ///
    /// # Errors
    /// [`StudyError::Report`] if an image cannot be encoded, [`StudyError::Evaluation`] if the figures cannot.
    pub fn of(evaluation: &Evaluation, shown: &[ShownImage]) -> Result<Self, StudyError> {
        let tokenizer = &evaluation.conditions.tokenizer;
        let title = format!("{}, seed {}, step {}", tokenizer.experiment, tokenizer.seed, tokenizer.step);
        let leaves = leaves(&title, evaluation)?;
        let is_condition = |name: &str| name.starts_with("conditions/") || ["format", "version"].contains(&name);
        let (conditions, figures): (Vec<_>, Vec<_>) = leaves.into_iter().partition(|(name, _)| is_condition(name));
        let images: Vec<Markup> = shown.iter().map(figure).collect::<Result<_, _>>()?;
        let body = html! {
            header {
                h1 { (title) }
                p.sub { (evaluation.conditions.data.images) " images of the validation set" }
            }
            main {
                section { h2 { "Figures" } (table(&figures)) }
                @if !images.is_empty() {
                    section {
                        h2 { "Images" }
                        p.note { "Left the image, right its reconstruction from its ids." }
                        @for image in &images { (image) }
                    }
                }
                section { h2 { "What decides the figures" } (table(&conditions)) }
            }
            footer { "Made by vqct " (env!("CARGO_PKG_VERSION")) " with " code { "vqct eval --html" } "." }
        };
        Ok(Self { html: document(&format!("{title} · vqct"), &body) })
    }

    /// The page.
    pub fn html(&self) -> &str {
        &self.html
    }
}

fn table(rows: &[(String, serde_json::Value)]) -> Markup {
    let shown = |value: &serde_json::Value| match value {
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Number(number) if number.is_f64() => {
            number.as_f64().map_or_else(String::new, |number| format!("{number:.6}"))
        }
        other => other.to_string(),
    };
    html! {
        div.scroll {
            table {
                tbody {
                    @for (name, value) in rows {
                        tr { td { (name.replace('/', " · ").replace('_', " ")) } td.n { (shown(value)) } }
                    }
                }
            }
        }
    }
}

fn figure(shown: &ShownImage) -> Result<Markup, StudyError> {
    let (original, reconstruction) = (image_source(&shown.original)?, image_source(&shown.reconstruction)?);
    Ok(html! {
        figure {
            img src=(original) width=(SHOWN_WIDTH) alt={ "image " (shown.image) };
            " "
            img src=(reconstruction) width=(SHOWN_WIDTH) alt="its reconstruction";
            figcaption {
                (shown.image)
                @if let Some(caption) = &shown.caption {
                    ": " (caption.generated)
                    @if let Some(caption) = &caption.caption { br; small { "true caption: " (caption) } }
                }
            }
        }
    })
}
