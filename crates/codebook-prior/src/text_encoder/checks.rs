use serde::de::DeserializeOwned;

use crate::PriorError;
use crate::text_file::TextFile;

/// The rules of a config, with errors that name the file.
pub(super) struct Checks<'a> {
    pub(super) file: &'a TextFile,
}

impl Checks<'_> {
    pub(super) fn sizes(&self, sizes: &[(&str, usize)]) -> Result<(), PriorError> {
        match sizes.iter().find(|(_, size)| !(1..=u32::MAX as usize).contains(size)) {
            Some((field, size)) => Err(self.fail(field, "1 to 2^32 - 1", size)),
            None => Ok(()),
        }
    }

    pub(super) fn heads(&self, hidden_size: usize, heads: usize) -> Result<(), PriorError> {
        match hidden_size.is_multiple_of(heads) {
            true => Ok(()),
            false => Err(self.fail("num_attention_heads", &format!("a divisor of hidden_size, {hidden_size}"), heads)),
        }
    }

    pub(super) fn parse<T: DeserializeOwned>(&self, expected: &'static str) -> Result<T, PriorError> {
        serde_json::from_str(&self.file.text).map_err(|source| self.json(expected, source))
    }

    pub(super) fn json(&self, expected: &'static str, source: serde_json::Error) -> PriorError {
        PriorError::Json { file: self.file.path.display().to_string(), expected, source }
    }

    pub(super) fn fail(&self, field: &str, expected: &str, got: impl ToString) -> PriorError {
        PriorError::invalid(&format!("read {}", self.file.path.display()), field, expected, got)
    }
}
