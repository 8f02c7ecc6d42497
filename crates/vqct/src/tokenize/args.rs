//! Arguments of `vqct tokenize`.

use std::path::PathBuf;

use crate::input::{Size, TokenizerArgs};

#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("what").required(true).args(["out", "store"]))]
pub(crate) struct Args {
    #[command(flatten)]
    pub(super) tokenizer: TokenizerArgs,
    /// Image files, or `emoji:NAME` for an embedded one.
    #[arg(value_name = "IMAGE")]
    pub(super) images: Vec<String>,
    /// Cut the middle square and resize it to so many pixels, or `native` [default: the size of training].
    #[arg(long, value_name = "PIXELS")]
    pub(super) size: Option<Size>,
    /// The token file of the images to write: JSON Lines, a header and then one line per image.
    #[arg(long, value_name = "FILE", requires = "images")]
    pub(super) out: Option<PathBuf>,
    /// Tokenize a data set instead of single images, into stores of ids, `FOLDER/train.safetensors` and
    /// `FOLDER/validation.safetensors`, which generators are trained on.
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["images", "size"])]
    pub(super) store: Option<PathBuf>,
    /// The data set: the `[data]` of this experiment [default: that of the tokenizer's run].
    #[arg(long, value_name = "EXPERIMENT", requires = "store")]
    pub(super) data: Option<PathBuf>,
    /// Also store the ids of the images' segmentations, by the tokenizer of this run, which was trained on
    /// segmentations.
    #[arg(long, value_name = "RUN", requires = "store")]
    pub(super) segmentation: Option<PathBuf>,
}
