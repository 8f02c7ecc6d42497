//! Checks of a config.

use serde::de::DeserializeOwned;

use crate::error::BuildError;
use crate::text_file::TextFile;

/// Checks of a config, with errors that name the file.
pub(super) struct Checks<'a> {
    pub(super) file: &'a TextFile,
}

impl Checks<'_> {
    /// Each named size must fit in 32 bits and not be 0.
    pub(super) fn sizes(&self, sizes: &[(&str, usize)]) -> Result<(), BuildError> {
        match sizes.iter().find(|(_, size)| !(1..=u32::MAX as usize).contains(size)) {
            Some((field, size)) => Err(self.refuse(field, "1 to 2^32 - 1", size)),
            None => Ok(()),
        }
    }

    /// Attention heads must divide the hidden size.
    pub(super) fn heads(&self, hidden_size: usize, heads: usize) -> Result<(), BuildError> {
        match hidden_size.is_multiple_of(heads) {
            true => Ok(()),
            false => {
                Err(self.refuse("num_attention_heads", &format!("a divisor of hidden_size, {hidden_size}"), heads))
            }
        }
    }

    /// The whole file as a config.
    pub(super) fn parse<T: DeserializeOwned>(&self, expected: &'static str) -> Result<T, BuildError> {
        serde_json::from_str(&self.file.text).map_err(|source| self.json(expected, source))
    }

    /// The error of a text that is not the expected JSON.
    pub(super) fn json(&self, expected: &'static str, source: serde_json::Error) -> BuildError {
        BuildError::Json { file: self.file.path.display().to_string(), expected, source }
    }

    /// The error of a field with a wrong value.
    pub(super) fn refuse(&self, field: &str, expected: &str, got: impl ToString) -> BuildError {
        BuildError::invalid(&format!("read {}", self.file.path.display()), field, expected, got)
    }
}
