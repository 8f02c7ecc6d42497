//! The requests of a call: conditions and kept image parts, read and checked.

use anyhow::{Context, Result, bail};
use image::{DynamicImage, RgbaImage};
use tch::{Device, Kind, Tensor};
use vq_data::{LabelMap, center_square, segmentation_image};
use vq_generate::{Condition, Grid, Known};
use vq_pipeline::{Conditioner, GeneratorImages, ImageGenerator, ImageTokens, TokenizedBatch};

use super::args::ConditionArgs;
use crate::input::{load_pixels, to_tensor};

/// The prefix of an image of the validation set.
const VALIDATION: &str = "validation:";

/// All requests of a call; at least one.
pub(super) struct Requests {
    pub(super) requests: Vec<Request>,
}

/// One request: a condition, and the part of an image that is kept.
pub(super) struct Request {
    pub(super) subject: Subject,
    /// The part of an image that is kept.
    pub(super) kept: Option<Kept>,
}

/// The condition of a request.
#[derive(Clone)]
pub(super) enum Subject {
    Unconditional,
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

/// The part of an image that is kept.
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

impl Requests {
    /// Reads all named images; every condition is combined with every image that is kept in part.
    pub(super) fn read(args: &ConditionArgs, generator: &ImageGenerator) -> Result<Self> {
        let images = Images { generator, validation: std::cell::OnceCell::new() };
        let subject = subjects(args, &images)?;
        let kept = kept(args, &images)?;
        let requests = subject.iter().flat_map(|subject| {
            let request = |kept: Option<Kept>| Request { subject: subject.clone(), kept };
            match kept.is_empty() {
                true => vec![request(None)],
                false => kept.iter().cloned().map(Some).map(request).collect(),
            }
        });
        Ok(Self { requests: requests.collect() })
    }
}

/// The condition of a batch, one row per request; all requests are of one kind.
pub(super) fn condition(requests: &[&Request], generator: &ImageGenerator) -> Result<Condition> {
    let mut words = Vec::new();
    let mut segmentations = Vec::new();
    for request in requests {
        match &request.subject {
            Subject::Unconditional => return Ok(Condition::None),
            Subject::Words(text) => words.push(text.clone()),
            Subject::Segmentation(ids) => segmentations.push(ids.tensor()),
        }
    }
    Ok(match &generator.conditioner {
        Conditioner::Class(classes) => classes.condition(&words)?,
        Conditioner::Text(texts) => texts.condition(&words)?,
        Conditioner::Segmentation(_) => Condition::Tokens(Tensor::cat(&segmentations, 0)),
        Conditioner::None => Condition::None,
    })
}

/// The known ids of a batch, one row per request.
pub(super) fn known(requests: &[&Request]) -> Option<Known> {
    let kept: Option<Vec<&Kept>> = requests.iter().map(|request| request.kept.as_ref()).collect();
    let kept = kept?;
    let ids: Vec<Tensor> = kept.iter().map(|kept| kept.ids.tensor()).collect();
    let [height, width, _] = kept.first()?.ids.shape;
    let masks: Vec<Tensor> =
        kept.iter().map(|kept| Tensor::from_slice(&kept.mask).view([1, height, width]).to_kind(Kind::Bool)).collect();
    Some(Known { ids: Tensor::cat(&ids, 0), mask: Tensor::cat(&masks, 0) })
}

fn subjects(args: &ConditionArgs, images: &Images<'_>) -> Result<Vec<Subject>> {
    let ConditionArgs { classes, texts, segmentations, .. } = args;
    let conditioner = &images.generator.conditioner;
    let words = |words: &[String]| words.iter().cloned().map(Subject::Words).collect::<Vec<_>>();
    let given = [("--class", classes), ("--text", texts), ("--segmentation", segmentations)];
    let taken = match conditioner {
        Conditioner::None => None,
        Conditioner::Class(_) => Some("--class"),
        Conditioner::Text(_) => Some("--text"),
        Conditioner::Segmentation(_) => Some("--segmentation"),
    };
    if let Some((option, _)) = given.iter().find(|(option, all)| !all.is_empty() && Some(*option) != taken) {
        bail!("{option}: expected the condition that the generator was trained with, which is {}", conditioner.kind());
    }
    let subject = match conditioner {
        Conditioner::None => Vec::new(),
        Conditioner::Class(known) => {
            known.condition(classes)?;
            words(classes)
        }
        Conditioner::Text(known) => {
            known.condition(texts)?;
            for text in texts {
                for word in known.unknown_words(text)? {
                    eprintln!(
                        "warning: `{text}`: the generator was not trained with `{word}`, which becomes an unknown token"
                    );
                }
            }
            words(texts)
        }
        Conditioner::Segmentation(tokens) => segmentations
            .iter()
            .map(|image| Ok(Subject::Segmentation(images.segmentation(image, tokens)?)))
            .collect::<Result<_>>()?,
    };
    Ok(if subject.is_empty() { vec![Subject::Unconditional] } else { subject })
}

fn kept(args: &ConditionArgs, images: &Images<'_>) -> Result<Vec<Kept>> {
    let Grid { rows, columns } = images.generator.tokens.grid.grid;
    let mut kept = Vec::new();
    for pair in args.inpaint.chunks_exact(2) {
        let [image, mask] = pair else { continue };
        kept.push(Kept { ids: images.ids(image)?, mask: images.mask(image, mask)? });
    }
    let keep = args.keep_rows.unwrap_or(rows / 2);
    if !args.complete.is_empty() && !(1..rows).contains(&keep) {
        bail!("--keep-rows: expected 1 to {} of the {rows} rows of ids, got {keep}", rows - 1);
    }
    for image in &args.complete {
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
            true => segmentation_image(&LabelMap::from_fn(pixels.width(), pixels.height(), |x, y| {
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
            bail!("{mask}: expected a mask with a white part, which is generated, got none");
        }
        Ok(kept)
    }

    /// An image of the validation set, if the name begins with `validation:`.
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
