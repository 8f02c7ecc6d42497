//! Keys of earlier versions under their present names.

use serde_json::Value as Json;
use toml::{Table, Value};

use crate::ConfigError;

/// Keys that were only renamed: old path and new path.
const RENAMED: [(&str, &str); 26] = [
    ("quantizer.width", "quantizer.codebook_dim"),
    ("quantizer.nearest", "quantizer.top_k"),
    ("quantizer.moves", "quantizer.cvq"),
    ("quantizer.averages", "quantizer.ema"),
    ("quantizer.layer", "quantizer.simvq"),
    ("quantizer.transfer.vectors", "quantizer.transfer.features"),
    ("quantizer.prior.adjectives", "quantizer.prior.max_adjectives"),
    ("quantizer.prior.nouns", "quantizer.prior.max_nouns"),
    ("quantizer.prior.width", "quantizer.prior.embedding_dim"),
    ("captions.global", "captions.global_alignment"),
    ("captions.masked", "captions.masked_text"),
    ("captions.relation", "captions.relation_alignment"),
    ("captions.words", "captions.word_supervision"),
    ("captions.masked_text.least", "captions.masked_text.min_share"),
    ("captions.masked_text.most", "captions.masked_text.max_share"),
    ("captions.language.extent", "captions.language.vocabulary"),
    ("condition.language.extent", "condition.language.vocabulary"),
    ("train.ema", "train.ema_decay"),
    ("train.keep", "train.keep_checkpoints"),
    ("guards.usage.least", "guards.usage.min_share"),
    ("adversarial.learning_rate_share", "adversarial.learning_rate_factor"),
    ("schedule.final_share", "schedule.final_factor"),
    // Of a scene classifier.
    ("steps", "train.steps"),
    ("log_every", "train.log_every"),
    // Of a study.
    ("reader", "caption_decoder"),
    ("distances.judge", "distances.scene_classifier"),
];

/// Values that were renamed: path, old value, new value.
const VALUES: [(&str, &str, &str); 8] = [
    ("quantizer.kind", "nearest", "vq"),
    ("quantizer.word_groups", "all", "by-part-of-speech"),
    ("quantizer.word_groups", "adjectives", "adjectives-only"),
    ("quantizer.word_groups", "undivided", "single"),
    ("captions.language.vocabulary", "in-use", "captions"),
    ("captions.language.vocabulary", "whole", "full"),
    ("condition.language.vocabulary", "in-use", "captions"),
    ("condition.language.vocabulary", "whole", "full"),
];

/// Gives the keys of earlier versions their present names; returns a note for each.
///
/// # Errors
/// [`ConfigError::Config`] naming a key that was given under both names, or one whose new name depends on keys that are
/// not there; `file` names the configuration.
pub fn modernize(table: &mut Table, file: &str) -> Result<Vec<String>, ConfigError> {
    modernize_over(table, &Table::new(), file)
}

/// As [`modernize`], for a table that is laid over `below`: the new names of some keys depend on the kind of quantizer,
/// which `below` may have.
pub(crate) fn modernize_over(table: &mut Table, below: &Table, file: &str) -> Result<Vec<String>, ConfigError> {
    let mut renames = Renames { file, kind_below: quantizer_kind(below), notes: Vec::new() };
    for (old, new) in RENAMED {
        renames.rename(table, old, new)?;
    }
    renames.codes(table)?;
    for (path, old, new) in VALUES {
        if let Some(Value::String(value)) = get_mut(table, path)
            && value == old
        {
            *value = new.into();
            renames.notes.push(format!("`{path} = \"{old}\"` is now `\"{new}\"`"));
        }
    }
    Ok(renames.notes)
}

/// As [`modernize`], for an experiment in JSON, such as that of a checkpoint.
///
/// # Errors
/// Those of [`modernize`]; [`ConfigError::Config`] if it is not an object.
pub fn modernize_json(json: &mut Json, file: &str) -> Result<Vec<String>, ConfigError> {
    let refuse = |message: String| ConfigError::Config { file: file.to_owned(), message };
    let mut table: Table = match toml_of(json) {
        Some(Value::Table(table)) => table,
        _ => return Err(refuse("expected a table, got another value".into())),
    };
    let notes = modernize(&mut table, file)?;
    if !notes.is_empty() {
        *json = serde_json::to_value(&table).map_err(|error| refuse(error.to_string()))?;
    }
    Ok(notes)
}

