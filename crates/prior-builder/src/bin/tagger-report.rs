//! Measures taggers and lemmatizer against gold tags (CoNLL-U with Penn tags in XPOS).

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use codebook_prior::{Lemmas, Tag, Tagger, WordNetTagger, noun_lemma};
#[cfg(feature = "statistical")]
use prior_builder::StatisticalTagger;
use prior_builder::{BuildError, read_lemmas};
use vq_file::FileError;

/// Accuracy, precision, recall and F1 of the taggers; accuracy of the lemmatizer on gold nouns.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// A CoNLL-U file with Penn tags in its fifth column.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// WordNet's folder, instead of the embedded words.
    #[arg(long, value_name = "DIR")]
    wordnet: Option<PathBuf>,
    /// How many of the most frequent mistakes to print.
    #[arg(long, value_name = "N", default_value_t = 0)]
    mistakes: usize,
    /// Reads only every other sentence: 0 for those of even index, 1 for odd.
    #[arg(long, value_name = "0|1")]
    half: Option<usize>,
}

/// A word with its gold annotation.
struct Gold {
    form: String,
    lemma: String,
    penn: String,
}

fn main() -> ExitCode {
    match report(&Arguments::parse(), &mut std::io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // A closed stderr is not an error.
            let _ = writeln!(std::io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn report(arguments: &Arguments, out: &mut dyn Write) -> Result<(), BuildError> {
    let lemmas = match &arguments.wordnet {
        Some(folder) => read_lemmas(folder)?,
        None => Lemmas::embedded()?,
    };
    let mut sentences = read(&arguments.file)?;
    if let Some(half) = arguments.half {
        sentences = sentences.into_iter().skip(half).step_by(2).collect();
    }
    let mut taggers: Vec<Box<dyn Tagger>> = vec![Box::new(WordNetTagger::new(lemmas.clone())?)];
    #[cfg(feature = "statistical")]
    taggers.push(Box::new(StatisticalTagger::new(lemmas.clone())?));
    for tagger in &taggers {
        measure(tagger.as_ref(), &sentences, arguments.mistakes, out).map_err(stdout_error())?;
    }
    Ok(lemmatizer(&lemmas, &sentences, arguments.mistakes, out).map_err(stdout_error())?)
}

fn stdout_error() -> impl FnOnce(std::io::Error) -> FileError {
    FileError::io("print", Path::new("stdout"))
}

/// The sentences of a CoNLL-U file, without empty nodes and multiword tokens.
fn read(path: &Path) -> Result<Vec<Vec<Gold>>, BuildError> {
    let text = std::fs::read_to_string(path).map_err(FileError::io("read", path))?;
    let mut sentences = vec![Vec::new()];
    for (at, line) in text.lines().enumerate() {
        if line.is_empty() {
            sentences.push(Vec::new());
        }
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let fields: Vec<_> = line.split('\t').collect();
        let [id, form, lemma, _, penn, ..] = *fields else {
            let got = line.to_owned();
            return Err(BuildError::Line { path: path.to_owned(), line: at + 1, expected: "ten columns", got });
        };
        if id.bytes().all(|byte| byte.is_ascii_digit())
            && let Some(sentence) = sentences.last_mut()
        {
            sentence.push(Gold { form: form.to_owned(), lemma: lemma.to_owned(), penn: penn.to_owned() });
        }
    }
    sentences.retain(|sentence| !sentence.is_empty());
    Ok(sentences)
}

#[derive(Default)]
struct Score {
    hits: usize,
    found: usize,
    gold: usize,
}

impl Score {
    fn add(&mut self, found: bool, gold: bool) {
        self.found += usize::from(found);
        self.gold += usize::from(gold);
        self.hits += usize::from(found && gold);
    }

    fn line(&self) -> String {
        let precision = self.hits as f64 / self.found.max(1) as f64;
        let recall = self.hits as f64 / self.gold.max(1) as f64;
        let f1 = 2.0 * self.hits as f64 / (self.found + self.gold).max(1) as f64;
        format!("precision {precision:.4}  recall {recall:.4}  F1 {f1:.4}  ({} gold)", self.gold)
    }
}

fn measure(tagger: &dyn Tagger, sentences: &[Vec<Gold>], mistakes: usize, out: &mut dyn Write) -> std::io::Result<()> {
    let (mut adjectives, mut base, mut nouns) = (Score::default(), Score::default(), Score::default());
    let (mut right, mut all) = (0, 0);
    let mut confusions: BTreeMap<String, usize> = BTreeMap::new();
    let mut tags = Vec::new();
    let start = Instant::now();
    for sentence in sentences {
        let words: Vec<_> = sentence.iter().map(|gold| gold.form.as_str()).collect();
        tagger.tag(&words, &mut tags);
        for (gold, tag) in sentence.iter().zip(&tags) {
            all += 1;
            let expected = Tag::from_penn(&gold.penn);
            right += usize::from(expected == Some(*tag));
            adjectives.add(tag.is_adjective(), gold.penn.starts_with("JJ"));
            base.add(*tag == Tag::Adjective, gold.penn == "JJ");
            nouns.add(tag.is_noun(), gold.penn.starts_with("NN"));
            if tag.is_adjective() != gold.penn.starts_with("JJ") || tag.is_noun() != gold.penn.starts_with("NN") {
                *confusions.entry(format!("{} -> {}: {}", gold.penn, tag.penn(), gold.form)).or_default() += 1;
                *confusions.entry(format!("{} -> {}", gold.penn, tag.penn())).or_default() += 1;
            }
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    writeln!(out, "{}", tagger.name())?;
    writeln!(
        out,
        "  accuracy of tags {:.4} ({right} of {all} tokens, {seconds:.3} s)",
        right as f64 / all.max(1) as f64
    )?;
    writeln!(out, "  adjectives JJ*   {}", adjectives.line())?;
    writeln!(out, "  of these JJ      {}", base.line())?;
    writeln!(out, "  nouns NN*        {}", nouns.line())?;
    let mut confusions: Vec<_> = confusions.into_iter().collect();
    confusions.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    for (what, count) in confusions.iter().take(mistakes) {
        writeln!(out, "  {count:5} {what}")?;
    }
    Ok(())
}

fn lemmatizer(lemmas: &Lemmas, sentences: &[Vec<Gold>], mistakes: usize, out: &mut dyn Write) -> std::io::Result<()> {
    for (title, kinds) in [("common nouns NN NNS", &["NN", "NNS"][..]), ("all nouns", &["NN", "NNS", "NNP", "NNPS"])] {
        let (mut right, mut all) = (0, 0);
        let mut wrong: BTreeMap<String, usize> = BTreeMap::new();
        for gold in sentences.iter().flatten().filter(|gold| kinds.contains(&gold.penn.as_str())) {
            let Some(tag) = Tag::from_penn(&gold.penn) else { continue };
            let lemma = noun_lemma(lemmas, &gold.form.to_lowercase(), tag);
            all += 1;
            if lemma == gold.lemma.to_lowercase() {
                right += 1;
            } else {
                *wrong.entry(format!("{} {}: {lemma}, gold {}", gold.penn, gold.form, gold.lemma)).or_default() += 1;
            }
        }
        writeln!(out, "lemmatizer, {title}: {:.4} ({right} of {all})", right as f64 / all.max(1) as f64)?;
        let mut wrong: Vec<_> = wrong.into_iter().collect();
        wrong.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        for (what, count) in wrong.iter().take(mistakes) {
            writeln!(out, "  {count:5} {what}")?;
        }
    }
    Ok(())
}
