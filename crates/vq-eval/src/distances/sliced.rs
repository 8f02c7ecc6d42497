//! The sliced Wasserstein distance between patches of images.

use serde::{Deserialize, Serialize};
use tch::{Device, Kind, Tensor};

use super::Side;
use super::patches::{Corners, SIDE};
use super::pyramid::{laplacian_pyramid, level_sizes};
use crate::EvalError;
use crate::error::check_least;
use crate::random::{Purpose, generator, normal};

/// The coarsest level of the pyramid is no smaller.
const SMALLEST: i64 = 16;
/// A colour that varies less, of a range of 2, is of one value but for rounding; a level of 8 bits is 8e-3.
const LEAST_SPREAD: f64 = 1e-6;
/// Directions whose projections are held at once.
const BLOCK: i64 = 16;

/// Patches and directions of [`SlicedWasserstein`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SlicedConfig {
    /// Patches from each level of an image; 128 by default.
    pub patches: usize,
    /// Directions that a level's patches are projected on; 512 by default.
    pub directions: usize,
    /// Where the draws of patches and directions begin.
    pub seed: u64,
}

/// Those of the paper.
impl Default for SlicedConfig {
    fn default() -> Self {
        Self { patches: 128, directions: 512, seed: 0 }
    }
}

impl SlicedConfig {
    /// # Errors
    /// [`EvalError::Config`] naming the key, if there is no patch or no direction.
    pub fn check(&self) -> Result<(), EvalError> {
        check_least("check SlicedConfig", "patches", self.patches, 1)?;
        check_least("check SlicedConfig", "directions", self.directions, 1)
    }
}

/// Sliced Wasserstein distance between patches of Laplacian pyramids (Karras et al. 2018, arXiv 1710.10196, section 5): a
/// distance that needs no trained network.
///
/// The pyramid's levels go from full size down to 16 pixels, or to the last size that is even.
/// From each level of each image, 128 patches of 7x7 pixels are drawn.
/// A level's patches are normalized by mean and standard deviation of each colour over the set, then projected on random
/// directions of length 1; the distance along one is the mean difference of projections in ascending order.
/// The paper's 4 repeats of 128 directions are the 512 here, and its tables give the distance times 1000.
///
/// # Draws
/// Patches of image `n` depend on the seed, `n`, the size and the number of patches alone; directions on seed and level.
/// Images and references are cut at the same places, so that a set has no distance from itself.
///
/// Patches are kept until the end, as `Float` on the CPU: 75 kB per image and level.
///
/// Letters: `P` patches of a set.
#[derive(Debug)]
pub struct SlicedWasserstein {
    config: SlicedConfig,
    first: u64,
    size: Option<[i64; 2]>,
    images: Patches,
    references: Patches,
}

/// What one side has shown.
#[derive(Debug, Default)]
struct Patches {
    count: i64,
    /// For each batch, for each level, `[p, 3, 7, 7]`.
    batches: Vec<Vec<Tensor>>,
}

/// What [`SlicedWasserstein::compute`] gives.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlicedScores {
    /// Mean over the levels.
    pub mean: f64,
    /// The levels, finest first.
    pub levels: Vec<LevelDistance>,
    /// Number of images, and of references.
    pub images: i64,
}

/// The distance at one level.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LevelDistance {
    /// Height of the level, in pixels.
    pub height: i64,
    /// Width of the level, in pixels.
    pub width: i64,
    /// Distance of its patches.
    pub distance: f64,
}

impl SlicedWasserstein {
    /// Has seen nothing.
    ///
    /// `first` is the place of the first image within the whole set, on both sides: 0, but for the accumulators of later
    /// parts, which with it draw the patches that one accumulator of all would.
    ///
    /// # Errors
    /// As [`SlicedConfig::check`].
    pub fn new(config: &SlicedConfig, first: u64) -> Result<Self, EvalError> {
        config.check()?;
        let (images, references) = (Patches::default(), Patches::default());
        Ok(Self { config: *config, first, size: None, images, references })
    }

    /// Adds images `[B, 3, H, W]`, `H, W >= 16`, of one side.
    ///
    /// # Errors
    /// [`EvalError::Images`] if they are not of this shape, of another size than before, or not finite.
    pub fn update(&mut self, side: Side, images: &Tensor) -> Result<(), EvalError> {
        let size = self.check_images(images)?;
        self.size = Some(size);
        let patches = match side {
            Side::Images => &mut self.images,
            Side::References => &mut self.references,
        };
        let count = images.size()[0];
        if count == 0 {
            return Ok(());
        }
        let SlicedConfig { patches: each, seed, .. } = self.config;
        let sizes = level_sizes(size, SMALLEST);
        let levels = laplacian_pyramid(&images.detach().clamp(-1.0, 1.0).to_kind(Kind::Double), sizes.len());
        let mut corners: Vec<Corners> = sizes.iter().map(|_| Corners::default()).collect();
        let first = self.first + patches.count as u64;
        for image in first..first + count as u64 {
            let mut generator = generator(seed, Purpose::Patches, image);
            for (&size, corners) in sizes.iter().zip(&mut corners) {
                corners.draw(&mut generator, size, each);
            }
        }
        let cut =
            |(level, corners): (&Tensor, &Corners)| corners.cut(level).to_kind(Kind::Float).to_device(Device::Cpu);
        patches.batches.push(levels.iter().zip(&corners).map(cut).collect());
        patches.count += count;
        Ok(())
    }

