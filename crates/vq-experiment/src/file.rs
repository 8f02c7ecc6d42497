//! Experiments in TOML files, with overrides, and errors that name the key.

use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;
use toml::{Table, Value};
use vq_file::{FileError, TensorFile};
use vq_run::checkpoint_path;

use crate::renames::modernize_over;
use crate::{ConfigError, Experiment, GeneratorExperiment, SceneClassifierExperiment, modernize_json};

/// A TOML file and the overrides of the command line.
///
/// A file may name another as its `base`, relative to itself: its own keys override those of the base.
/// A table that names another `kind` than the one below it replaces that table whole.
/// If a run starts from a trained tokenizer (`start.run`), the experiment of that tokenizer is the base of all, without
/// its captions.
#[derive(Debug, Clone)]
pub struct ExperimentFile {
    /// The file.
    pub path: PathBuf,
    /// Overrides `dotted.key=value`, the value in TOML; a bare word is a string.
    pub overrides: Vec<String>,
}

/// An experiment that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded<E> {
    /// The experiment.
    pub experiment: E,
    /// A note for each key that has a new name.
    pub notes: Vec<String>,
}

/// The largest number of bases below one another.
const MAX_BASES: usize = 8;

impl ExperimentFile {
    /// Reads and merges the experiment of a tokenizer.
    ///
    /// # Errors
    /// [`ConfigError::File`] if a file cannot be read, [`ConfigError::Config`] if it is not TOML, or a key is unknown
    /// or of the wrong type; the message names the file, the key and, for an unknown one, the nearest known key.
    pub fn load(&self) -> Result<Loaded<Experiment>, ConfigError> {
        let mut merged = merged(&self.path, &self.overrides)?;
        if let Some(Value::String(run)) = merged.table.get("start").and_then(|start| start.get("run")) {
            let mut whole = experiment_below(Path::new(run))?;
            lay_over(&mut whole, merged.table);
            merged.table = whole;
        }
        merged.read(self.name())
    }

    /// Reads and merges the experiment of a generator.
    ///
    /// # Errors
    /// Those of [`ExperimentFile::load`].
    pub fn load_generator(&self) -> Result<Loaded<GeneratorExperiment>, ConfigError> {
        merged(&self.path, &self.overrides)?.read(self.name())
    }

    /// Reads and merges the experiment of a scene classifier.
    ///
    /// # Errors
    /// Those of [`ExperimentFile::load`].
    pub fn load_scene_classifier(&self) -> Result<Loaded<SceneClassifierExperiment>, ConfigError> {
        merged(&self.path, &self.overrides)?.read(self.name())
    }

    /// The file and its overrides, for errors.
    fn name(&self) -> String {
        match self.overrides.len() {
            0 => self.path.display().to_string(),
            _ => format!("{} with --set {}", self.path.display(), self.overrides.join(" --set ")),
        }
    }
}

/// A configuration that is not an experiment, with bases and overrides as an [`ExperimentFile`] has them.
///
/// # Errors
/// Those of [`ExperimentFile::load`].
pub fn load_config<T: DeserializeOwned>(path: &Path, overrides: &[String]) -> Result<Loaded<T>, ConfigError> {
    let file = ExperimentFile { path: path.to_path_buf(), overrides: overrides.to_vec() };
    merged(path, overrides)?.read(file.name())
}

/// A configuration with overrides `dotted.key=value`; `what` names it in errors.
///
/// # Errors
/// [`ConfigError::Config`] if an override has another form, or its key is unknown or of the wrong type.
pub fn overridden<T: Serialize + DeserializeOwned>(
    config: &T,
    overrides: &[String],
    what: &str,
) -> Result<T, ConfigError> {
    let failed = |error: toml::ser::Error| ConfigError::Config { file: what.to_owned(), message: error.to_string() };
    let mut table = Table::try_from(config).map_err(failed)?;
    for text in overrides {
        lay_over(&mut table, parse_override(text)?);
    }
    Ok(Merged { table, notes: Vec::new() }.read(what.to_owned())?.experiment)
}

