//! Lines of WordNet's database files.

use std::collections::HashMap;

use crate::error::BuildError;
use crate::text_file::TextFile;

/// The lines of a database file without the licence, with their numbers from 1.
pub(crate) fn records(file: &TextFile) -> impl Iterator<Item = (usize, &str)> {
    file.text.lines().enumerate().filter(|(_, line)| !line.starts_with("  ")).map(|(at, line)| (at + 1, line))
}

/// The irregular forms of a file `*.exc` with their base forms.
pub(crate) fn read_exceptions(file: &TextFile) -> Result<HashMap<String, Vec<String>>, BuildError> {
    let mut exceptions = HashMap::new();
    for (at, line) in file.text.lines().enumerate() {
        let mut words = line.split_whitespace().map(str::to_owned);
        let Some(form) = words.next() else {
            return Err(file.line_error(at + 1, "`form base..`", line));
        };
        let bases: Vec<_> = words.collect();
        if bases.is_empty() {
            return Err(file.line_error(at + 1, "`form base..`", line));
        }
        exceptions.insert(form, bases);
    }
    Ok(exceptions)
}
