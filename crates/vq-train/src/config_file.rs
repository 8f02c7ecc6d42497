//! Reading an experiment from TOML, with overrides, and errors that name the key.

use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;
use toml::{Table, Value};

use crate::{Experiment, GeneratorExperiment, Learn, StartConfig, TrainError, Weights};

/// A TOML file and the overrides of the command line.
///
/// A file may name another as its `base`, relative to itself: its own keys are laid over those of the base.
/// A table that names another `kind` than the one below it replaces that table whole.
/// Where a run begins with a trained tokenizer (`start.run`), the experiment of that tokenizer lies below all, without
/// its captions.
#[derive(Debug, Clone)]
pub struct ExperimentFile {
    /// The file.
    pub path: PathBuf,
    /// Overrides `dotted.key=value`, the value in TOML; a bare word is taken as a string.
    pub overrides: Vec<String>,
}

/// Deeper than this, bases are taken for a circle.
const MAX_BASES: usize = 8;

impl ExperimentFile {
    /// Reads, merges and checks.
    ///
    /// # Errors
    /// [`TrainError::Io`] if a file cannot be read, [`TrainError::Config`] if it is not TOML, or a key is unknown or of
    /// the wrong type; the message names the file, the key and, for an unknown one, the nearest that is known.
    pub fn load(&self) -> Result<Experiment, TrainError> {
        let mut table = merged(&self.path, &self.overrides)?;
        if let Some(Value::String(run)) = table.get("start").and_then(|start| start.get("run")) {
            let mut whole = experiment_of(Path::new(run))?;
            lay_over(&mut whole, table);
            table = whole;
        }
        read(table, named(&self.path, &self.overrides))
    }

    /// Reads and merges the experiment of a generator.
    ///
    /// # Errors
    /// Those of [`ExperimentFile::load`].
    pub fn load_generator(&self) -> Result<GeneratorExperiment, TrainError> {
        load_config(&self.path, &self.overrides)
    }
}

/// A configuration that is no experiment, with bases and overrides as an [`ExperimentFile`] has them.
///
/// # Errors
/// Those of [`ExperimentFile::load`].
pub fn load_config<T: DeserializeOwned>(path: &Path, overrides: &[String]) -> Result<T, TrainError> {
    read(merged(path, overrides)?, named(path, overrides))
}

/// A file laid over its bases, and overrides over all.
fn merged(path: &Path, overrides: &[String]) -> Result<Table, TrainError> {
    let mut table = read_with_bases(path, MAX_BASES)?;
    for text in overrides {
        lay_over(&mut table, parse_override(text)?);
    }
    Ok(table)
}

/// What is read, for errors.
fn named(path: &Path, overrides: &[String]) -> String {
    match overrides.len() {
        0 => path.display().to_string(),
        _ => format!("{} with --set {}", path.display(), overrides.join(" --set ")),
    }
}

/// A configuration with overrides `dotted.key=value` laid over it, as an [`ExperimentFile`] takes them; `what` names it in
/// errors.
///
/// # Errors
/// [`TrainError::Config`] if an override is none, or its key is unknown or of the wrong type.
pub fn overridden<T: Serialize + DeserializeOwned>(
    config: &T,
    overrides: &[String],
    what: &str,
) -> Result<T, TrainError> {
    let failed = |error: toml::ser::Error| TrainError::Config { file: what.to_owned(), message: error.to_string() };
    let mut table = Table::try_from(config).map_err(failed)?;
    for text in overrides {
        lay_over(&mut table, parse_override(text)?);
    }
    read(table, what.to_owned())
}

fn read<T: DeserializeOwned>(table: Table, file: String) -> Result<T, TrainError> {
    serde_path_to_error::deserialize(table).map_err(|error| {
        let path = error.path().to_string();
        TrainError::Config { file, message: explain(&path, error.into_inner().message()) }
    })
}

