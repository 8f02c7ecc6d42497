//! Reads captions into a lexicon.

use codebook_prior::{Lemmas, LexiconOptions, Tagger, tokenize};
use rayon::prelude::*;

use super::counts::Lexicon;
use super::phrases::Sentence;
use super::tally::Tally;
use crate::corpus::{Corpus, CorpusCaption, CorpusReport, Strictness};
use crate::error::BuildError;

/// Captions per task of a thread.
const CHUNK: usize = 512;

/// Reads corpora into a [`Lexicon`], on the threads of the current rayon pool.
///
/// The result depends on the captions and their order only, not on the threads: chunks of captions are counted
/// separately and merged in order. Memory grows with the number of words and pairs, not with that of captions.
///
/// ```no_run
/// use codebook_prior::{Lemmas, LexiconOptions, WordNetTagger};
/// use prior_builder::{Corpus, CorpusFormat, LexiconBuilder, LexiconChoice, Strictness};
///
/// let tagger = WordNetTagger::new(Lemmas::embedded()?)?;
/// let mut builder = LexiconBuilder::new(&tagger, tagger.lemmas(), LexiconOptions::default());
/// let path = "annotations/captions_train2017.json".into();
/// let coco = Corpus { format: CorpusFormat::Coco, path, work: "COCO 2017 captions".into() };
/// let report = builder.read(&coco, Strictness::Skip)?;
/// let lexicon = builder.finish().choose(&LexiconChoice::default());
/// # Ok::<(), prior_builder::BuildError>(())
/// ```
pub struct LexiconBuilder<'a> {
    tagger: &'a dyn Tagger,
    lemmas: &'a Lemmas,
    options: LexiconOptions,
    tally: Tally,
}

impl<'a> LexiconBuilder<'a> {
    /// An empty builder.
    pub fn new(tagger: &'a dyn Tagger, lemmas: &'a Lemmas, options: LexiconOptions) -> Self {
        Self { tagger, lemmas, options, tally: Tally::default() }
    }

    /// Adds the captions of a corpus.
    ///
    /// # Errors
    /// Those of [`Corpus::read`]; the builder then contains a part of the corpus.
    pub fn read(&mut self, corpus: &Corpus, strictness: Strictness) -> Result<CorpusReport, BuildError> {
        corpus.read(strictness, &mut |batch| {
            self.add(batch);
            Ok(())
        })
    }

    /// Adds captions.
    pub fn add(&mut self, captions: &[CorpusCaption]) {
        self.add_times(captions, 1);
    }

    /// Adds captions, each counted `times` times.
    pub fn add_times(&mut self, captions: &[CorpusCaption], times: u64) {
        let tallies: Vec<_> = captions.par_chunks(CHUNK).map(|chunk| self.count(chunk)).collect();
        tallies.into_iter().for_each(|tally| self.tally.append(tally, times));
    }

    /// The words and pairs of all captions.
    pub fn finish(self) -> Lexicon {
        self.tally.finish()
    }

    fn count(&self, captions: &[CorpusCaption]) -> Tally {
        let mut tally = Tally::default();
        let mut tags = Vec::new();
        for caption in captions {
            let tokens = tokenize(&caption.text);
            self.tagger.tag(&tokens, &mut tags);
            let words: Vec<_> = tokens.iter().map(|token| token.to_lowercase()).collect();
            Sentence { words: &words, tags: &tags, lemmas: self.lemmas, options: self.options }.count(&mut tally);
        }
        tally
    }
}