/// A JSON value in TOML; a null is a key that is not there.
fn toml_of(json: &Json) -> Option<Value> {
    Some(match json {
        Json::Null => return None,
        Json::Bool(value) => Value::Boolean(*value),
        Json::Number(number) => match number.as_i64() {
            Some(whole) => Value::Integer(whole),
            None => Value::Float(number.as_f64()?),
        },
        Json::String(text) => Value::String(text.clone()),
        Json::Array(values) => Value::Array(values.iter().filter_map(toml_of).collect()),
        Json::Object(fields) => {
            Value::Table(fields.iter().filter_map(|(key, value)| Some((key.clone(), toml_of(value)?))).collect())
        }
    })
}

struct Renames<'a> {
    file: &'a str,
    /// The kind of quantizer if the table has none.
    kind_below: Option<&'a str>,
    notes: Vec<String>,
}

impl Renames<'_> {
    /// Moves the value of `old` to `new`.
    fn rename(&mut self, table: &mut Table, old: &str, new: &str) -> Result<(), ConfigError> {
        let Some(value) = remove(table, old) else { return Ok(()) };
        self.insert(table, new, value)?;
        self.notes.push(format!("`{old}` is now `{new}`"));
        Ok(())
    }

    /// The keys of a quantizer whose new name depends on its kind or on their value.
    fn codes(&mut self, table: &mut Table) -> Result<(), ConfigError> {
        match get_mut(table, "quantizer.codes") {
            Some(Value::String(_)) => self.rename(table, "quantizer.codes", "quantizer.word_groups")?,
            Some(_) => self.rename(table, "quantizer.codes", "quantizer.codebook_size")?,
            None => {}
        }
        let kind = quantizer_kind(table).or(self.kind_below).unwrap_or_default().to_owned();
        match (get_mut(table, "quantizer.nouns").cloned(), get_mut(table, "quantizer.adjectives").cloned()) {
            (Some(nouns), Some(adjectives)) => {
                remove(table, "quantizer.nouns");
                remove(table, "quantizer.adjectives");
                self.insert(table, "quantizer.codebook_sizes", Value::Array(vec![adjectives, nouns]))?;
                self.notes
                    .push("`quantizer.adjectives` and `.nouns` are now `quantizer.codebook_sizes = [A, N]`".into());
            }
            (Some(_), None) => return Err(self.ambiguous("quantizer.nouns", "quantizer.codebook_sizes = [A, N]")),
            (None, Some(_)) if kind == "vqct" => self.rename(table, "quantizer.adjectives", "quantizer.top_k")?,
            (None, Some(_)) if kind == "grouped" => {
                return Err(self.ambiguous("quantizer.adjectives", "quantizer.codebook_sizes = [A, N]"));
            }
            // Unknown to all other kinds.
            (None, Some(_)) => {}
            (None, None) => {}
        }
        match get_mut(table, "quantizer.options").is_some() {
            true if kind == "ibq" => self.rename(table, "quantizer.options", "quantizer.ibq"),
            true if kind == "lfq" => self.rename(table, "quantizer.options", "quantizer.lfq"),
            true => Err(self.ambiguous("quantizer.options", "quantizer.ibq` or `quantizer.lfq")),
            false => Ok(()),
        }
    }

    fn insert(&self, table: &mut Table, path: &str, value: Value) -> Result<(), ConfigError> {
        let (parent, key) = match path.rsplit_once('.') {
            Some((parent, key)) => (created(table, parent), key),
            None => (Some(table), path),
        };
        let parent = parent.ok_or_else(|| ConfigError::Config {
            file: self.file.to_owned(),
            message: format!("`{path}`: expected a table above the key, got another value"),
        })?;
        if parent.contains_key(key) {
            let message = format!("`{path}`: expected the key once, got it under its old name too");
            return Err(ConfigError::Config { file: self.file.to_owned(), message });
        }
        parent.insert(key.to_owned(), value);
        Ok(())
    }

    fn ambiguous(&self, old: &str, new: &str) -> ConfigError {
        let message = format!("`{old}`: expected the new name `{new}`, got the old one");
        ConfigError::Config { file: self.file.to_owned(), message }
    }
}

fn get_mut<'a>(table: &'a mut Table, path: &str) -> Option<&'a mut Value> {
    let mut parts = path.split('.');
    let first = table.get_mut(parts.next()?)?;
    parts.try_fold(first, |value, part| value.as_table_mut()?.get_mut(part))
}

/// The table at a path, which is created if it is missing; none if another value is in the way.
fn created<'a>(table: &'a mut Table, path: &str) -> Option<&'a mut Table> {
    path.split('.')
        .try_fold(table, |table, part| table.entry(part).or_insert_with(|| Value::Table(Table::new())).as_table_mut())
}

fn remove(table: &mut Table, path: &str) -> Option<Value> {
    match path.rsplit_once('.') {
        Some((parent, key)) => get_mut(table, parent)?.as_table_mut()?.remove(key),
        None => table.remove(path),
    }
}

