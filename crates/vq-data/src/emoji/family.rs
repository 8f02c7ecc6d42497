//! Families of emoji.

/// The family of an emoji: the part of its Unicode name that all its variants have in common.
///
/// A split by family keeps images that differ only in a detail on one side.
/// Each flag is a family, except for a few flags that hardly differ.
/// From every other name, in lower case, these words are removed, as long as a word is left:
///
/// * all words after a colon: skin, hair, members of a family, the key of a keycap;
/// * person, man, woman and their plurals;
/// * directions, colours, sizes, phases, podium ranks.
///
/// Variants that no rule finds are listed by hand.
///
/// ```
/// use vq_data::family_of;
///
/// assert_eq!(family_of("woman running: dark skin tone"), "running");
/// assert_eq!(family_of("man running facing right"), "running");
/// assert_eq!(family_of("person: red hair"), family_of("man"));
/// assert_eq!(family_of("keycap: 3"), "keycap");
/// assert_eq!(family_of("flag: France"), "flag: france");
/// assert_eq!(family_of("orange heart"), family_of("light blue heart"));
/// assert_eq!(family_of("up-right arrow"), "arrow");
/// ```
#[must_use]
pub fn family_of(name: &str) -> String {
    let name = name.to_lowercase();
    if let Some(alias) = ALIASES.iter().find(|alias| alias.names.contains(&&*name)) {
        return alias.family.to_owned();
    }
    if name.starts_with("flag: ") {
        return name;
    }
    let base = name.split(": ").next().unwrap_or(&name);
    let base = base.strip_prefix("light ").filter(|rest| rest.starts_with("blue ")).unwrap_or(base);
    if base.ends_with("-thirty") || base.ends_with(" o’clock") {
        return "clock face".to_owned();
    }
    let (base, dropped): (&str, &[&[&str]]) = if base.ends_with(" moon") {
        ("moon", &[])
    } else if base.ends_with(" moon face") {
        ("moon face", &[])
    } else if let Some(alias) = ALIASES.iter().find(|alias| alias.names.contains(&base)) {
        (alias.family, &[])
    } else {
        (base, &[PEOPLE, FACING, VARIANTS])
    };
    let mut words: Vec<&str> = base.split(' ').collect();
    for list in dropped {
        let mut left = words.clone();
        left.retain(|word| !list.contains(word) && !is_direction(word));
        if !left.is_empty() {
            words = left;
        }
    }
    words.join(" ")
}

/// `up`, `down-left` and the like.
fn is_direction(word: &str) -> bool {
    word.split('-').all(|part| ["up", "down", "left", "right"].contains(&part))
}

const PEOPLE: &[&str] = &["person", "people", "man", "men", "woman", "women", "men’s", "women’s"];

const FACING: &[&str] = &["facing", "left-facing", "right-facing", "leftwards", "rightwards", "upwards", "downwards"];

const VARIANTS: &[&str] = &[
    // Colours.
    "red",
    "orange",
    "yellow",
    "green",
    "blue",
    "purple",
    "brown",
    "black",
    "white",
    "pink",
    "grey",
    // Sizes and amounts.
    "small",
    "medium",
    "large",
    "medium-small",
    "low",
    // Phases.
    "open",
    "closed",
    "raised",
    "lowered",
    // Podium.
    "1st",
    "2nd",
    "3rd",
];

/// Variants that no rule finds.
struct Alias {
    family: &'static str,
    names: &'static [&'static str],
}

const ALIASES: &[Alias] = &[
    Alias { family: "person", names: &["person", "man", "woman"] },
    Alias { family: "child", names: &["child", "boy", "girl"] },
    Alias { family: "old person", names: &["older person", "old man", "old woman"] },
    Alias { family: "holding hands", names: &["woman and man holding hands"] },
    Alias { family: "royalty", names: &["person with crown", "prince", "princess"] },
    Alias { family: "claus", names: &["santa claus", "mrs. claus", "mx claus"] },
    Alias { family: "merperson", names: &["merperson", "merman", "mermaid"] },
    Alias { family: "feeding baby", names: &["breast-feeding"] },
    Alias { family: "bust in silhouette", names: &["busts in silhouette"] },
    Alias { family: "musical note", names: &["musical notes"] },
    Alias { family: "speaker volume", names: &["muted speaker", "speaker high volume"] },
    Alias { family: "kissing face", names: &["kissing face with closed eyes", "kissing face with smiling eyes"] },
    Alias { family: "lock", names: &["locked", "unlocked", "locked with pen", "locked with key"] },
    Alias { family: "arithmetic sign", names: &["plus", "minus", "divide", "multiply", "heavy equals sign"] },
    Alias { family: "six-pointed star", names: &["star of david", "dotted six-pointed star"] },
    Alias { family: "flag: romania", names: &["flag: chad"] },
    Alias { family: "flag: indonesia", names: &["flag: monaco"] },
    Alias { family: "flag: palestinian territories", names: &["flag: western sahara"] },
    Alias { family: "flag: honduras", names: &["flag: nicaragua", "flag: el salvador"] },
];