fn read_with_bases(path: &Path, depth: usize) -> Result<Table, TrainError> {
    let text = std::fs::read_to_string(path).map_err(TrainError::io("read config", path))?;
    let config_error = |message: String| TrainError::Config { file: path.display().to_string(), message };
    let mut table: Table = text.parse().map_err(|error: toml::de::Error| config_error(error.to_string()))?;
    let Some(base) = table.remove("base") else {
        return Ok(table);
    };
    let Value::String(base) = base else {
        return Err(config_error(format!("`base`: expected a path as a string, got {base}")));
    };
    if depth == 0 {
        return Err(config_error(format!("`base`: expected at most {MAX_BASES} files below one another, got more")));
    }
    let base = path.parent().unwrap_or(Path::new("")).join(base);
    let mut below = read_with_bases(&base, depth - 1)?;
    lay_over(&mut below, table);
    Ok(below)
}

/// The experiment of a trained tokenizer, as a table.
fn experiment_of(run: &Path) -> Result<Table, TrainError> {
    let start = StartConfig { run: run.to_path_buf(), weights: Weights::default(), learn: Learn::default() };
    let experiment = Experiment { captions: None, start: None, ..start.open()?.header().experiment.clone() };
    let table = Table::try_from(experiment);
    table.map_err(|error| TrainError::Config { file: run.display().to_string(), message: error.to_string() })
}

/// `a.b=1` as `{ a = { b = 1 } }`.
fn parse_override(text: &str) -> Result<Table, TrainError> {
    let refuse = |got: &str| TrainError::Config {
        file: format!("--set {text}"),
        message: format!("expected `dotted.key=value`, got {got}"),
    };
    let (key, value) = text.split_once('=').ok_or_else(|| refuse("no `=`"))?;
    let (key, value) = (key.trim(), value.trim());
    if key.is_empty() || key.split('.').any(str::is_empty) {
        return Err(refuse("an empty key"));
    }
    let value = match format!("value = {value}").parse::<Table>() {
        Ok(mut parsed) if parsed.len() == 1 => parsed.remove("value").unwrap_or(Value::String(value.into())),
        _ => Value::String(value.into()),
    };
    let nested = key.rsplit('.').fold(value, |inner, part| Value::Table(Table::from_iter([(part.to_owned(), inner)])));
    match nested {
        Value::Table(table) => Ok(table),
        _ => Err(refuse("an empty key")),
    }
}

fn lay_over(below: &mut Table, above: Table) {
    for (key, value) in above {
        match (below.get_mut(&key), value) {
            (Some(Value::Table(old)), Value::Table(new)) if !changes_kind(old, &new) => lay_over(old, new),
            (_, value) => {
                below.insert(key, value);
            }
        }
    }
}

fn changes_kind(below: &Table, above: &Table) -> bool {
    above.get("kind").is_some_and(|kind| below.get("kind") != Some(kind))
}

/// serde's message with the key's path, and for an unknown name the nearest of those that serde expected.
fn explain(path: &str, message: &str) -> String {
    let place = if path == "." { String::new() } else { format!("`{path}`: ") };
    let nearest = unknown_name(message).and_then(|(name, known)| {
        let distance = |candidate: &&str| strsim::damerau_levenshtein(name, candidate);
        known.into_iter().min_by_key(distance).filter(|candidate| distance(candidate) <= name.len().max(3))
    });
    match nearest {
        Some(nearest) => format!("{place}{message}; did you mean `{nearest}`?"),
        None => format!("{place}{message}"),
    }
}

/// The unknown name and the known ones of serde's ``unknown field `x`, expected one of `a`, `b` ``.
fn unknown_name(message: &str) -> Option<(&str, Vec<&str>)> {
    let rest = message.strip_prefix("unknown field ").or_else(|| message.strip_prefix("unknown variant "))?;
    let mut quoted = rest.split('`').skip(1).step_by(2);
    let name = quoted.next()?;
    Some((name, quoted.collect()))
}
