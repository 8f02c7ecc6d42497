use std::io::{BufRead, Read};
use std::path::Path;

use super::Place;
use super::collector::Collector;
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
        let text = text.trim();
        match format {
            _ if text.is_empty() => {}
            LineFormat::Caption => collector.caption(text, place)?,
            LineFormat::Flickr8k => match flickr8k(text) {
                Some(caption) => collector.caption(caption, place)?,
                None => collector.malformed(place, "`image#n<TAB>caption`", text)?,
            },
        }
    }
    Ok(Hashing::sha256(reader))
}

fn flickr8k(line: &str) -> Option<&str> {
    let (image, caption) = line.split_once('\t')?;
    let (name, number) = image.rsplit_once('#')?;
    let caption = caption.trim_start();
    let numbered = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    (numbered && !name.is_empty() && !caption.is_empty()).then_some(caption)
}
