//! Captions on disk, read as a stream.

mod caption;
mod coco;
mod collector;
mod emoji_names;
mod flickr8k;
mod folder;
mod glosses;
mod hashing;
mod line_reader;
mod report;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub use caption::{CorpusCaption, Location};
use collector::Collector;
pub use collector::Strictness;
pub use report::{CorpusReport, MalformedCaption};

use crate::error::BuildError;
use crate::text_file::source;

/// The file format of a corpus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CorpusFormat {
    /// A text file, one caption per line.
    Lines,
    /// Flickr8k's tokens (Hodosh et al. 2013): `image#n`, a tab, the caption.
    Flickr8k,
    /// COCO's captions (Chen et al. 2015): JSON with `annotations`, each with a `caption`.
    Coco,
    /// A folder of text files, one per image, with one caption per line, in nested folders for classes: the captions of
    /// CUB-200 and of Oxford flowers (Reed et al. 2016). Files with another extension than `.txt` are ignored.
    Folder,
    /// Unicode's `emoji-test.txt` (UTS #51): the names of fully qualified emoji. Emoji with a skin tone are left out;
    /// they repeat the name of the one without.
    EmojiNames,
    /// WordNet's folder: the glosses of nouns, adjectives, verbs and adverbs in its `data.*` (wndb(5WN)). Each
    /// definition and each example is a caption. A noun also gives a caption of the words before the head of its
    /// definition: `small European finch having ..` gives `small European goldfinch`.
    Glosses,
}

/// A set of captions on disk.
///
/// Reading holds one batch of captions at a time in memory, whatever the size of the corpus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Corpus {
    /// The format of its files.
    pub format: CorpusFormat,
    /// The file, or the folder for [`CorpusFormat::Folder`] and [`CorpusFormat::Glosses`].
    pub path: PathBuf,
    /// The name in a prior's provenance: `COCO 2017 captions`.
    pub work: String,
}

impl Corpus {
    /// Passes the captions to `sink` in the order of the files, in batches of some thousand.
    ///
    /// The entries of a folder, files and folders mixed, are read in the order of their names.
    ///
    /// # Errors
    /// [`BuildError::File`] for a file that cannot be read; [`BuildError::Json`] for broken JSON or JSON without
    /// annotations; [`BuildError::Invalid`] for a folder without a text file; with [`Strictness::Fail`],
    /// [`BuildError::Line`] or [`BuildError::Invalid`] for the first malformed caption; and the errors of `sink`.
    pub fn read(
        &self,
        strictness: Strictness,
        sink: &mut dyn FnMut(&[CorpusCaption]) -> Result<(), BuildError>,
    ) -> Result<CorpusReport, BuildError> {
        let mut collector = Collector::new(strictness, sink);
        let sha256 = match self.format {
            CorpusFormat::Lines => line_reader::read(&self.path, &line_reader::CAPTIONS, &mut collector)?,
            CorpusFormat::Flickr8k => line_reader::read(&self.path, &flickr8k::FORMAT, &mut collector)?,
            CorpusFormat::Coco => coco::read(&self.path, &mut collector)?,
            CorpusFormat::Folder => folder::read(&self.path, &mut collector)?,
            CorpusFormat::EmojiNames => line_reader::read(&self.path, &emoji_names::FORMAT, &mut collector)?,
            CorpusFormat::Glosses => glosses::read(&self.path, &mut collector)?,
        };
        collector.finish(source(&self.work, &self.path, sha256))
    }
}
