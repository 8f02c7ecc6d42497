//! What a user wants to see, read and checked.

use anyhow::{Context, Result, bail};
use image::{DynamicImage, RgbaImage};
use tch::{Device, Kind, Tensor};
use vq_data::{LabelMap, center_square, map_picture};
use vq_generate::{Condition, Grid, Known};
use vq_train::{Conditioner, GeneratorImages, ImageGenerator, ImageTokens, TokenizedBatch};

use super::Wishes;
use crate::input::{load_pixels, to_tensor};

/// The prefix of an image of the validation set.
const VALIDATION: &str = "validation:";

/// All that is wanted; at least one wish.
pub(super) struct Given {
    pub(super) wishes: Vec<Wish>,
}

/// What some images are to show.
pub(super) struct Wish {
    pub(super) shown: Shown,
    /// What is kept of an image.
    pub(super) kept: Option<Kept>,
}

/// The condition of a wish.
#[derive(Clone)]
pub(super) enum Shown {
    Anything,
    /// A class or a text.
    Words(String),
    /// The ids of a segmentation, `H * W * S`.
    Segmentation(Ids),
}

/// The ids of one image.
#[derive(Clone)]
pub(super) struct Ids {
    /// `[H, W, S]`.
    shape: [i64; 3],
    ids: Vec<i64>,
}

/// What is kept of an image.
#[derive(Clone)]
pub(super) struct Kept {
    pub(super) ids: Ids,
    /// Of each position.
    pub(super) mask: Vec<bool>,
}

impl Ids {
    /// Of ids `[1, H, W, S]`.
    fn of(ids: &Tensor) -> Result<Self> {
        let [1, height, width, slots] = ids.size()[..] else {
            bail!("expected the ids of one image, [1, H, W, S], got {:?}", ids.size());
        };
        let ids = Vec::<i64>::try_from(ids.to_device(Device::Cpu).contiguous().view(-1))?;
        Ok(Self { shape: [height, width, slots], ids })
    }

    /// `[1, H, W, S]`.
    pub(super) fn tensor(&self) -> Tensor {
        let [height, width, slots] = self.shape;
        Tensor::from_slice(&self.ids).view([1, height, width, slots])
    }
}

impl Given {
    /// Reads all images that are named; every condition meets every image that is kept in part.
    pub(super) fn read(wishes: &Wishes, generator: &ImageGenerator) -> Result<Self> {
        let images = Images { generator, validation: std::cell::OnceCell::new() };
        let shown = shown(wishes, &images)?;
        let kept = kept(wishes, &images)?;
        let wishes = shown.iter().flat_map(|shown| {
            let wish = |kept: Option<Kept>| Wish { shown: shown.clone(), kept };
            match kept.is_empty() {
                true => vec![wish(None)],
                false => kept.iter().cloned().map(Some).map(wish).collect(),
            }
        });
        Ok(Self { wishes: wishes.collect() })
    }
}

/// The condition of images, one for each wish; all wishes are of one kind.
pub(super) fn condition(wishes: &[&Wish], generator: &ImageGenerator) -> Result<Condition> {
    let mut words = Vec::new();
    let mut segmentations = Vec::new();
    for wish in wishes {
        match &wish.shown {
            Shown::Anything => return Ok(Condition::None),
            Shown::Words(text) => words.push(text.clone()),
            Shown::Segmentation(ids) => segmentations.push(ids.tensor()),
        }
    }
    Ok(match &generator.conditioner {
        Conditioner::Class(classes) => classes.condition(&words)?,
        Conditioner::Text(texts) => texts.condition(&words)?,
        Conditioner::Segmentation(_) => Condition::Tokens(Tensor::cat(&segmentations, 0)),
        Conditioner::None => Condition::None,
    })
}

/// What is known of images, one for each wish.
pub(super) fn known(wishes: &[&Wish]) -> Option<Known> {
    let kept: Option<Vec<&Kept>> = wishes.iter().map(|wish| wish.kept.as_ref()).collect();
    let kept = kept?;
    let ids: Vec<Tensor> = kept.iter().map(|kept| kept.ids.tensor()).collect();
    let [height, width, _] = kept.first()?.ids.shape;
    let masks: Vec<Tensor> =
        kept.iter().map(|kept| Tensor::from_slice(&kept.mask).view([1, height, width]).to_kind(Kind::Bool)).collect();
    Some(Known { ids: Tensor::cat(&ids, 0), mask: Tensor::cat(&masks, 0) })
}

