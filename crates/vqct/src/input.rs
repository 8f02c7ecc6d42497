//! The images and tokenizers that commands take.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context, Result, anyhow, bail};
use image::RgbaImage;
use tch::{Device, Tensor};
use vq_core::DeviceChoice;
use vq_data::{EmojiSet, ImageSource, center_square, load_image};
use vq_experiment::{DataConfig, ExperimentFile, Loaded, TokenizerSource, Weights};
use vq_pipeline::{Checkpoint, TokenizerState};

/// Behind transparent pixels.
const BACKGROUND: [u8; 3] = [255, 255, 255];
const EMOJI_PREFIX: &str = "emoji:";

/// Which tokenizer, on which device; arguments of every command that uses one.
#[derive(Debug, clap::Args)]
pub(crate) struct TokenizerArgs {
    /// A `checkpoint.safetensors`, or the run folder that holds it.
    #[arg(long, value_name = "FILE")]
    checkpoint: PathBuf,
    /// `auto`, `cpu` or `cuda:N`.
    #[arg(long, default_value = "auto")]
    device: DeviceChoice,
    /// Which weights of the checkpoint.
    #[arg(long, value_enum, default_value = "ema")]
    weights: WeightsArg,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub(crate) enum WeightsArg {
    /// The averaged ones, if the run kept an average, else those of the last step.
    Ema,
    /// Those of the last step.
    Raw,
}

impl From<WeightsArg> for Weights {
    fn from(weights: WeightsArg) -> Self {
        match weights {
            WeightsArg::Ema => Self::Ema,
            WeightsArg::Raw => Self::Raw,
        }
    }
}

/// Which images, at which size.
#[derive(Debug, clap::Args)]
pub(crate) struct ImageArgs {
    /// Image files (jpeg, png, webp, gif, bmp), or `emoji:NAME` for an embedded one, such as `emoji:red apple`.
    #[arg(required = true, value_name = "IMAGE")]
    pub(crate) images: Vec<String>,
    /// Cut the middle square and resize it to so many pixels; `native` keeps the size and cuts what the tokenizer's
    /// factor does not divide [default: the size of training].
    #[arg(long, value_name = "PIXELS")]
    pub(crate) size: Option<Size>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Size {
    Square(u32),
    Native,
}

impl FromStr for Size {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        match (text, text.parse()) {
            ("native", _) => Ok(Self::Native),
            (_, Ok(pixels)) if pixels > 0 => Ok(Self::Square(pixels)),
            _ => bail!("expected a number of pixels or `native`, got `{text}`"),
        }
    }
}

/// A tokenizer ready for use.
pub(crate) struct LoadedTokenizer {
    pub(crate) state: TokenizerState,
    pub(crate) device: Device,
    /// SHA-256 of the checkpoint, and of the choice of weights where there is one.
    pub(crate) sha256: String,
    /// The name of the experiment.
    pub(crate) name: String,
    trained_at: u32,
}

impl TokenizerArgs {
    pub(crate) fn open(&self) -> Result<Checkpoint> {
        Ok(Checkpoint::open(&self.checkpoint)?)
    }

    /// The tokenizer as an experiment names it.
    pub(crate) fn source(&self) -> TokenizerSource {
        TokenizerSource { run: self.checkpoint.clone(), weights: self.weights() }
    }

    pub(crate) fn weights(&self) -> Weights {
        self.weights.into()
    }

    pub(crate) fn device(&self) -> Result<Device> {
        Ok(self.device.resolve()?)
    }

    pub(crate) fn load(&self) -> Result<LoadedTokenizer> {
        let checkpoint = self.open()?;
        let (device, weights) = (self.device()?, self.weights());
        Ok(LoadedTokenizer {
            state: TokenizerState::load_weights(&checkpoint, device, weights)?,
            device,
            sha256: checkpoint.sha256(weights),
            name: checkpoint.header().experiment.name.clone(),
            trained_at: checkpoint.header().experiment.data.transform.size,
        })
    }
}

/// The experiment; a note for each key that has a new name goes to standard error.
pub(crate) fn with_notes<E>(loaded: Loaded<E>) -> E {
    loaded.notes.iter().for_each(|note| eprintln!("note: {note}"));
    loaded.experiment
}

/// The `[data]` of the experiment in `path`.
pub(crate) fn data_of(path: &Path) -> Result<DataConfig> {
    Ok(with_notes(ExperimentFile { path: path.to_owned(), overrides: Vec::new() }.load()?).data)
}

/// An image cut and resized to the size of training, as `[1, 3, S, S]`.
pub(crate) fn load_image_at(image: &str, loaded: &LoadedTokenizer) -> Result<Tensor> {
    let args = ImageArgs { images: Vec::new(), size: None };
    args.load(image, loaded)
}

impl ImageArgs {
    /// The image of an argument as `[1, 3, H, W]`, fit for the tokenizer.
    pub(crate) fn load(&self, image: &str, loaded: &LoadedTokenizer) -> Result<Tensor> {
        let factor = u32::try_from(loaded.state.tokenizer.factor())?;
        let pixels = load_pixels(image)?;
        let (width, height) = pixels.dimensions();
        let fitted = match self.size.unwrap_or(Size::Square(loaded.trained_at)) {
            Size::Square(size) if size % factor != 0 => {
                bail!("--size: expected a multiple of {factor}, the tokenizer's factor, got {size}")
            }
            Size::Square(size) => center_square(&pixels, size)?,
            Size::Native if width < factor || height < factor => {
                bail!("{image}: expected at least {factor}x{factor} pixels, got {width}x{height}")
            }
            Size::Native => {
                let [kept_width, kept_height] = [width, height].map(|side| side / factor * factor);
                let (left, top) = ((width - kept_width) / 2, (height - kept_height) / 2);
                image::imageops::crop_imm(&pixels, left, top, kept_width, kept_height).to_image()
            }
        };
        Ok(to_tensor(&fitted)?.to_device(loaded.device))
    }
}

pub(crate) fn load_pixels(image: &str) -> Result<RgbaImage> {
    let Some(name) = image.strip_prefix(EMOJI_PREFIX) else {
        return Ok(load_image(image)?);
    };
    let emoji = EmojiSet::embedded()?;
    let known = |index: &usize| emoji.entries()[*index].name == name || emoji.entries()[*index].text == name;
    let index = (0..emoji.entries().len()).find(known);
    let index =
        index.ok_or_else(|| anyhow!("{image}: expected the Unicode name of an embedded emoji, got `{name}`"))?;
    Ok(emoji.get(index)?.image)
}

/// `[1, 3, H, W]` over a white background.
pub(crate) fn to_tensor(image: &RgbaImage) -> Result<Tensor> {
    let mut over = image::RgbaImage::from_pixel(image.width(), image.height(), {
        let [red, green, blue] = BACKGROUND;
        image::Rgba([red, green, blue, 255])
    });
    image::imageops::overlay(&mut over, image, 0, 0);
    let values = vq_data::chw_from_rgb(&image::DynamicImage::ImageRgba8(over).to_rgb8());
    Ok(Tensor::f_from_slice(&values)?.f_view([1, 3, i64::from(image.height()), i64::from(image.width())])?)
}

/// The file name that an image's result gets, without its ending.
pub(crate) fn stem_of(image: &str) -> Result<String> {
    if let Some(name) = image.strip_prefix(EMOJI_PREFIX) {
        return Ok(name.replace(|c: char| !c.is_alphanumeric(), "-"));
    }
    let stem = Path::new(image).file_stem().with_context(|| format!("{image}: expected a file name"))?;
    Ok(stem.to_string_lossy().into_owned())
}