fn quantizer_kind(table: &Table) -> Option<&str> {
    table.get("quantizer")?.get("kind")?.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(old: &str, new: &str) {
        let mut table: Table = old.parse().expect("TOML");
        let notes = modernize(&mut table, "test").expect("renamed");
        assert_eq!(table, new.parse::<Table>().expect("TOML"));
        assert_eq!(notes.is_empty(), old == new, "{notes:?}");
        let mut again = table.clone();
        assert!(modernize(&mut again, "test").expect("current").is_empty(), "{again}");
    }

    #[test]
    fn old_keys_get_their_new_names() {
        check("train.ema = 0.9", "train.ema_decay = 0.9");
        check(
            "quantizer = { kind = 'nearest', codes = 5, width = 8 }",
            "quantizer = { kind = 'vq', codebook_size = 5, codebook_dim = 8 }",
        );
        check(
            "quantizer = { kind = 'vqct', adjectives = 3, codes = 'undivided' }",
            "quantizer = { kind = 'vqct', top_k = 3, word_groups = 'single' }",
        );
        check(
            "quantizer = { kind = 'grouped', adjectives = 3, nouns = 4, nearest = 2 }",
            "quantizer = { kind = 'grouped', codebook_sizes = [3, 4], top_k = 2 }",
        );
        check(
            "quantizer = { kind = 'lfq', options = { bits = 12 } }",
            "quantizer = { kind = 'lfq', lfq = { bits = 12 } }",
        );
        check(
            "quantizer.prior = { adjectives = 3, width = 384 }",
            "quantizer.prior = { max_adjectives = 3, embedding_dim = 384 }",
        );
        check("captions.masked = { least = 0.1 }", "captions.masked_text = { min_share = 0.1 }");
        check("condition.language.extent = 'whole'", "condition.language.vocabulary = 'full'");
        check("schedule.final_share = 0.1", "schedule.final_factor = 0.1");
        check("steps = 8\nlog_every = 2", "train = { steps = 8, log_every = 2 }");
        check(
            "reader = 'a.toml'\ndistances.judge = 'b'",
            "caption_decoder = 'a.toml'\ndistances.scene_classifier = 'b'",
        );
    }

    /// `quantizer.adjectives` was the number of averaged adjectives of a kind, and the number of codes of another.
    #[test]
    fn ambiguous_old_keys_are_read_by_the_kind_below() {
        let modernized = |kind: &str, above: &str| {
            let below = format!("quantizer.kind = '{kind}'").parse().expect("TOML");
            let mut table: Table = above.parse().expect("TOML");
            modernize_over(&mut table, &below, "--set").map(|_| table)
        };
        let table = modernized("vqct", "quantizer.adjectives = 1").expect("renamed");
        assert_eq!(table, "quantizer.top_k = 1".parse().expect("TOML"));
        let table = modernized("lfq", "quantizer.options.bits = 12").expect("renamed");
        assert_eq!(table, "quantizer.lfq.bits = 12".parse().expect("TOML"));
        let error = modernized("grouped", "quantizer.adjectives = 1").expect_err("refused").to_string();
        assert!(error.contains("expected the new name `quantizer.codebook_sizes = [A, N]`"), "{error}");
    }

    #[test]
    fn current_keys_are_unchanged() {
        let current = "quantizer = { kind = 'vq', codebook_size = 5 }\ntranslator.width = 8\ncodes = 3";
        check(current, current);
    }

    #[test]
    fn key_under_both_names_is_an_error() {
        let texts = ["train = { ema = 0.9, ema_decay = 0.9 }", "quantizer.nouns = 3", "quantizer.options = {}"];
        for text in texts.into_iter().chain(["steps = 3\ntrain.steps = 3", "steps = 3\ntrain = 3"]) {
            let error = modernize(&mut text.parse().expect("TOML"), "file.toml").expect_err("refused").to_string();
            assert!(error.starts_with("file.toml: `"), "{error}");
        }
    }

    #[test]
    fn json_without_old_keys_is_unchanged() {
        let mut json = serde_json::json!({ "train": { "ema_decay": null }, "seed": u64::MAX });
        let before = json.clone();
        assert!(modernize_json(&mut json, "test").expect("current").is_empty());
        assert_eq!(json, before);
    }

    #[test]
    fn disabled_weight_average_stays_disabled() {
        let mut json = serde_json::json!({ "train": { "ema": null, "keep": 3 } });
        assert!(!modernize_json(&mut json, "test").expect("renamed").is_empty());
        assert_eq!(json, serde_json::json!({ "train": { "keep_checkpoints": 3 } }));
    }
}
