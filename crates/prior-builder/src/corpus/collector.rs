//! Batches of captions, and the report.

use std::path::Path;
use std::sync::Arc;

use codebook_prior::Source;
use serde::{Deserialize, Serialize};

use super::caption::{CorpusCaption, Location};
use super::report::{CorpusReport, MalformedCaption};
use crate::error::BuildError;

/// Captions per batch: enough to use all threads, few enough to need little memory.
const BATCH: usize = 8192;
/// Maximum bytes per batch, for long captions.
const BATCH_BYTES: usize = 8 << 20;

/// What happens to malformed captions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strictness {
    /// They are skipped, counted and reported.
    #[default]
    Skip,
    /// The first one is an error.
    Fail,
}

/// Collects the captions of a corpus into batches, and counts them.
pub(super) struct Collector<'a> {
    strictness: Strictness,
    sink: &'a mut dyn FnMut(&[CorpusCaption]) -> Result<(), BuildError>,
    file: Arc<Path>,
    batch: Vec<CorpusCaption>,
    bytes: usize,
    captions: u64,
    files: u64,
    malformed: u64,
    examples: Vec<MalformedCaption>,
}

impl<'a> Collector<'a> {
    pub(super) fn new(
        strictness: Strictness,
        sink: &'a mut dyn FnMut(&[CorpusCaption]) -> Result<(), BuildError>,
    ) -> Self {
        let file = Arc::from(Path::new(""));
        let (batch, examples) = (Vec::new(), Vec::new());
        Self { strictness, sink, file, batch, bytes: 0, captions: 0, files: 0, malformed: 0, examples }
    }

    /// Starts the captions of a file.
    pub(super) fn start_file(&mut self, path: &Path) {
        self.file = Arc::from(path);
        self.files += 1;
    }

    pub(super) fn caption(&mut self, text: &str, location: Location) -> Result<(), BuildError> {
        self.captions += 1;
        self.bytes += text.len();
        self.batch.push(CorpusCaption { text: text.to_owned(), file: Arc::clone(&self.file), location });
        if self.batch.len() == BATCH || self.bytes >= BATCH_BYTES { self.flush() } else { Ok(()) }
    }

    pub(super) fn malformed(
        &mut self,
        location: Location,
        expected: &'static str,
        got: &str,
    ) -> Result<(), BuildError> {
        let got = got.chars().take(80).collect(); // some lines run to kilobytes
        let malformed = MalformedCaption { path: self.file.to_path_buf(), location, expected, got };
        if self.strictness == Strictness::Fail {
            return Err(malformed.into_error());
        }
        self.malformed += 1;
        if self.examples.len() < CorpusReport::EXAMPLES {
            self.examples.push(malformed);
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), BuildError> {
        if !self.batch.is_empty() {
            (self.sink)(&self.batch)?;
        }
        self.batch.clear();
        self.bytes = 0;
        Ok(())
    }

    pub(super) fn finish(mut self, source: Source) -> Result<CorpusReport, BuildError> {
        self.flush()?;
        let Self { captions, files, malformed, examples, .. } = self;
        Ok(CorpusReport { captions, files, malformed, examples, source })
    }
}
