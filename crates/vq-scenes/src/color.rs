//! Colours of objects.

use serde::{Deserialize, Serialize};

/// A colour that an object can be tinted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Color {
    /// Hue 345 to 15 degrees, strong.
    Red,
    /// Hue 20 to 42 degrees, strong and light.
    Orange,
    /// Hue 45 to 62 degrees, strong and light.
    Yellow,
    /// Hue 85 to 160 degrees.
    Green,
    /// Hue 200 to 245 degrees.
    Blue,
    /// Hue 262 to 295 degrees.
    Purple,
    /// Hue 315 to 345 degrees, light.
    Pink,
    /// The hue of orange, dark.
    Brown,
    /// Hardly any hue, dark.
    Black,
    /// Hardly any hue, light.
    White,
    /// Hardly any hue, between black and white.
    Grey,
}

/// Three levels of red, green and blue, from dark to light.
type Ramp = [[i32; 3]; 3];

impl Color {
    /// All colours.
    pub const ALL: [Self; 11] = [
        Self::Red,
        Self::Orange,
        Self::Yellow,
        Self::Green,
        Self::Blue,
        Self::Purple,
        Self::Pink,
        Self::Brown,
        Self::Black,
        Self::White,
        Self::Grey,
    ];

    /// The adjective.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Red => "red",
            Self::Orange => "orange",
            Self::Yellow => "yellow",
            Self::Green => "green",
            Self::Blue => "blue",
            Self::Purple => "purple",
            Self::Pink => "pink",
            Self::Brown => "brown",
            Self::Black => "black",
            Self::White => "white",
            Self::Grey => "grey",
        }
    }

    /// The colour of a pixel (red, green, blue); `None` between the named colours.
    ///
    /// The variants list their ranges of hue.
    /// A pixel with a chroma (highest minus lowest level) of at most 22 has no hue: it is black below a highest level
    /// of 92, white from 190, grey between.
    #[must_use]
    pub fn of_pixel(rgb: [u8; 3]) -> Option<Self> {
        let [red, green, blue] = rgb.map(i32::from);
        let highest = red.max(green).max(blue);
        let chroma = highest - red.min(green).min(blue);
        if chroma <= 22 {
            return Some(match highest {
                ..92 => Self::Black,
                92..190 => Self::Grey,
                _ => Self::White,
            });
        }
        // In degrees: sixty for each step around the hexagon.
        let hue = if highest == red {
            (60 * (green - blue) / chroma).rem_euclid(360)
        } else if highest == green {
            120 + 60 * (blue - red) / chroma
        } else {
            240 + 60 * (red - green) / chroma
        };
        let saturation = 100 * chroma / highest;
        match hue {
            345.. | 0..=15 if saturation >= 55 && highest >= 95 => Some(Self::Red),
            20..=42 if saturation >= 50 && highest >= 195 => Some(Self::Orange),
            16..=40 if saturation >= 30 && highest < 180 => Some(Self::Brown),
            45..=62 if saturation >= 45 && highest >= 180 => Some(Self::Yellow),
            85..=160 if saturation >= 30 && highest >= 60 => Some(Self::Green),
            200..=245 if saturation >= 30 && highest >= 80 => Some(Self::Blue),
            262..=295 if saturation >= 25 && highest >= 80 => Some(Self::Purple),
            315..345 if saturation >= 18 && highest >= 170 => Some(Self::Pink),
            _ => None,
        }
    }

    /// The shade of this colour at a brightness of 0 to 255; [`of_pixel`](Self::of_pixel) gives each this colour.
    #[must_use]
    pub fn shade(self, brightness: u8) -> [u8; 3] {
        let [dark, middle, light] = self.ramp();
        let brightness = i32::from(brightness);
        let (from, to, part) =
            if brightness < 128 { (dark, middle, brightness) } else { (middle, light, brightness - 128) };
        std::array::from_fn(|channel| (from[channel] + (to[channel] - from[channel]) * part / 128).clamp(0, 255) as u8)
    }

    fn ramp(self) -> Ramp {
        match self {
            Self::Red => [[120, 8, 14], [218, 28, 34], [255, 96, 92]],
            Self::Orange => [[204, 92, 6], [244, 136, 20], [255, 186, 104]],
            Self::Yellow => [[190, 148, 4], [246, 208, 22], [255, 240, 124]],
            Self::Green => [[12, 84, 26], [40, 164, 62], [140, 224, 142]],
            Self::Blue => [[16, 42, 122], [44, 104, 224], [142, 186, 250]],
            Self::Purple => [[66, 20, 112], [138, 60, 198], [204, 160, 240]],
            Self::Pink => [[192, 62, 122], [244, 124, 182], [255, 202, 226]],
            Self::Brown => [[56, 30, 12], [116, 68, 34], [170, 116, 76]],
            Self::Black => [[6, 6, 8], [38, 38, 42], [86, 86, 90]],
            Self::White => [[190, 190, 194], [238, 238, 240], [255, 255, 255]],
            Self::Grey => [[94, 94, 98], [136, 136, 140], [182, 182, 186]],
        }
    }
}
