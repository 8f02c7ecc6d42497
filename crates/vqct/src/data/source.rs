//! Which data a command is about.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use clap::builder::PossibleValuesParser;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use vq_data::{DatasetConfig, EmojiSet, ImageFolder, ImageFolderConfig, ImageSource, Split};
use vq_experiment::{ExperimentFile, Images, Storage, overridden};
use vq_scenes::{EmojiScenes, SceneConfig};

use crate::input::with_notes;

const EMOJI: &str = "emoji";
const SCENES: &str = "scenes";
const FOLDER: &str = "folder";

/// The size of scenes where none is set.
const SCENE_SIZE: u32 = 64;

/// Which data; arguments of every command that reads data.
#[derive(Debug, clap::Args)]
pub(crate) struct SourceArgs {
    /// A folder of images, of images with captions, of shards, or a data set as it is published.
    #[arg(value_name = "DIR", required_unless_present_any = ["config", "kind"])]
    folder: Option<PathBuf>,
    /// What DIR holds [default: detected from the names of its files]; `emoji` and `scenes` need no DIR.
    #[arg(long, value_name = "KIND", value_parser = kinds())]
    kind: Option<String>,
    /// The data of an experiment.
    #[arg(long, value_name = "FILE.toml", conflicts_with_all = ["folder", "kind"])]
    config: Option<PathBuf>,
    /// Which images of the experiment.
    #[arg(long, value_enum, default_value = "train", requires = "config")]
    part: Part,
    /// Set a key of the configuration, such as `split=validation` or `damaged=skip`, with --config `data.batch_size=8`;
    /// repeatable.
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
}

fn kinds() -> PossibleValuesParser {
    PossibleValuesParser::new([FOLDER, EMOJI, SCENES].into_iter().chain(DatasetConfig::KINDS))
}

/// Which images of an experiment.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Part {
    /// Those to train on.
    Train,
    /// Those to validate on.
    Validation,
}

impl From<Part> for Split {
    fn from(part: Part) -> Self {
        match part {
            Part::Train => Self::Train,
            Part::Validation => Self::Validation,
        }
    }
}

/// Data that was found.
pub(crate) struct Data {
    pub(crate) source: Arc<dyn ImageSource>,
    /// How it is called in what is printed.
    pub(crate) name: String,
    /// Its configuration.
    pub(crate) config: Value,
    /// Its folder, if it is shards.
    pub(crate) shards: Option<PathBuf>,
}

/// The emoji of a split, or all.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EmojiKeys {
    split: Option<Split>,
}

impl SourceArgs {
    pub(crate) fn open(&self) -> Result<Data> {
        match (&self.config, self.kind.as_deref(), &self.folder) {
            (Some(path), ..) => self.experiment(path),
            (None, Some(kind @ (EMOJI | SCENES)), Some(folder)) => {
                bail!(
                    "--kind {kind}: expected no folder, since they are part of this program, got {}",
                    folder.display()
                )
            }
            (None, Some(EMOJI), None) => self.emoji(),
            (None, Some(SCENES), None) => self.scenes(),
            (None, Some(FOLDER), Some(folder)) => self.images(folder),
            (None, Some(kind), Some(folder)) => self.dataset(DatasetConfig::of_kind(kind, folder)?),
            (None, Some(kind), None) => bail!("--kind {kind}: expected a folder, got none"),
            (None, None, Some(folder)) => match DatasetConfig::detect(folder)? {
                Some(config) => self.dataset(config),
                None => self.images(folder),
            },
            (None, None, None) => bail!("expected a folder, --config or --kind, got none of them"),
        }
    }

    fn experiment(&self, path: &Path) -> Result<Data> {
        let file = ExperimentFile { path: path.to_owned(), overrides: self.set.clone() };
        let data = with_notes(file.load()?).data;
        let Images { train, validation, .. } = data.open(Storage::Disk)?;
        let (part, source) = match self.part {
            Part::Train => (Split::Train, train),
            Part::Validation => (Split::Validation, validation),
        };
        let name = match part {
            Split::Train => format!("the training images of {}", path.display()),
            Split::Validation => format!("the validation images of {}", path.display()),
        };
        Ok(Data { source, name, config: json!({ "part": part, "data": data }), shards: None })
    }

    fn emoji(&self) -> Result<Data> {
        let keys = self.overridden(EMOJI, &EmojiKeys { split: None })?;
        let emoji = EmojiSet::embedded()?;
        let source: Arc<dyn ImageSource> = match keys.split {
            Some(split) => Arc::new(emoji.split(split)),
            None => Arc::new(emoji),
        };
        Ok(Data { source, name: "the embedded emoji".into(), config: described(EMOJI, &keys)?, shards: None })
    }

    fn scenes(&self) -> Result<Data> {
        let config = self.overridden(SCENES, &SceneConfig::new(SCENE_SIZE))?;
        let described = described(SCENES, &config)?;
        let source = Arc::new(EmojiScenes::new(config)?);
        Ok(Data { source, name: "scenes".into(), config: described, shards: None })
    }

    fn images(&self, folder: &Path) -> Result<Data> {
        let config: ImageFolderConfig = self.overridden(FOLDER, &ImageFolderConfig::default())?;
        let mut described = described(FOLDER, &config)?;
        described["root"] = json!(folder);
        let source = Arc::new(ImageFolder::open(folder, config)?);
        Ok(Data { source, name: format!("{} ({FOLDER})", folder.display()), config: described, shards: None })
    }

    fn dataset(&self, config: DatasetConfig) -> Result<Data> {
        let config = self.overridden(config.kind(), &config)?;
        let name = format!("{} ({})", config.root().display(), config.kind());
        let shards = match &config {
            DatasetConfig::Web(web) => Some(web.root.clone()),
            _ => None,
        };
        Ok(Data { source: config.open()?, name, config: serde_json::to_value(&config)?, shards })
    }

    fn overridden<T: Serialize + for<'a> Deserialize<'a>>(&self, kind: &str, config: &T) -> Result<T> {
        Ok(overridden(config, &self.set, &format!("--kind {kind} with --set {}", self.set.join(" --set ")))?)
    }
}

/// A configuration with its kind.
fn described(kind: &str, config: &impl Serialize) -> Result<Value> {
    let mut value = serde_json::to_value(config)?;
    value.as_object_mut().context("a configuration is a table")?.insert("kind".into(), kind.into());
    Ok(value)
}
