use serde::{Deserialize, Serialize};

/// How words and edges of a prior are chosen from WordNet and the emoji names; see [`build`](crate::build()).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Recipe {
    /// A, the adjectives to choose; the paper's 1949 by default (VQCT section 4.1).
    pub adjectives: usize,
    /// N, the nouns to choose; the paper's 4258 by default (VQCT section 4.1).
    pub nouns: usize,
    /// The fewest letters of a word.
    pub min_letters: usize,
    /// Lexicographer files of WordNet whose words can be seen, or say how a thing looks.
    ///
    /// Animals, artifacts, body parts, food, natural objects, plants, substances, shapes and persons are things to point
    /// at. `noun.phenomenon` has fire, snow, light and clouds, and few others; `noun.Tops` has the heads of these files
    /// themselves (animal, plant, person, food). Places (`noun.location`) are left out: most are names or relations
    /// (side, area, top), and what can be seen of them (street, garden, beach) is an artifact or object already. Of adjectives, those that only relate (`adj.pert`: medical, parliamentary) are
    /// left out.
    pub visual_files: Vec<String>,
    /// The least share of a word's tagged occurrences that must be senses of these files.
    pub visual_share: f64,
    /// The least share of an adjective's pairs that must be with nouns that can be seen.
    pub adjective_visual_share: f64,
    /// The least share of a reading (adjective or noun) for the chunker to consider it.
    pub minor_reading: f64,
    /// How often an emoji name counts, where a gloss counts once: a name captions a picture, a gloss may not.
    pub emoji_weight: u64,
    /// Words that end a phrase although WordNet has them as nouns or adjectives: `the`, `being`, `having`.
    pub function_words: Vec<String>,
    /// Adjectives never chosen: they say how much or which, not how a thing looks.
    pub stop_adjectives: Vec<String>,
    /// Nouns never chosen: words of definitions rather than things.
    pub stop_nouns: Vec<String>,
}

impl Default for Recipe {
    fn default() -> Self {
        let files = [
            "adj.all",
            "adj.ppl",
            "noun.Tops",
            "noun.animal",
            "noun.artifact",
            "noun.body",
            "noun.food",
            "noun.object",
            "noun.person",
            "noun.phenomenon",
            "noun.plant",
            "noun.shape",
            "noun.substance",
        ];
        Self {
            adjectives: 1949,
            nouns: 4258,
            min_letters: 3,
            visual_files: files.map(str::to_owned).into(),
            visual_share: 0.5,
            adjective_visual_share: 0.4,
            minor_reading: 0.2,
            emoji_weight: 8,
            function_words: word_list(include_str!("../assets/function-words.txt")),
            stop_adjectives: word_list(include_str!("../assets/stop-adjectives.txt")),
            stop_nouns: word_list(include_str!("../assets/stop-nouns.txt")),
        }
    }
}

/// The words of a list: separated by white space; `#` starts a comment.
fn word_list(text: &str) -> Vec<String> {
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default());
    lines.flat_map(str::split_whitespace).map(str::to_owned).collect()
}
