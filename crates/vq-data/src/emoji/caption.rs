//! Captions of emoji.

/// The caption of an emoji: its Unicode name in plain words, lower case.
///
/// ```
/// use vq_data::caption_of;
///
/// assert_eq!(caption_of("red apple"), "red apple");
/// assert_eq!(caption_of("flag: Côte d’Ivoire"), "flag of côte d'ivoire");
/// assert_eq!(caption_of("family: man, woman, boy"), "family of man, woman and boy");
/// assert_eq!(caption_of("man: red hair"), "man with red hair");
/// assert_eq!(caption_of("man: bald"), "bald man");
/// assert_eq!(caption_of("keycap: #"), "keycap number sign");
/// assert_eq!(caption_of("Japanese “free of charge” button"), "japanese free of charge button");
/// ```
#[must_use]
pub fn caption_of(name: &str) -> String {
    let name = name.to_lowercase();
    let plain = match name.split_once(": ") {
        Some(("keycap", key)) => match key {
            "#" => "keycap number sign".to_owned(),
            "*" => "keycap asterisk".to_owned(),
            digits => format!("keycap {digits}"),
        },
        Some((whole, parts)) if is_made_of(whole) => format!("{whole} of {}", listed(parts)),
        Some((person, "bald")) => format!("bald {person}"),
        Some((person, feature)) => format!("{person} with {}", listed(feature)),
        None => name,
    };
    plain.replace('’', "'").replace(['“', '”', '(', ')', '!'], "").replace('&', "and")
}

/// Whether the words after the colon are joined by `of` and not by `with`.
fn is_made_of(whole: &str) -> bool {
    matches!(whole, "flag" | "family" | "kiss" | "couple with heart")
}

/// `a, b, c` as `a, b and c`.
fn listed(parts: &str) -> String {
    match parts.rsplit_once(", ") {
        Some((most, last)) => format!("{most} and {last}"),
        None => parts.to_owned(),
    }
}
