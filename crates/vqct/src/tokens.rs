//! The token file: JSON Lines, a header and then one line per image.
//!
//! ```text
//! {"format":"vqct-tokens","version":1,"tokenizer":"<sha256 of the checkpoint>","slots":[{"group":"adjective","start":0,"end":1012}, ..]}
//! {"image":"cat","height":16,"width":16,"ids":[..]}
//! ```
//!
//! `ids` holds `height * width * slots` ids: row by row, within a row position by position, within a position slot by
//! slot.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use tch::{Device, Tensor};
use vq_core::Layout;

const FORMAT: &str = "vqct-tokens";
const VERSION: u32 = 1;

/// The first line.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Header {
    format: String,
    version: u32,
    tokenizer: String,
    slots: Vec<SlotRange>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SlotRange {
    group: String,
    start: i64,
    end: i64,
}

impl Header {
    /// The header of the ids of a tokenizer.
    pub(crate) fn new(tokenizer: &str, layout: &Layout) -> Self {
        let range = |slot: &vq_core::Slot| SlotRange {
            group: slot.group.clone(),
            start: slot.codes.start,
            end: slot.codes.end,
        };
        Self {
            format: FORMAT.into(),
            version: VERSION,
            tokenizer: tokenizer.into(),
            slots: layout.slots.iter().map(range).collect(),
        }
    }
}

/// The ids of one image.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TokenLine {
    pub(crate) image: String,
    height: i64,
    width: i64,
    ids: Vec<i64>,
}

impl TokenLine {
    /// The line of ids `[1, H, W, S]`.
    pub(crate) fn new(image: String, ids: &Tensor) -> Result<Self> {
        let size = ids.size();
        let ids = Vec::<i64>::try_from(ids.to_device(Device::Cpu).contiguous().view(-1))?;
        Ok(Self { image, height: size[1], width: size[2], ids })
    }

    /// The ids as `[1, H, W, S]`.
    fn to_tensor(&self, slots: usize) -> Result<Tensor> {
        let sides = [self.height, self.width].map(|side| usize::try_from(side).unwrap_or(0));
        let expected = sides[0].checked_mul(sides[1]).and_then(|positions| positions.checked_mul(slots));
        if expected != Some(self.ids.len()) || self.ids.is_empty() {
            bail!(
                "expected height x width x {slots} ids, got {} ids for {} x {}",
                self.ids.len(),
                self.height,
                self.width
            );
        }
        Ok(Tensor::f_from_slice(&self.ids)?.f_view([1, self.height, self.width, slots as i64])?)
    }
}

/// The ids of one image, checked against a tokenizer.
pub(crate) struct ImageTokens {
    pub(crate) image: String,
    /// `[1, H, W, S]`.
    pub(crate) ids: Tensor,
}

/// Reads a token file made by the tokenizer of `expected`.
pub(crate) fn read(path: &Path, expected: &Header, layout: &Layout) -> Result<Vec<ImageTokens>> {
    let file = File::open(path).with_context(|| format!("read {}", path.display()))?;
    let mut lines = BufReader::new(file).lines();
    let first = lines.next().transpose().with_context(|| format!("read {}", path.display()))?;
    let header: Header = serde_json::from_str(first.as_deref().unwrap_or_default())
        .with_context(|| format!("{}:1: expected the header of a token file", path.display()))?;
    if (header.format.as_str(), header.version) != (FORMAT, VERSION) {
        let Header { format, version, .. } = &header;
        bail!("{}:1: expected {FORMAT} version {VERSION}, got {format} version {version}", path.display());
    }
    if header != *expected {
        let (wanted, got) = (&expected.tokenizer, &header.tokenizer);
        bail!("{}:1: expected ids of the tokenizer {wanted}, got those of {got}", path.display());
    }
    let mut images = Vec::new();
    for (number, line) in (2..).zip(lines) {
        let place = || format!("{}:{number}", path.display());
        let line: TokenLine = serde_json::from_str(&line.with_context(place)?).with_context(place)?;
        let ids = line.to_tensor(layout.slots.len()).with_context(place)?;
        layout.check_indices("ids", &ids).with_context(place)?;
        images.push(ImageTokens { image: line.image, ids });
    }
    Ok(images)
}
