//! Sets of synonyms.

use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use crate::EvalError;

/// Sets of synonyms, by word.
#[derive(Debug, Clone, Default)]
pub struct Synonyms(HashMap<String, BTreeSet<u64>>);

impl Synonyms {
    /// Synonyms from sets of words: any two words of a set are synonyms.
    pub fn new<W: Into<String>>(sets: impl IntoIterator<Item = impl IntoIterator<Item = W>>) -> Self {
        let mut sets_of: HashMap<String, BTreeSet<u64>> = HashMap::new();
        for (number, set) in (0..).zip(sets) {
            for word in set {
                sets_of.entry(word.into()).or_default().insert(number);
            }
        }
        Self(sets_of)
    }

    /// WordNet's synsets of all parts of speech, from the folder of its `index.noun`, `index.verb`, `index.adj` and
    /// `index.adv` (wndb(5WN)). Compounds (`ice_cream`) are left out, since captions are lists of single words.
    ///
    /// # Errors
    /// [`EvalError::Synonyms`] naming the file, and the line if one is malformed.
    pub fn wordnet(folder: &Path) -> Result<Self, EvalError> {
        let mut sets_of: HashMap<String, BTreeSet<u64>> = HashMap::new();
        for (part, ending) in (0_u64..).zip(["noun", "verb", "adj", "adv"]) {
            let path = folder.join(format!("index.{ending}"));
            let fail = |got: String| EvalError::Synonyms { file: path.display().to_string(), got };
            let file = File::open(&path).map_err(|error| fail(error.to_string()))?;
            for (number, line) in (1..).zip(BufReader::new(file).lines()) {
                let line = line.map_err(|error| fail(error.to_string()))?;
                // The lines of the licence at the head begin with spaces.
                if line.starts_with(' ') || line.is_empty() {
                    continue;
                }
                let fields: Vec<&str> = line.split_whitespace().collect();
                let sets = fields.get(2).and_then(|count| count.parse::<usize>().ok());
                let offsets = sets.and_then(|sets| fields.len().checked_sub(sets)).map(|start| &fields[start..]);
                let numbers: Option<Vec<u64>> =
                    offsets.and_then(|offsets| offsets.iter().map(|offset| offset.parse().ok()).collect());
                let numbers = numbers.ok_or_else(|| fail(format!("line {number}: `{line}`")))?;
                if !fields[0].contains('_') {
                    let sets = numbers.into_iter().map(|offset| offset * 4 + part);
                    sets_of.entry(fields[0].to_owned()).or_default().extend(sets);
                }
            }
        }
        Ok(Self(sets_of))
    }

    /// Whether a set has both words.
    pub(super) fn are_synonyms(&self, one: &str, other: &str) -> bool {
        match (self.0.get(one), self.0.get(other)) {
            (Some(one), Some(other)) => !one.is_disjoint(other),
            _ => false,
        }
    }
}
