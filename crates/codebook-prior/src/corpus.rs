//! Captions on disk, read as a stream.

mod coco;
mod collector;
mod folder;
mod glosses;
mod hashing;
mod lines;
mod report;

use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use report::{CorpusReport, Malformed, Place};

use crate::PriorError;
use collector::Collector;

/// How captions lie in files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CorpusFormat {
    /// A text file, one caption a line.
    Lines,
    /// Flickr8k's tokens (Hodosh et al. 2013): `image#n`, a tab, the caption.
    Flickr8k,
    /// COCO's captions (Chen et al. 2015): JSON with `annotations`, each with its `caption`.
    Coco,
    /// A folder of text files, one an image, one caption a line, in nested folders for classes: the captions of CUB-200
    /// and of Oxford's flowers (Reed et al. 2016). Other files than `.txt` are passed over.
    Folder,
    /// Unicode's `emoji-test.txt` (UTS #51): the names of fully qualified emoji, less those with a skin tone, which
    /// repeat the one without.
    EmojiNames,
    /// WordNet's folder: the glosses of nouns, adjectives, verbs and adverbs in its `data.*` (wndb(5WN)), each
    /// definition and each example a caption; a noun is also described by the words before the head of its definition:
    /// `small European finch having ..` gives `small European goldfinch`.
    Glosses,
}

/// What happens to a caption that does not have its format.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strictness {
    /// It is passed over, counted and reported.
    #[default]
    Skip,
    /// It ends the reading with an error.
    Fail,
}

/// A caption, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caption {
    /// The text, without white space around it; never empty.
    pub text: String,
    /// The file.
    pub file: Arc<std::path::Path>,
    /// The place in the file.
    pub place: Place,
}

/// A body of captions on disk.
///
/// Reading holds a batch of captions at a time, whatever the size of the corpus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Corpus {
    /// The format of its files.
    pub format: CorpusFormat,
    /// The file, or the folder for [`CorpusFormat::Folder`] and [`CorpusFormat::Glosses`].
    pub path: PathBuf,
    /// What provenance calls it: `COCO 2017 captions`.
    pub work: String,
}

impl Corpus {
    /// Hands the captions to `sink` in the order of the files, in batches of some thousand.
    ///
    /// Files of a folder are read in the order of their names, a folder's own files and folders mixed.
    ///
    /// # Errors
    /// [`PriorError::Io`] for what cannot be read; [`PriorError::Json`] for JSON that is broken or has no annotations;
    /// [`PriorError::Invalid`] for a folder without a text file; with [`Strictness::Fail`], [`PriorError::Line`] or
    /// [`PriorError::Invalid`] for the first malformed caption; and whatever `sink` returns.
    pub fn read(
        &self,
        strictness: Strictness,
        sink: &mut dyn FnMut(&[Caption]) -> Result<(), PriorError>,
    ) -> Result<CorpusReport, PriorError> {
        let mut collector = Collector::new(strictness, sink);
        let sha256 = match self.format {
            CorpusFormat::Lines => lines::read(&self.path, lines::LineFormat::Caption, &mut collector)?,
            CorpusFormat::Flickr8k => lines::read(&self.path, lines::LineFormat::Flickr8k, &mut collector)?,
            CorpusFormat::Coco => coco::read(&self.path, &mut collector)?,
            CorpusFormat::Folder => folder::read(&self.path, &mut collector)?,
            CorpusFormat::EmojiNames => lines::read(&self.path, lines::LineFormat::EmojiNames, &mut collector)?,
            CorpusFormat::Glosses => glosses::read(&self.path, &mut collector)?,
        };
        collector.finish(crate::text_file::source(&self.work, &self.path, sha256))
    }
}
