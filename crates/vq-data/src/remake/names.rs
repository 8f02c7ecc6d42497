//! Unicode's list of emoji names.

use crate::DataError;

const SKIN_TONES: std::ops::RangeInclusive<char> = '\u{1f3fb}'..='\u{1f3ff}';

/// The content of Unicode's `emoji-test.txt`.
pub(super) struct NameList {
    /// The version of Unicode emoji: `15.0`.
    pub(super) version: String,
    /// In the file's order.
    pub(super) emoji: Vec<ListedEmoji>,
}

/// A fully qualified emoji without a skin tone.
pub(super) struct ListedEmoji {
    pub(super) text: String,
    pub(super) name: String,
    pub(super) group: String,
    pub(super) subgroup: String,
}

impl NameList {
    pub(super) fn parse(list: &str) -> Result<Self, DataError> {
        let refuse = |at: usize, expected: &str, got: &str| {
            DataError::unexpected(format!("parse line {} of the list of names", at + 1), expected, format!("{got:?}"))
        };
        let mut version = None;
        let mut group = "";
        let mut subgroup = "";
        let mut emoji = Vec::new();
        for (at, line) in list.lines().enumerate() {
            if let Some(comment) = line.strip_prefix('#') {
                let comment = comment.trim();
                if let Some(found) = comment.strip_prefix("Version: ") {
                    version = Some(found.to_owned());
                } else if let Some(found) = comment.strip_prefix("group: ") {
                    group = found;
                } else if let Some(found) = comment.strip_prefix("subgroup: ") {
                    subgroup = found;
                }
                continue;
            }
            if line.trim().is_empty() {
                continue;
            }
            // 1F34E ; fully-qualified # 🍎 E0.6 red apple
            let fields = line.split_once(';').and_then(|(codes, rest)| {
                let (status, rest) = rest.split_once('#')?;
                let name = rest.trim().splitn(3, ' ').nth(2)?;
                Some(Fields { codes, status: status.trim(), name })
            });
            let fields = fields.ok_or_else(|| refuse(at, "CODES ; STATUS # EMOJI VERSION NAME", line))?;
            if fields.status != "fully-qualified" {
                continue;
            }
            let text = text_of(fields.codes).ok_or_else(|| refuse(at, "hexadecimal code points", fields.codes))?;
            if text.chars().any(|code| SKIN_TONES.contains(&code)) {
                continue;
            }
            emoji.push(ListedEmoji {
                text,
                name: fields.name.to_owned(),
                group: group.to_owned(),
                subgroup: subgroup.to_owned(),
            });
        }
        let version = version.ok_or_else(|| refuse(0, "a line \"# Version: ..\"", "a file without one"))?;
        if emoji.is_empty() {
            return Err(refuse(0, "fully qualified emoji", "a file without any"));
        }
        Ok(Self { version, emoji })
    }
}

struct Fields<'a> {
    codes: &'a str,
    status: &'a str,
    name: &'a str,
}

fn text_of(codes: &str) -> Option<String> {
    codes.split_whitespace().map(|code| char::from_u32(u32::from_str_radix(code, 16).ok()?)).collect()
}
