//! Nouns and adjectives of WordNet.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use codebook_prior::{Morphy, PartOfSpeech, Source, Spelling, WordClass};

use crate::error::BuildError;
use crate::text_file::TextFile;
use crate::wordnet_lines::{read_exceptions, records};

/// Lexicographer files by number (lexnames(5WN)).
#[rustfmt::skip]
pub(crate) const LEXICOGRAPHER_FILES: [&str; 45] = [
    "adj.all", "adj.pert", "adv.all", "noun.Tops", "noun.act",
    "noun.animal", "noun.artifact", "noun.attribute", "noun.body", "noun.cognition",
    "noun.communication", "noun.event", "noun.feeling", "noun.food", "noun.group",
    "noun.location", "noun.motive", "noun.object", "noun.person", "noun.phenomenon",
    "noun.plant", "noun.possession", "noun.process", "noun.quantity", "noun.relation",
    "noun.shape", "noun.state", "noun.substance", "noun.time", "verb.body",
    "verb.change", "verb.cognition", "verb.communication", "verb.competition", "verb.consumption",
    "verb.contact", "verb.creation", "verb.emotion", "verb.motion", "verb.perception",
    "verb.possession", "verb.social", "verb.stative", "verb.weather", "adj.ppl",
];

/// The nouns and adjectives of WordNet 3.0 with their senses.
#[derive(Debug, Clone)]
pub struct WordNet {
    /// The nouns.
    pub nouns: Dictionary,
    /// The adjectives.
    pub adjectives: Dictionary,
    /// The files that were read.
    pub sources: Vec<Source>,
}

/// The words of one part of speech.
#[derive(Debug, Clone)]
pub struct Dictionary {
    /// The senses of each word, most frequent first.
    ///
    /// Words are in lower case; compounds have `_` for the space.
    pub senses: BTreeMap<String, Vec<Sense>>,
    /// The lemmatizer over these words.
    pub morphy: Morphy,
}

/// One meaning of a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sense {
    /// The lexicographer file: `noun.animal`, `adj.all`.
    pub file: &'static str,
    /// How often the sense was tagged in WordNet's concordance texts (cntlist(5WN)).
    pub count: u64,
    /// Whether the synset has the word in lower case or as a name.
    pub spelling: Spelling,
}

impl WordNet {
    /// Reads `index.*`, `data.*`, `*.exc` and `cntlist.rev` of WordNet's folder (formats: wndb(5WN), cntlist(5WN)).
    ///
    /// # Errors
    /// [`BuildError::File`] for a missing file, [`BuildError::Line`] for a line of another format.
    pub fn open(folder: &Path) -> Result<Self, BuildError> {
        let read = |name: &str| TextFile::read(folder.join(name));
        let counts_file = read("cntlist.rev")?;
        let counts = read_counts(&counts_file)?;
        let data_noun = read("data.noun")?;
        let work = work(&data_noun);
        let mut sources = vec![counts_file.source(&work)];
        let mut note = |file: &TextFile| sources.push(file.source(&work));

        let nouns = read_synsets(&data_noun)?;
        let (index, exceptions) = (read("index.noun")?, read("noun.exc")?);
        [&data_noun, &index, &exceptions].into_iter().for_each(&mut note);
        let nouns = dictionary(PartOfSpeech::Noun, &index, &exceptions, &nouns, &counts)?;

        let data = read("data.adj")?;
        let adjectives = read_synsets(&data)?;
        let (index, exceptions) = (read("index.adj")?, read("adj.exc")?);
        [&data, &index, &exceptions].into_iter().for_each(&mut note);
        let adjectives = dictionary(PartOfSpeech::Adjective, &index, &exceptions, &adjectives, &counts)?;

        Ok(Self { nouns, adjectives, sources })
    }
}

impl Dictionary {
    /// How often a word was tagged, over all its senses; 0 for an unknown word.
    pub fn count(&self, word: &str) -> u64 {
        self.senses.get(word).into_iter().flatten().map(|sense| sense.count).sum()
    }
}

/// `WordNet 3.0`, from the licence at the start of each data file.
fn work(data: &TextFile) -> String {
    let mut lines = data.text.lines().take_while(|line| line.starts_with("  "));
    let version = lines.find_map(|line| {
        let (_, rest) = line.split_once("WordNet ")?;
        rest.split(' ').next().filter(|version| version.starts_with(|c: char| c.is_ascii_digit()))
    });
    format!("WordNet {}", version.unwrap_or("of unknown version"))
}

