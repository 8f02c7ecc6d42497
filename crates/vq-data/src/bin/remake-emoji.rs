//! Makes `assets/emoji.zip` from a font and a list of names.
//!
//! ```text
//! remake-emoji [--font FILE] [--emoji-test FILE] --out FILE
//! ```
#![allow(clippy::print_stderr, reason = "a command prints its result")]

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use vq_data::DataError;
use vq_data::remake::{Remade, Sources, remake};

const USAGE: &str = "usage: remake-emoji [--font FILE] [--emoji-test FILE] --out FILE";
/// Debian's package fonts-noto-color-emoji.
const FONT: &str = "/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf";
/// Debian's package unicode-data.
const NAMES: &str = "/usr/share/unicode/emoji/emoji-test.txt";

fn main() -> ExitCode {
    let Some(arguments) = Arguments::parse(std::env::args_os().skip(1)) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    match run(&arguments) {
        Ok(remade) => {
            report(&arguments, &remade);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprint!("error: {error}");
            let mut cause = error.source();
            while let Some(error) = cause {
                eprint!(": {error}");
                cause = error.source();
            }
            eprintln!();
            ExitCode::FAILURE
        }
    }
}

struct Arguments {
    font: PathBuf,
    names: PathBuf,
    out: PathBuf,
}

impl Arguments {
    fn parse(mut words: impl Iterator<Item = std::ffi::OsString>) -> Option<Self> {
        let mut font = PathBuf::from(FONT);
        let mut names = PathBuf::from(NAMES);
        let mut out = None;
        while let Some(word) = words.next() {
            let value = PathBuf::from(words.next()?);
            match word.to_str()? {
                "--font" => font = value,
                "--emoji-test" => names = value,
                "--out" => out = Some(value),
                _ => return None,
            }
        }
        Some(Self { font, names, out: out? })
    }
}

fn run(arguments: &Arguments) -> Result<Remade, DataError> {
    let failed = |op, path: &Path| {
        let path = path.to_owned();
        move |source| DataError::Io { op, path, source }
    };
    let font = std::fs::read(&arguments.font).map_err(failed("read the font", &arguments.font))?;
    let names =
        std::fs::read_to_string(&arguments.names).map_err(failed("read the list of names", &arguments.names))?;
    let remade = remake(Sources { font: &font, names: &names })?;
    std::fs::write(&arguments.out, &remade.archive).map_err(failed("write the archive", &arguments.out))?;
    Ok(remade)
}

fn report(arguments: &Arguments, remade: &Remade) {
    for source in &remade.unlike {
        eprintln!(
            "note: this {} is not the one that the shipped archive was made from ({}, sha256 {}): \
             the archive differs",
            source.file, source.package, source.sha256
        );
    }
    eprintln!(
        "{}: {} emoji, {} bitmaps, {} bytes",
        arguments.out.display(),
        remade.provenance.emoji,
        remade.provenance.images,
        remade.archive.len()
    );
}