fn shown(wishes: &Wishes, images: &Images<'_>) -> Result<Vec<Shown>> {
    let Wishes { classes, texts, segmentations, .. } = wishes;
    let conditioner = &images.generator.conditioner;
    let words = |words: &[String]| words.iter().cloned().map(Shown::Words).collect::<Vec<_>>();
    let given = [("--class", classes), ("--text", texts), ("--segmentation", segmentations)];
    let taken = match conditioner {
        Conditioner::None => None,
        Conditioner::Class(_) => Some("--class"),
        Conditioner::Text(_) => Some("--text"),
        Conditioner::Segmentation(_) => Some("--segmentation"),
    };
    if let Some((option, _)) = given.iter().find(|(option, all)| !all.is_empty() && Some(*option) != taken) {
        bail!("{option}: expected what the generator was trained to show, which is {}", conditioner.kind());
    }
    let shown = match conditioner {
        Conditioner::None => Vec::new(),
        Conditioner::Class(known) => {
            known.condition(classes)?;
            words(classes)
        }
        Conditioner::Text(known) => {
            known.condition(texts)?;
            for text in texts {
                for word in known.unknown_words(text)? {
                    eprintln!("warning: `{text}`: the generator has not learned `{word}`, and reads it as unknown");
                }
            }
            words(texts)
        }
        Conditioner::Segmentation(tokens) => segmentations
            .iter()
            .map(|image| Ok(Shown::Segmentation(images.segmentation(image, tokens)?)))
            .collect::<Result<_>>()?,
    };
    Ok(if shown.is_empty() { vec![Shown::Anything] } else { shown })
}

fn kept(wishes: &Wishes, images: &Images<'_>) -> Result<Vec<Kept>> {
    let Grid { rows, columns } = images.generator.tokens.grid.grid;
    let mut kept = Vec::new();
    for pair in wishes.inpaint.chunks_exact(2) {
        let [image, mask] = pair else { continue };
        kept.push(Kept { ids: images.ids(image)?, mask: images.mask(image, mask)? });
    }
    let keep = wishes.keep_rows.unwrap_or(rows / 2);
    if !wishes.complete.is_empty() && !(1..rows).contains(&keep) {
        bail!("--keep-rows: expected 1 to {} of the {rows} rows of ids, got {keep}", rows - 1);
    }
    for image in &wishes.complete {
        let mask = (0..rows).flat_map(|row| std::iter::repeat_n(row < keep, columns as usize)).collect();
        kept.push(Kept { ids: images.ids(image)?, mask });
    }
    Ok(kept)
}

/// Images that are named by a user.
struct Images<'a> {
    generator: &'a ImageGenerator,
    validation: std::cell::OnceCell<GeneratorImages>,
}

impl Images<'_> {
    /// The ids of an image.
    fn ids(&self, image: &str) -> Result<Ids> {
        let tokens = &self.generator.tokens;
        match self.of_validation(image)? {
            Some(batch) => Ids::of(&batch.ids),
            None => Ids::of(&tokens.encode(&to_tensor(&center_square(&load_pixels(image)?, tokens.size)?)?)?),
        }
    }

    /// The ids of a segmentation.
    fn segmentation(&self, image: &str, tokens: &ImageTokens) -> Result<Ids> {
        if let Some(batch) = self.of_validation(image)? {
            let ids = batch.segmentation.with_context(|| format!("{image}: expected a segmentation, got none"))?;
            return Ids::of(&ids);
        }
        let pixels = load_pixels(image)?;
        let grey = pixels.pixels().all(|pixel| pixel.0[0] == pixel.0[1] && pixel.0[1] == pixel.0[2]);
        let picture = match grey {
            true => map_picture(&LabelMap::from_fn(pixels.width(), pixels.height(), |x, y| {
                image::Luma([u16::from(pixels.get_pixel(x, y).0[0])])
            })),
            false => pixels,
        };
        Ids::of(&tokens.encode(&to_tensor(&center_square(&picture, tokens.size)?)?)?)
    }

    /// Where an image is kept: at the positions of which nothing is white.
    fn mask(&self, image: &str, mask: &str) -> Result<Vec<bool>> {
        let tokens = &self.generator.tokens;
        let pixels = load_pixels(mask)?;
        let expected = match image.starts_with(VALIDATION) {
            true => (tokens.size, tokens.size),
            false => load_pixels(image)?.dimensions(),
        };
        if pixels.dimensions() != expected {
            let (width, height) = pixels.dimensions();
            bail!(
                "{mask}: expected a mask of {}x{} pixels, as {image} has, got {width}x{height}",
                expected.0,
                expected.1
            );
        }
        let white = |pixels: &RgbaImage| DynamicImage::ImageRgba8(pixels.clone()).to_luma8();
        let square = white(&center_square(&pixels, tokens.size)?);
        let Grid { rows, columns } = tokens.grid.grid;
        let (height, width) = (tokens.size / rows as u32, tokens.size / columns as u32);
        let is_kept = |row: u32, column: u32| {
            (0..height).all(|y| (0..width).all(|x| square.get_pixel(column * width + x, row * height + y).0[0] < 128))
        };
        let kept: Vec<bool> = (0..rows as u32)
            .flat_map(|row| (0..columns as u32).map(move |column| (row, column)))
            .map(|(row, column)| is_kept(row, column))
            .collect();
        if kept.iter().all(|&kept| kept) {
            bail!("{mask}: expected a mask with something white, which is made anew, got none");
        }
        Ok(kept)
    }

    /// An image of the validation set, if the name says so.
    fn of_validation(&self, image: &str) -> Result<Option<TokenizedBatch>> {
        let Some(number) = image.strip_prefix(VALIDATION) else { return Ok(None) };
        let number = number.parse().with_context(|| format!("{image}: expected the number of an image"))?;
        let validation = match self.validation.get() {
            Some(validation) => validation,
            None => {
                let opened = self.generator.validation_images()?;
                self.validation.get_or_init(|| opened)
            }
        };
        Ok(Some(validation.get(number, self.generator)?))
    }
}
