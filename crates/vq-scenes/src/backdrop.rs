use image::{Rgb, RgbImage};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::order::below;

/// Points of the lattice of clouds along a side.
const LATTICE: usize = 6;
/// Objects stand out from colours that differ from theirs by so many levels, over the three channels.
const DISTINCT: i32 = 150;
/// How many pairs of colours are drawn at most, for objects to stand out; else the best of them is taken.
const CANDIDATES: usize = 16;

/// What is behind the objects: one or two colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Backdrop {
    /// One colour.
    Plain,
    /// From one colour at an edge or corner to another at the opposite one.
    Gradient,
    /// Stripes of two similar colours.
    Stripes,
    /// Squares of two similar colours.
    Checks,
    /// Soft spots between two similar colours.
    Clouds,
}

/// One of the eight directions to an edge or corner.
#[derive(Clone, Copy)]
struct Slope {
    x: i32,
    y: i32,
}

/// How much of the second colour there is at a pixel.
enum Pattern {
    Plain,
    Gradient(Slope),
    Stripes { slope: Slope, width: i32 },
    Checks { width: i32 },
    Clouds(Box<[i32; LATTICE * LATTICE]>),
}

/// Draws a backdrop of `[S, S]` from which these colours stand out, as far as chance allows.
pub(super) fn paint(random: &mut ChaCha8Rng, size: u32, objects: &[[i32; 3]]) -> (Backdrop, RgbImage) {
    let side = size as i32;
    let width = |random: &mut ChaCha8Rng| side / 16 + below(random, size as usize / 8) as i32 + 1;
    // A plain backdrop and a gradient are as frequent as all textures.
    let (backdrop, pattern) = match below(random, 9) {
        0..3 => (Backdrop::Plain, Pattern::Plain),
        3..6 => (Backdrop::Gradient, Pattern::Gradient(slope(random))),
        6 => (Backdrop::Stripes, Pattern::Stripes { slope: slope(random), width: width(random) }),
        7 => (Backdrop::Checks, Pattern::Checks { width: width(random) }),
        _ => (Backdrop::Clouds, Pattern::Clouds(Box::new(std::array::from_fn(|_| below(random, 257) as i32)))),
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
    /// 0 to 256.
    fn part(&self, x: i32, y: i32, side: i32) -> i32 {
        match self {
            Self::Plain => 0,
            Self::Gradient(slope) => {
                // Each term is 0 at the start and the last pixel's at the end.
                let along = |at: i32, step: i32| if step < 0 { side - 1 - at } else { at };
                let way = slope.x.abs() * along(x, slope.x) + slope.y.abs() * along(y, slope.y);
                256 * way / ((slope.x.abs() + slope.y.abs()) * (side - 1))
            }
            Self::Stripes { slope, width } => 256 * ((slope.x * x + slope.y * y).div_euclid(*width) & 1),
            Self::Checks { width } => 256 * ((x / width + y / width) & 1),
            Self::Clouds(lattice) => {
                // Bilinear between the points, in steps of 1/256.
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

fn slope(random: &mut ChaCha8Rng) -> Slope {
    const SLOPES: [(i32, i32); 8] = [(1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (1, -1), (-1, 1), (-1, -1)];
    let (x, y) = SLOPES[below(random, SLOPES.len())];
    Slope { x, y }
}

/// Two colours, not more than `spread` apart in each channel.
fn colors(random: &mut ChaCha8Rng, spread: i32, objects: &[[i32; 3]]) -> [[i32; 3]; 2] {
    let mut best = [[0; 3]; 2];
    let mut best_distance = -1;
    for _ in 0..CANDIDATES {
        let grey = 30 + below(random, 200) as i32;
        let from: [i32; 3] = std::array::from_fn(|_| (grey + below(random, 101) as i32 - 50).clamp(10, 250));
        let to = from.map(|level| (level + below(random, 2 * spread as usize + 1) as i32 - spread).clamp(0, 255));
        let distance = |object: &[i32; 3]| -> i32 {
            let to_color = |color: &[i32; 3]| -> i32 { color.iter().zip(object).map(|(a, b)| (a - b).abs()).sum() };
            to_color(&from).min(to_color(&to))
        };
        let distance = objects.iter().map(distance).min().unwrap_or(0);
        if distance > best_distance {
            (best, best_distance) = ([from, to], distance);
        }
        if distance >= DISTINCT {
            break;
        }
    }
    best
}