/// The text of a `config.toml`.
///
/// # Errors
/// [`ConfigError::Config`] if the configuration cannot be written in TOML.
pub fn to_toml(config: &impl Serialize) -> Result<String, ConfigError> {
    toml::to_string(config)
        .map_err(|error| ConfigError::Config { file: "config.toml".into(), message: error.to_string() })
}

/// The experiment of a checkpoint's header, as JSON, with the keys of this version.
///
/// # Errors
/// [`ConfigError::File`] if the checkpoint cannot be read or has no experiment; those of [`modernize_json`].
pub fn checkpoint_experiment(file: &TensorFile) -> Result<serde_json::Value, ConfigError> {
    let refuse = |got: String| file.error("a header with an experiment", got);
    let header = file.entry("header").ok_or_else(|| refuse("none".into()))?;
    let mut header: serde_json::Value = serde_json::from_str(header).map_err(|error| refuse(error.to_string()))?;
    let mut experiment =
        header.get_mut("experiment").map(serde_json::Value::take).ok_or_else(|| refuse("none".into()))?;
    modernize_json(&mut experiment, file.name())?;
    Ok(experiment)
}

/// Tables of a file, its bases and overrides, merged.
struct Merged {
    table: Table,
    notes: Vec<String>,
}

impl Merged {
    /// Lays a table over this one, under the present names of its keys.
    fn add(&mut self, mut above: Table, file: &str) -> Result<(), ConfigError> {
        self.notes.extend(modernize_over(&mut above, &self.table, file)?);
        lay_over(&mut self.table, above);
        Ok(())
    }

    fn read<T: DeserializeOwned>(self, file: String) -> Result<Loaded<T>, ConfigError> {
        let read = serde_path_to_error::deserialize(self.table).map_err(|error| {
            let path = error.path().to_string();
            ConfigError::Config { file, message: explain(&path, error.into_inner().message()) }
        });
        Ok(Loaded { experiment: read?, notes: self.notes })
    }
}

/// A file over its bases, and overrides over all.
fn merged(path: &Path, overrides: &[String]) -> Result<Merged, ConfigError> {
    let mut merged = Merged { table: Table::new(), notes: Vec::new() };
    add_with_bases(&mut merged, path, MAX_BASES)?;
    for text in overrides {
        merged.add(parse_override(text)?, &format!("--set {text}"))?;
    }
    Ok(merged)
}

fn add_with_bases(merged: &mut Merged, path: &Path, depth: usize) -> Result<(), ConfigError> {
    let file = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(FileError::io("read config", path))?;
    let refuse = |message: String| ConfigError::Config { file: file.clone(), message };
    let mut table: Table = text.parse().map_err(|error: toml::de::Error| refuse(error.to_string()))?;
    match table.remove("base") {
        None => {}
        Some(Value::String(_)) if depth == 0 => {
            return Err(refuse(format!("`base`: expected at most {MAX_BASES} files below one another, got more")));
        }
        Some(Value::String(base)) => {
            add_with_bases(merged, &path.parent().unwrap_or(Path::new("")).join(base), depth - 1)?;
        }
        Some(other) => return Err(refuse(format!("`base`: expected a path as a string, got {other}"))),
    }
    merged.add(table, &file)
}

/// The experiment of the trained tokenizer that a run starts from, without its captions and its own start.
fn experiment_below(run: &Path) -> Result<Table, ConfigError> {
    let file = TensorFile::read("checkpoint", &checkpoint_path(run))?;
    let refuse = |message: String| ConfigError::Config { file: file.name().to_owned(), message };
    let experiment: Experiment =
        serde_json::from_value(checkpoint_experiment(&file)?).map_err(|error| refuse(error.to_string()))?;
    let experiment = Experiment { captions: None, start: None, ..experiment };
    Table::try_from(experiment).map_err(|error| refuse(error.to_string()))
}

/// `a.b=1` as `{ a = { b = 1 } }`.
fn parse_override(text: &str) -> Result<Table, ConfigError> {
    let refuse = |got: &str| ConfigError::Config {
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
