use std::borrow::Cow;
use std::io::{BufRead, Read};
use std::path::Path;

use super::Place;
use super::collector::Collector;
use super::glosses;
use super::hashing::Hashing;
use crate::PriorError;

/// The longest line that may be a caption, in bytes: what is longer is no caption, and memory stays small.
const LONGEST: u64 = 1 << 16;

/// What a line holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LineFormat {
    /// A caption.
    Caption,
    /// `image#n`, a tab, a caption.
    Flickr8k,
    /// `codes; status # emoji version name`, or a comment.
    EmojiNames,
    /// `offset file type .. | definition; "example"`, or a line of the licence.
    Gloss,
}

/// Reads the captions of a text file; returns its SHA-256. Empty lines are passed over.
pub(super) fn read(path: &Path, format: LineFormat, collector: &mut Collector<'_>) -> Result<String, PriorError> {
    collector.start_file(path);
    let io = |source| PriorError::Io { op: "read", path: path.to_owned(), source };
    let mut reader = Hashing::open(path)?;
    let mut bytes = Vec::new();
    for line in 1.. {
        bytes.clear();
        if (&mut reader).take(LONGEST).read_until(b'\n', &mut bytes).map_err(io)? == 0 {
            break;
        }
        let place = Place::Line(line);
        if bytes.len() as u64 == LONGEST && !bytes.ends_with(b"\n") {
            reader.skip_until(b'\n').map_err(io)?;
            let got = String::from_utf8_lossy(&bytes[..80]);
            collector.malformed(place, "at most 65536 bytes", &got)?;
            continue;
        }
        let Ok(text) = std::str::from_utf8(&bytes) else {
            collector.malformed(place, "UTF-8", String::from_utf8_lossy(&bytes).trim_end())?;
            continue;
        };
        let text = if line == 1 { text.strip_prefix('\u{feff}').unwrap_or(text) } else { text };
        if text.trim().is_empty() {
            continue;
        }
        match format.captions(text.trim_end()) {
            Some(captions) => captions.into_iter().try_for_each(|caption| collector.caption(&caption, place))?,
            None => collector.malformed(place, format.expected(), text.trim())?,
        }
    }
    Ok(Hashing::sha256(reader))
}

impl LineFormat {
    /// The captions of a line that is not empty, none for a comment; `None` if it lacks the format.
    fn captions(self, line: &str) -> Option<Vec<Cow<'_, str>>> {
        match self {
            Self::Caption => Some(vec![line.trim_start().into()]),
            Self::Flickr8k => flickr8k(line.trim_start()).map(|caption| vec![caption.into()]),
            Self::EmojiNames if line.starts_with('#') => Some(Vec::new()),
            Self::EmojiNames => emoji_name(line),
            Self::Gloss if line.starts_with("  ") => Some(Vec::new()),
            Self::Gloss => glosses::captions(line),
        }
    }

    fn expected(self) -> &'static str {
        match self {
            Self::Caption => "a caption",
            Self::Flickr8k => "`image#n<TAB>caption`",
            Self::EmojiNames => "`codes; status # emoji version name`",
            Self::Gloss => "`offset file type count (word id).. | gloss`",
        }
    }
}

fn flickr8k(line: &str) -> Option<&str> {
    let (image, caption) = line.split_once('\t')?;
    let (name, number) = image.rsplit_once('#')?;
    let caption = caption.trim_start();
    let numbered = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    (numbered && !name.is_empty() && !caption.is_empty()).then_some(caption)
}

/// `1F34E ; fully-qualified # 🍎 E0.6 red apple`.
fn emoji_name(line: &str) -> Option<Vec<Cow<'_, str>>> {
    let (codes, comment) = line.split_once('#')?;
    let (_, status) = codes.split_once(';')?;
    let name = comment.trim().splitn(3, ' ').nth(2)?;
    let wanted = status.trim() == "fully-qualified" && !name.contains("skin tone");
    Some(if wanted { vec![name.into()] } else { Vec::new() })
}
