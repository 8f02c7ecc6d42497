//! The frame that all pages share.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use image::RgbImage;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use vq_file::png_bytes;

use crate::ReportError;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// A whole page that needs no other file: `body` with title, style and script.
pub fn document(title: &str, body: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (body)
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    page.into_string()
}

/// An image as the `src` of an `img` element: a PNG in a data URL.
///
/// # Errors
/// [`ReportError::File`] if the image cannot be encoded.
pub fn image_source(image: &RgbImage) -> Result<String, ReportError> {
    Ok(data_url("png", &png_bytes(image)?))
}

/// An encoded image as the `src` of an `img` element.
pub(crate) fn data_url(format: &str, bytes: &[u8]) -> String {
    format!("data:image/{format};base64,{}", BASE64_STANDARD.encode(bytes))
}
