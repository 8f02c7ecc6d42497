//! Makes the emoji archive from a font and a list of names.
//!
//! The result depends on the two files alone, so the recorded files give the shipped archive byte for byte.

mod archive;
mod font;
mod names;

use serde::Deserialize;
use vq_file::sha256_hex;

use crate::emoji::IMAGES;
use crate::{DataError, Emoji, EmojiProvenance, SourceFile, caption_of, family_of};
use archive::{Entries, Image};
use font::Font;
use names::NameList;

/// The rule for the emoji that are included, for the archive's provenance.
const KEPT: &str = "every fully qualified emoji without a skin tone";

/// The sources of the shipped archive: file names, checksums and packages.
const RECORDED: &str = include_str!("../../assets/emoji-sources.json");

/// The two files that the archive is made from.
#[derive(Debug, Clone, Copy)]
pub struct Sources<'a> {
    /// Noto Color Emoji: a TrueType font with png bitmaps of 136x128 (`CBDT`).
    pub font: &'a [u8],
    /// Unicode's `emoji-test.txt`.
    pub names: &'a str,
}

/// A new archive, with its origin.
#[derive(Debug)]
pub struct Remade {
    /// The archive's bytes.
    pub archive: Vec<u8>,
    /// The origin as recorded in the archive.
    pub provenance: EmojiProvenance,
    /// The recorded sources of the shipped archive that differ from these.
    pub unlike: Vec<SourceFile>,
}

/// Makes the archive.
///
/// # Errors
///
/// If the font or the list cannot be parsed, or the font does not have exactly one bitmap of the right size for an
/// emoji of the list; the error names the emoji.
pub fn remake(sources: Sources<'_>) -> Result<Remade, DataError> {
    let recorded = recorded()?;
    let found = [source_file(&recorded.font, sources.font), source_file(&recorded.names, sources.names.as_bytes())];
    let unlike = [&recorded.font, &recorded.names]
        .into_iter()
        .zip(&found)
        .filter(|(recorded, found)| recorded != found)
        .map(|(recorded, _)| recorded.clone())
        .collect();

    let list = NameList::parse(sources.names)?;
    let font = Font::parse(sources.font)?;
    let mut emoji = Vec::<Emoji>::new();
    let mut images = Vec::<Image<'_>>::new();
    for listed in &list.emoji {
        let png = font.bitmap(&listed.text, &listed.name)?;
        // Emoji with the same picture share it and its family, so no picture is in both splits.
        let twin = images.iter().find(|image| image.png == png);
        let family = match twin {
            Some(twin) => emoji[twin.first].family.clone(),
            None => family_of(&listed.name),
        };
        let image = match twin {
            Some(twin) => twin.path.clone(),
            None => {
                let path = image_path(&listed.text);
                images.push(Image { path: path.clone(), png, first: emoji.len() });
                path
            }
        };
        emoji.push(Emoji {
            text: listed.text.clone(),
            name: listed.name.clone(),
            caption: caption_of(&listed.name),
            group: listed.group.clone(),
            subgroup: listed.subgroup.clone(),
            family,
            image,
        });
    }
    let provenance = EmojiProvenance {
        emoji_version: list.version,
        font_version: font.version()?,
        kept: KEPT.to_owned(),
        emoji: emoji.len(),
        images: images.len(),
        sources: found.into(),
    };
    let archive = archive::write(&Entries { emoji: &emoji, images: &images, provenance: &provenance })?;
    Ok(Remade { archive, provenance, unlike })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Recorded {
    font: SourceFile,
    names: SourceFile,
}

fn recorded() -> Result<Recorded, DataError> {
    serde_json::from_str(RECORDED).map_err(|source| DataError::Json { what: "the recorded sources".to_owned(), source })
}

/// The recorded file if the bytes are the same, else one of the same name from an unknown package.
fn source_file(recorded: &SourceFile, bytes: &[u8]) -> SourceFile {
    let sha256 = sha256_hex(bytes);
    if sha256 == recorded.sha256 {
        return recorded.clone();
    }
    SourceFile { file: recorded.file.clone(), sha256, package: "unknown".to_owned() }
}

/// `images/1f468-200d-1f692.png`.
fn image_path(text: &str) -> String {
    let codes: Vec<String> = text.chars().map(|code| format!("{:x}", u32::from(code))).collect();
    format!("{IMAGES}/{}.png", codes.join("-"))
}