/// A line of `data.*` without its pointers.
struct Synset {
    file: &'static str,
    words: Vec<String>,
}

/// Part of speech, word, and number of the sense.
type SenseKey = (PartOfSpeech, String, u32);

fn read_counts(file: &TextFile) -> Result<HashMap<SenseKey, u64>, BuildError> {
    let mut counts = HashMap::new();
    for (at, line) in file.text.lines().enumerate() {
        let parse = || {
            let [key, sense, count] = *line.split(' ').collect::<Vec<_>>() else { return None };
            let (lemma, rest) = key.split_once('%')?;
            let kind = rest.split(':').next()?;
            Some((lemma, kind, sense.parse().ok()?, count.parse().ok()?))
        };
        let Some((lemma, kind, sense, count)) = parse() else {
            return Err(file.line_error(at + 1, "`sense_key sense_number count`", line));
        };
        let part = match kind {
            "1" => PartOfSpeech::Noun,
            "3" | "5" => PartOfSpeech::Adjective,
            _ => continue, // verbs and adverbs
        };
        counts.insert((part, lemma.to_owned(), sense), count);
    }
    Ok(counts)
}

fn read_synsets(file: &TextFile) -> Result<HashMap<u32, Synset>, BuildError> {
    let mut synsets = HashMap::new();
    for (at, line) in records(file) {
        let parse = || {
            let (fields, _gloss) = line.split_once(" | ")?;
            let mut fields = fields.split(' ');
            let offset: u32 = fields.next()?.parse().ok()?;
            let number: usize = fields.next()?.parse().ok()?;
            let _kind = fields.next()?;
            let len = usize::from_str_radix(fields.next()?, 16).ok()?;
            let words: Vec<String> = fields.step_by(2).take(len).map(str::to_owned).collect();
            let lexicographer = LEXICOGRAPHER_FILES.get(number).copied()?;
            (words.len() == len).then_some((offset, Synset { file: lexicographer, words }))
        };
        let Some((offset, synset)) = parse() else {
            return Err(file.line_error(at, "`offset file type count (word id).. | gloss`", line));
        };
        synsets.insert(offset, synset);
    }
    Ok(synsets)
}

fn dictionary(
    part: PartOfSpeech,
    index: &TextFile,
    exceptions: &TextFile,
    synsets: &HashMap<u32, Synset>,
    counts: &HashMap<SenseKey, u64>,
) -> Result<Dictionary, BuildError> {
    let mut senses = BTreeMap::new();
    for (at, line) in records(index) {
        let mut fields = line.split_whitespace();
        let parsed = fields.next().zip(fields.nth(1).and_then(|len| len.parse::<usize>().ok()));
        let Some((lemma, len)) = parsed else {
            return Err(index.line_error(at, "`lemma type count .. offsets`", line));
        };
        let fields: Vec<_> = fields.collect();
        let offsets = fields.len().checked_sub(len).map(|start| &fields[start..]).unwrap_or_default();
        let found: Option<Vec<Sense>> = offsets
            .iter()
            .zip(1..)
            .map(|(offset, number)| {
                let synset = synsets.get(&offset.parse().ok()?)?;
                let count = counts.get(&(part, lemma.to_owned(), number)).copied().unwrap_or(0);
                Some(Sense { file: synset.file, count, spelling: spelling(synset, lemma) })
            })
            .collect();
        match found {
            Some(found) if found.len() == len && len > 0 => senses.insert(lemma.to_owned(), found),
            _ => return Err(index.line_error(at, "offsets of the data file", line)),
        };
    }
    let totals = senses
        .iter()
        .map(|(lemma, senses): (&String, &Vec<Sense>)| (lemma.clone(), senses.iter().map(|sense| sense.count).sum()));
    let class = match part {
        PartOfSpeech::Noun => WordClass::Noun,
        PartOfSpeech::Adjective => WordClass::Adjective,
    };
    let morphy = Morphy::new(class, read_exceptions(exceptions)?, totals);
    Ok(Dictionary { senses, morphy })
}

/// `Common` if a form of the synset equals the lemma of the index, which is in lower case.
fn spelling(synset: &Synset, lemma: &str) -> Spelling {
    // Adjectives may have a syntactic marker: `awake(p)`.
    let mut forms = synset.words.iter().map(|word| word.split('(').next().unwrap_or(word));
    if forms.any(|form| form == lemma) { Spelling::Common } else { Spelling::Proper }
}
