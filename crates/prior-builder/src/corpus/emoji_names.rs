//! Unicode's `emoji-test.txt`.

use std::borrow::Cow;

use super::line_reader::LineFormat;

/// `codes; status # emoji version name`, or a comment.
pub(super) const FORMAT: LineFormat = LineFormat { expected: "`codes; status # emoji version name`", captions };

/// The name of `1F34E ; fully-qualified # 🍎 E0.6 red apple`.
fn captions(line: &str) -> Option<Vec<Cow<'_, str>>> {
    if line.starts_with('#') {
        return Some(Vec::new());
    }
    let (codes, comment) = line.split_once('#')?;
    let (_, status) = codes.split_once(';')?;
    let name = comment.trim().splitn(3, ' ').nth(2)?;
    let is_kept = status.trim() == "fully-qualified" && !name.contains("skin tone");
    Some(if is_kept { vec![name.into()] } else { Vec::new() })
}
