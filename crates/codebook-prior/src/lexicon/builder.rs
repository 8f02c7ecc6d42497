use rayon::prelude::*;

use super::phrases::Sentence;
use super::tally::Tally;
use super::{Lexicon, LexiconOptions};
use crate::{Caption, Corpus, CorpusReport, Lemmas, PriorError, Strictness, Tagger, tokenize};

/// Captions that a thread reads at a time.
const CHUNK: usize = 512;

/// Reads corpora into a [`Lexicon`], on the threads of the current rayon pool.
///
/// The result depends on the captions and their order alone, not on the threads: chunks of captions are counted apart
/// and merged in order. Memory grows with the words and pairs, not with the captions.
///
/// ```no_run
/// # #[cfg(feature = "embedded")] {
/// use codebook_prior::{
///     Corpus, CorpusFormat, Lemmas, LexiconBuilder, LexiconChoice, LexiconOptions, Strictness, WordNetTagger,
/// };
///
/// let tagger = WordNetTagger::new(Lemmas::embedded()?)?;
/// let mut builder = LexiconBuilder::new(&tagger, tagger.lemmas(), LexiconOptions::default());
/// let path = "annotations/captions_train2017.json".into();
/// let coco = Corpus { format: CorpusFormat::Coco, path, work: "COCO 2017 captions".into() };
/// let report = builder.read(&coco, Strictness::Skip)?;
/// let lexicon = builder.finish().choose(&LexiconChoice::default());
/// # }
/// # Ok::<(), codebook_prior::PriorError>(())
/// ```
pub struct LexiconBuilder<'a> {
    tagger: &'a dyn Tagger,
    lemmas: &'a Lemmas,
    options: LexiconOptions,
    tally: Tally,
}

impl<'a> LexiconBuilder<'a> {
    /// A builder that has read nothing.
    pub fn new(tagger: &'a dyn Tagger, lemmas: &'a Lemmas, options: LexiconOptions) -> Self {
        Self { tagger, lemmas, options, tally: Tally::default() }
    }

    /// Adds a corpus after those that were read before.
    ///
    /// # Errors
    /// As [`Corpus::read`]; the builder then holds a part of the corpus.
    pub fn read(&mut self, corpus: &Corpus, strictness: Strictness) -> Result<CorpusReport, PriorError> {
        corpus.read(strictness, &mut |batch| {
            self.add(batch);
            Ok(())
        })
    }

    /// Adds captions.
    pub fn add(&mut self, captions: &[Caption]) {
        self.add_times(captions, 1);
    }

    /// Adds captions as if each had been read `times` times, one after the other.
    pub fn add_times(&mut self, captions: &[Caption], times: u64) {
        let tallies: Vec<_> = captions.par_chunks(CHUNK).map(|chunk| self.count(chunk)).collect();
        tallies.into_iter().for_each(|tally| self.tally.append(tally, times));
    }

    /// The words and pairs of all that was read.
    pub fn finish(self) -> Lexicon {
        self.tally.finish()
    }

    fn count(&self, captions: &[Caption]) -> Tally {
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
