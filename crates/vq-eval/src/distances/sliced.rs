//! The sliced Wasserstein distance between patches of images.

use serde::{Deserialize, Serialize};
use tch::{Device, Kind, Tensor};
use vq_random::RandomStream;

use super::patches::{Corners, SIDE};
use super::pyramid::{laplacian_pyramid, level_sizes};
use super::side::Side;
use crate::EvalError;
use crate::checks::check_at_least;

/// Smallest side of a pyramid's level.
const SMALLEST: i64 = 16;
/// A colour with a smaller standard deviation, in a range of 2, is constant up to rounding; a step of 8 bits is 8e-3.
const LEAST_SPREAD: f64 = 1e-6;
/// Directions whose projections are in memory at once.
const BLOCK: i64 = 16;
/// [`RandomStream`]'s purpose of the corners of patches, counted by images.
const PATCHES: u8 = 2;
/// [`RandomStream`]'s purpose of the directions, counted by levels.
const DIRECTIONS: u8 = 3;

/// Patches and directions of [`SlicedWasserstein`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SlicedConfig {
    /// Patches from each level of an image; 128 by default.
    pub patches: usize,
    /// Directions that a level's patches are projected on; 512 by default.
    pub directions: usize,
    /// Seed of patches and directions.
    pub seed: u64,
}

/// The values of the paper.
impl Default for SlicedConfig {
    fn default() -> Self {
        Self { patches: 128, directions: 512, seed: 0 }
    }
}

impl SlicedConfig {
    /// Checks the values.
    ///
    /// # Errors
    /// [`EvalError::Config`] naming the key, if there is no patch or no direction.
    pub fn check(&self) -> Result<(), EvalError> {
        check_at_least("check SlicedConfig", "patches", self.patches, 1)?;
        check_at_least("check SlicedConfig", "directions", self.directions, 1)
    }
}

/// Sliced Wasserstein distance between patches of Laplacian pyramids (Karras et al. 2018, arXiv 1710.10196, section 5).
/// It needs no trained network.
///
/// The levels of the pyramid go from full size down to 16 pixels, or to the first size that is odd.
/// Each level of each image gives 128 random patches of 7x7 pixels.
/// The patches of a level are normalized by the mean and the standard deviation of each colour over the set and projected
/// on random directions of length 1.
/// The distance along a direction is the mean absolute difference of the sorted projections.
/// The 512 directions are the paper's 4 repeats of 128; its tables give the distance times 1000.
///
/// # Randomness
/// The patches of image `n` depend on the seed, `n`, the size and the number of patches alone; the directions depend on
/// the seed and the level.
/// Images and references are cut at the same positions, so the distance of a set from itself is zero.
///
/// The accumulator holds all patches, as `Float` on the CPU: 75 kB per image and level.
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

/// The patches of one side.
#[derive(Debug, Default)]
struct Patches {
    count: i64,
    /// For each batch, for each level, `[p, 3, 7, 7]`.
    batches: Vec<Vec<Tensor>>,
}

/// Result of [`SlicedWasserstein::compute`].
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
    /// An empty accumulator.
    ///
    /// `first` is the index of the first image in the whole set, on both sides: 0 for a single accumulator. An accumulator
    /// of a later part then takes the same patches as one accumulator of the whole set.
    ///
    /// # Errors
    /// Those of [`SlicedConfig::check`].
    pub fn new(config: &SlicedConfig, first: u64) -> Result<Self, EvalError> {
        config.check()?;
        let (images, references) = (Patches::default(), Patches::default());
        Ok(Self { config: *config, first, size: None, images, references })
    }

    /// Adds images `[B, 3, H, W]`, `H, W >= 16`, of one side.
    ///
    /// # Errors
    /// [`EvalError::Input`] if the shape or the size differs, or a pixel is not finite.
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
            let mut stream = RandomStream::keyed(seed, PATCHES, image);
            for (&size, corners) in sizes.iter().zip(&mut corners) {
                corners.draw(&mut stream, size, each);
            }
        }
        let cut =
            |(level, corners): (&Tensor, &Corners)| corners.cut(level).to_kind(Kind::Float).to_device(Device::Cpu);
        patches.batches.push(levels.iter().zip(&corners).map(cut).collect());
        patches.count += count;
        Ok(())
    }

    /// Adds another accumulator; its `first` is ignored.
    ///
    /// # Errors
    /// [`EvalError::Input`] if its images have another size; [`EvalError::Config`] if its configuration differs.
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
            return Err(EvalError::input("SlicedWasserstein::merge", expected, got));
        }
        self.size = self.size.or(other.size);
        for (ours, theirs) in [(&mut self.images, &other.images), (&mut self.references, &other.references)] {
            let copy = |levels: &Vec<Tensor>| levels.iter().map(Tensor::shallow_clone).collect();
            ours.batches.extend(theirs.batches.iter().map(copy));
            ours.count += theirs.count;
        }
        Ok(())
    }

    /// The distance so far.
    ///
    /// # Errors
    /// [`EvalError::Input`] if the sides differ in the number of images or have none, or if a colour of a level is
    /// constant.
    pub fn compute(&self) -> Result<SlicedScores, EvalError> {
        let (Some(size), true) = (self.size, self.images.count == self.references.count && self.images.count > 0)
        else {
            let got = format!("{} and {}", self.images.count, self.references.count);
            let expected = "as many images as references, one or more";
            return Err(EvalError::input("SlicedWasserstein::compute", expected, got));
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

    /// Directions of a level, of length 1, `[147, D]`, `Double`.
    fn directions(&self, level: usize) -> Tensor {
        let mut stream = RandomStream::keyed(self.config.seed, DIRECTIONS, level as u64);
        let numbers = self.config.directions * (3 * SIDE * SIDE) as usize;
        let numbers: Vec<f64> = (0..numbers).map(|_| stream.normal()).collect();
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
                let expected = "images [B, 3, H, W] with H, W >= 16";
                return Err(EvalError::input(op, expected, format!("{:?}", images.size())));
            }
            (_, Some([height, width])) => {
                let expected = format!("images [B, 3, {height}, {width}], as before");
                return Err(EvalError::input(op, expected, format!("{:?}", images.size())));
            }
        };
        let finite = images.isfinite().flatten(1, 3).all_dim(1, false); // [B]
        if !bool::try_from(finite.all()).unwrap_or(false) {
            let image = finite.to_kind(Kind::Int64).argmin(0, false).int64_value(&[]);
            return Err(EvalError::input(op, "finite pixels", format!("others in image {image} of the batch")));
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
            return Err(EvalError::input("SlicedWasserstein::compute", "images whose colours vary", got));
        }
        Ok((centred / spread).flatten(1, 3))
    }
}

/// The mean over directions `[147, D]` of the distance between the projections of two sets `[P, 147]`.
fn sliced(images: &Tensor, references: &Tensor, directions: &Tensor) -> f64 {
    let blocks = directions.split(BLOCK, 1).into_iter().map(|directions| {
        let ascending = |patches: &Tensor| patches.matmul(&directions).sort(0, false).0; // [P, block]
        (ascending(images) - ascending(references)).abs().sum(Kind::Double).double_value(&[])
    });
    blocks.sum::<f64>() / (images.size()[0] * directions.size()[1]) as f64
}
