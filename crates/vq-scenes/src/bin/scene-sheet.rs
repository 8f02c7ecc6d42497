//! Draws scenes with their captions below into a PNG file.
//!
//! ```text
//! scene-sheet [--size S] [--seed N] [--split train|validation|held-out] [--first N]
//!             [--columns N] [--rows N] [--zoom N] --out FILE.png
//! ```
#![allow(clippy::print_stderr, reason = "a command prints its errors")]

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use std::str::FromStr;

use vq_scenes::{EmojiScenes, Scene, SceneConfig, SceneSplit, SheetLayout, sheet};

const USAGE: &str = "usage: scene-sheet [--size S] [--seed N] [--split train|validation|held-out] [--first N] \
                     [--columns N] [--rows N] [--zoom N] --out FILE.png";

fn main() -> ExitCode {
    let Some(arguments) = Arguments::parse(std::env::args().skip(1)) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

struct Arguments {
    config: SceneConfig,
    first: u64,
    rows: u32,
    layout: SheetLayout,
    out: PathBuf,
}

impl Arguments {
    fn parse(mut words: impl Iterator<Item = String>) -> Option<Self> {
        let mut config = SceneConfig::new(64);
        let mut layout = SheetLayout { columns: 6, zoom: 2 };
        let (mut first, mut rows, mut out) = (0, 5, None);
        while let Some(word) = words.next() {
            let value = words.next()?;
            match word.as_str() {
                "--size" => config.size = number(&value)?,
                "--seed" => config.seed = number(&value)?,
                "--split" => config.split = split(&value)?,
                "--first" => first = number(&value)?,
                "--columns" => layout.columns = number(&value)?,
                "--rows" => rows = number(&value)?,
                "--zoom" => layout.zoom = number(&value)?,
                "--out" => out = Some(PathBuf::from(value)),
                _ => return None,
            }
        }
        Some(Self { config, first, rows, layout, out: out? })
    }
}

fn number<T: FromStr>(text: &str) -> Option<T> {
    text.parse().ok()
}

fn split(name: &str) -> Option<SceneSplit> {
    [SceneSplit::Train, SceneSplit::Validation, SceneSplit::HeldOut].into_iter().find(|split| split.name() == name)
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let Arguments { config, first, rows, layout, out } = arguments;
    let world = EmojiScenes::new(config.clone())?;
    let count = u64::from(*rows) * u64::from(layout.columns);
    let scenes: Vec<Scene> = (*first..first.saturating_add(count)).map(|index| world.scene(index)).collect();
    vq_file::write_png(out, &sheet(&scenes, *layout)?)?;
    Ok(())
}