    /// Adds what another has seen; its place does not count.
    ///
    /// # Errors
    /// [`EvalError::Images`] if its images are of another size; [`EvalError::Config`] if it draws otherwise.
    pub fn merge(&mut self, other: &Self) -> Result<(), EvalError> {
        if self.config != other.config {
            let (expected, got) = (format!("{:?}", self.config), format!("{:?}", other.config));
            return Err(EvalError::Config { op: "SlicedWasserstein::merge", key: "config", expected, got });
        }
        if let (Some([height, width]), Some(theirs)) = (self.size, other.size)
            && [height, width] != theirs
        {
            let expected = format!("images [B, 3, {height}, {width}], as before");
            let got = format!("[B, 3, {}, {}]", theirs[0], theirs[1]);
            return Err(EvalError::Images { op: "SlicedWasserstein::merge", expected, got });
        }
        self.size = self.size.or(other.size);
        for (ours, theirs) in [(&mut self.images, &other.images), (&mut self.references, &other.references)] {
            let copy = |levels: &Vec<Tensor>| levels.iter().map(Tensor::shallow_clone).collect();
            ours.batches.extend(theirs.batches.iter().map(copy));
            ours.count += theirs.count;
        }
        Ok(())
    }

    /// The distance between what was seen.
    ///
    /// # Errors
    /// [`EvalError::Images`] if the sides have not the same number of images, or none, or if a level of one is of one
    /// value in all pixels of a colour.
    pub fn compute(&self) -> Result<SlicedScores, EvalError> {
        let (Some(size), true) = (self.size, self.images.count == self.references.count && self.images.count > 0)
        else {
            let got = format!("{} and {}", self.images.count, self.references.count);
            return refuse("SlicedWasserstein::compute", "as many images as references, one or more".into(), got);
        };
        let sizes = level_sizes(size, SMALLEST);
        let mut levels = Vec::with_capacity(sizes.len());
        for (level, [height, width]) in sizes.into_iter().enumerate() {
            let descriptors = |patches: &Patches| patches.descriptors(level, [height, width]);
            let (images, references) = (descriptors(&self.images)?, descriptors(&self.references)?);
            let distance = sliced(&images, &references, &self.directions(level));
            levels.push(LevelDistance { height, width, distance });
        }
        let mean = levels.iter().map(|level| level.distance).sum::<f64>() / levels.len() as f64;
        Ok(SlicedScores { mean, levels, images: self.images.count })
    }

    /// Directions of length 1 at a level, `[147, D]`, `Double`.
    fn directions(&self, level: usize) -> Tensor {
        let mut generator = generator(self.config.seed, Purpose::Directions, level as u64);
        let numbers = self.config.directions * (3 * SIDE * SIDE) as usize;
        let numbers: Vec<f64> = (0..numbers).map(|_| normal(&mut generator)).collect();
        let directions = Tensor::from_slice(&numbers).view([-1, 3 * SIDE * SIDE]).tr();
        let lengths = directions.square().sum_dim_intlist(0, true, Kind::Double).sqrt();
        directions / lengths
    }

    fn check_images(&self, images: &Tensor) -> Result<[i64; 2], EvalError> {
        let op = "SlicedWasserstein::update";
        let size = match (<[i64; 4]>::try_from(images.size()), self.size) {
            (Ok([_, 3, height, width]), None) if height >= SMALLEST && width >= SMALLEST => [height, width],
            (Ok([_, 3, height, width]), Some(before)) if before == [height, width] => before,
            (_, None) => {
                return refuse(op, "images [B, 3, H, W] with H, W >= 16".into(), format!("{:?}", images.size()));
            }
            (_, Some([height, width])) => {
                let expected = format!("images [B, 3, {height}, {width}], as before");
                return refuse(op, expected, format!("{:?}", images.size()));
            }
        };
        let finite = images.isfinite().flatten(1, 3).all_dim(1, false); // [B]
        if !bool::try_from(finite.all()).unwrap_or(false) {
            let image = finite.to_kind(Kind::Int64).argmin(0, false).int64_value(&[]);
            return refuse(op, "pixels that are finite".into(), format!("others in image {image} of the batch"));
        }
        Ok(size)
    }
}

impl Patches {
    /// The normalized patches of a level of this size, `[P, 147]`, `Double`.
    fn descriptors(&self, level: usize, [height, width]: [i64; 2]) -> Result<Tensor, EvalError> {
        let batches: Vec<&Tensor> = self.batches.iter().filter_map(|levels| levels.get(level)).collect();
        let patches = Tensor::cat(&batches, 0).to_kind(Kind::Double); // [P, 3, 7, 7]
        let axes = [0_i64, 2, 3];
        let centred = &patches - patches.mean_dim(axes.as_slice(), true, Kind::Double);
        let spread = centred.square().mean_dim(axes.as_slice(), true, Kind::Double).sqrt(); // [1, 3, 1, 1]
        if spread.min().double_value(&[]) < LEAST_SPREAD {
            let got = format!("one value in all patches of the level of {height}x{width}");
            return refuse("SlicedWasserstein::compute", "images whose colours vary".into(), got);
        }
        Ok((centred / spread).flatten(1, 3))
    }
}

/// The mean over directions `[147, D]` of the distance between projections of `[P, 147]` and `[P, 147]`.
fn sliced(images: &Tensor, references: &Tensor, directions: &Tensor) -> f64 {
    let blocks = directions.split(BLOCK, 1).into_iter().map(|directions| {
        let ascending = |patches: &Tensor| patches.matmul(&directions).sort(0, false).0; // [P, block]
        (ascending(images) - ascending(references)).abs().sum(Kind::Double).double_value(&[])
    });
    blocks.sum::<f64>() / (images.size()[0] * directions.size()[1]) as f64
}

fn refuse<T>(op: &'static str, expected: String, got: String) -> Result<T, EvalError> {
    Err(EvalError::Images { op, expected, got })
}
