use std::path::Path;
use std::sync::Arc;

use super::{Caption, CorpusReport, Malformed, Place, Strictness};
use crate::{PriorError, Source};

/// Captions handed on at a time: enough to keep threads busy, few enough to stay small.
const BATCH: usize = 8192;
/// Bytes handed on at a time, should captions be long.
const BATCH_BYTES: usize = 8 << 20;

/// Gathers the captions of a corpus into batches, and what is to be reported.
pub(super) struct Collector<'a> {
    strictness: Strictness,
    sink: &'a mut dyn FnMut(&[Caption]) -> Result<(), PriorError>,
    file: Arc<Path>,
    batch: Vec<Caption>,
    bytes: usize,
    captions: u64,
    files: u64,
    malformed: u64,
    examples: Vec<Malformed>,
}

impl<'a> Collector<'a> {
    pub(super) fn new(strictness: Strictness, sink: &'a mut dyn FnMut(&[Caption]) -> Result<(), PriorError>) -> Self {
        let file = Arc::from(Path::new(""));
        let (batch, examples) = (Vec::new(), Vec::new());
        Self { strictness, sink, file, batch, bytes: 0, captions: 0, files: 0, malformed: 0, examples }
    }

    /// What follows is of this file.
    pub(super) fn start_file(&mut self, path: &Path) {
        self.file = Arc::from(path);
        self.files += 1;
    }

    pub(super) fn caption(&mut self, text: &str, place: Place) -> Result<(), PriorError> {
        self.captions += 1;
        self.bytes += text.len();
        self.batch.push(Caption { text: text.to_owned(), file: Arc::clone(&self.file), place });
        if self.batch.len() == BATCH || self.bytes >= BATCH_BYTES { self.flush() } else { Ok(()) }
    }

    pub(super) fn malformed(&mut self, place: Place, expected: &'static str, got: &str) -> Result<(), PriorError> {
        let got = got.chars().take(80).collect(); // some lines run to kilobytes
        let malformed = Malformed { path: self.file.to_path_buf(), place, expected, got };
        if self.strictness == Strictness::Fail {
            return Err(malformed.into_error());
        }
        self.malformed += 1;
        if self.examples.len() < CorpusReport::EXAMPLES {
            self.examples.push(malformed);
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), PriorError> {
        if !self.batch.is_empty() {
            (self.sink)(&self.batch)?;
        }
        self.batch.clear();
        self.bytes = 0;
        Ok(())
    }

    pub(super) fn finish(mut self, source: Source) -> Result<CorpusReport, PriorError> {
        self.flush()?;
        let Self { captions, files, malformed, examples, .. } = self;
        Ok(CorpusReport { captions, files, malformed, examples, source })
    }
}
