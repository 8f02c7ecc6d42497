//! Backdrops of scenes.

use image::{Rgb, RgbImage};
use serde::{Deserialize, Serialize};
use vq_random::RandomStream;

/// The number of lattice points of clouds along a side.
const LATTICE: usize = 6;
/// The difference in levels, summed over the three channels, at which a backdrop contrasts with an object.
const CONTRAST: i32 = 150;
/// The largest number of pairs of colours that are drawn for contrast; the best of them is taken.
const CANDIDATES: usize = 16;

/// The pattern behind the objects, of one or two colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Backdrop {
    /// One colour.
    Plain,
    /// From one colour at an edge or corner to another at the opposite one.
    Gradient,
    /// Stripes of two similar colours.
    Stripes,
    /// Squares of two similar colours.
    Checks,
    /// Soft spots of two similar colours.
    Clouds,
}

/// One of the eight directions to an edge or corner.
#[derive(Clone, Copy)]
struct Slope {
    x: i32,
    y: i32,
}

/// The share of the second colour at each pixel.
enum Pattern {
    Plain,
    Gradient(Slope),
    Stripes { slope: Slope, width: i32 },
    Checks { width: i32 },
    Clouds(Box<[i32; LATTICE * LATTICE]>),
}

/// Draws a backdrop of `[S, S]` that contrasts with these mean colours of objects, if a draw finds such colours.
pub(crate) fn draw_backdrop(random: &mut RandomStream, size: u32, objects: &[[i32; 3]]) -> (Backdrop, RgbImage) {
    let side = size as i32;
    let width = |random: &mut RandomStream| side / 16 + random.index(size as usize / 8) as i32 + 1;
    // Plain backdrops, gradients and textures are equally frequent.
    let (backdrop, pattern) = match random.index(9) {
        0..3 => (Backdrop::Plain, Pattern::Plain),
        3..6 => (Backdrop::Gradient, Pattern::Gradient(slope(random))),
        6 => (Backdrop::Stripes, Pattern::Stripes { slope: slope(random), width: width(random) }),
        7 => (Backdrop::Checks, Pattern::Checks { width: width(random) }),
        _ => (Backdrop::Clouds, Pattern::Clouds(Box::new(std::array::from_fn(|_| random.index(257) as i32)))),
    };
    let spread = if backdrop == Backdrop::Gradient { 90 } else { 40 };
    let [from, to] = colors(random, spread, objects);
    let image = RgbImage::from_fn(size, size, |x, y| {
        let part = pattern.part(x as i32, y as i32, side);
        Rgb(std::array::from_fn(|channel| (from[channel] + (to[channel] - from[channel]) * part / 256) as u8))
    });
    (backdrop, image)
}

impl Pattern {
    /// The share of the second colour, 0 to 256.
    fn part(&self, x: i32, y: i32, side: i32) -> i32 {
        match self {
            Self::Plain => 0,
            Self::Gradient(slope) => {
                // Each term is 0 at the first pixel and largest at the last one.
                let along = |at: i32, step: i32| if step < 0 { side - 1 - at } else { at };
                let way = slope.x.abs() * along(x, slope.x) + slope.y.abs() * along(y, slope.y);
                256 * way / ((slope.x.abs() + slope.y.abs()) * (side - 1))
            }
            Self::Stripes { slope, width } => 256 * ((slope.x * x + slope.y * y).div_euclid(*width) & 1),
            Self::Checks { width } => 256 * ((x / width + y / width) & 1),
            Self::Clouds(lattice) => {
                // Bilinear interpolation between the points, in steps of 1/256.
                let cell = |at: i32| {
                    let at = 256 * at * (LATTICE as i32 - 1) / side;
                    ((at / 256) as usize, at % 256)
                };
                let ((column, right), (row, down)) = (cell(x), cell(y));
                let line = |row: usize| {
                    let at = row * LATTICE + column;
                    lattice[at] * (256 - right) + lattice[at + 1] * right
                };
                (line(row) * (256 - down) + line(row + 1) * down) / (256 * 256)
            }
        }
    }
}

fn slope(random: &mut RandomStream) -> Slope {
    const SLOPES: [(i32, i32); 8] = [(1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (1, -1), (-1, 1), (-1, -1)];
    let (x, y) = SLOPES[random.index(SLOPES.len())];
    Slope { x, y }
}

/// Draws two colours that differ by at most `spread` in each channel.
fn colors(random: &mut RandomStream, spread: i32, objects: &[[i32; 3]]) -> [[i32; 3]; 2] {
    let mut best = [[0; 3]; 2];
    let mut best_distance = -1;
    for _ in 0..CANDIDATES {
        let grey = 30 + random.index(200) as i32;
        let from: [i32; 3] = std::array::from_fn(|_| (grey + random.index(101) as i32 - 50).clamp(10, 250));
        let to = from.map(|level| (level + random.index(2 * spread as usize + 1) as i32 - spread).clamp(0, 255));
        let distance = |object: &[i32; 3]| -> i32 {
            let to_color = |color: &[i32; 3]| -> i32 { color.iter().zip(object).map(|(a, b)| (a - b).abs()).sum() };
            to_color(&from).min(to_color(&to))
        };
        let distance = objects.iter().map(distance).min().unwrap_or(0);
        if distance > best_distance {
            (best, best_distance) = ([from, to], distance);
        }
        if distance >= CONTRAST {
            break;
        }
    }
    best
}
