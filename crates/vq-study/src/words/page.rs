//! The page of a survey.

use maud::{Markup, PreEscaped, html};
use vq_report::html::{document, image_source};

use super::{CodeSurvey, SurveyedImage, WordUse};
use crate::StudyError;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// Words of each group in the table.
const MOST: usize = 60;
/// Width of an image on the page, in CSS pixels.
const SHOWN_WIDTH: u32 = 320;

/// The words of images on one page that needs no other file: the words of each position, heat maps of words, the most
/// used words with examples, and the words that no image chose.
#[derive(Debug)]
pub struct InspectionPage {
    html: String,
}

impl InspectionPage {
    /// Makes the page.
    ///
    /// # Errors
    /// [`StudyError::Report`] if an image cannot be encoded.
    pub fn of(survey: &CodeSurvey<'_>, title: &str) -> Result<Self, StudyError> {
        let images: Vec<Markup> = survey.images().iter().map(image).collect::<Result<_, _>>()?;
        let groups = survey.groups();
        let groups: Vec<Markup> = groups.iter().map(|name| group(survey, name)).collect::<Result<_, _>>()?;
        let body = html! {
            style { (PreEscaped(STYLE)) }
            header {
                h1 { (title) }
                p.sub { (survey.seen()) " images, as words" }
            }
            main {
                section {
                    h2 { "Images" }
                    p.note {
                        "Left the image, right its reconstruction from its words. Point at a position for its words; "
                        "choose a word for its heat map: dark where it is chosen, pale where other words are nearer."
                    }
                    @for image in &images { (image) }
                    @if survey.seen() > images.len() { p.note { "The first " (images.len()) " images." } }
                }
                @for group in &groups { (group) }
            }
            footer { "Made by vqct " (env!("CARGO_PKG_VERSION")) " with " code { "vqct inspect --html" } "." }
            script { (PreEscaped(SCRIPT)) }
        };
        Ok(Self { html: document(title, &body) })
    }

    /// The page.
    pub fn html(&self) -> &str {
        &self.html
    }
}

fn image(image: &SurveyedImage) -> Result<Markup, StudyError> {
    let SurveyedImage { name, original, reconstruction, height, width, positions, heats } = image;
    let shown_height = SHOWN_WIDTH * original.height() / original.width().max(1);
    let columns = format!("grid-template-columns:repeat({width},1fr);grid-template-rows:repeat({height},1fr)");
    let frame = format!("width:{SHOWN_WIDTH}px;height:{shown_height}px");
    let pictures = [("image", image_source(original)?), ("reconstruction", image_source(reconstruction)?)];
    let values = |heat: &[f64]| heat.iter().map(|value| format!("{value:.2}")).collect::<Vec<_>>().join(" ");
    Ok(html! {
        figure.read {
            figcaption { b { (name) } " " output {} }
            div.pair {
                @for (what, data) in &pictures {
                    div.frame style=(frame) {
                        img src=(data) alt=(format!("{what} {name}"));
                        div.cells style=(columns) {
                            @for words in positions { i title=(words.join(" ")) {} }
                        }
                    }
                }
            }
            div.words {
                @for heat in heats {
                    button type="button" data-heat=(values(&heat.heat)) {
                        (heat.word.text) " " small { (heat.word.group) " " (heat.chosen) }
                    }
                }
            }
        }
    })
}

fn group(survey: &CodeSurvey<'_>, group: &str) -> Result<Markup, StudyError> {
    let words = survey.most_used(group, MOST);
    let dead = survey.dead(group);
    let rows: Vec<Markup> = words.iter().map(row).collect::<Result<_, _>>()?;
    Ok(html! {
        section {
            h2 { "Words of the group " (group) }
            div.scroll {
                table {
                    thead { tr { th { "Word" } th.n { "Chosen" } th.n { "Images" } th { "Where" } } }
                    tbody { @for row in &rows { (row) } }
                }
            }
            details {
                summary { (dead.len()) " words that no image chose" }
                p.dead { (dead.join(", ")) }
            }
        }
    })
}

fn row(word: &WordUse) -> Result<Markup, StudyError> {
    let patches: Vec<(String, String)> = word
        .patches
        .iter()
        .map(|patch| Ok((patch.image.clone(), image_source(&patch.picture)?)))
        .collect::<Result<_, StudyError>>()?;
    Ok(html! {
        tr {
            td.whole { (word.word.text) }
            td.n { (word.count) }
            td.n { (word.images) }
            td.patches { @for (image, data) in &patches { img src=(data) title=(image) alt=""; } }
        }
    })
}
