//! Makes the packed word list again: the same WordNet gives the same bytes.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use codebook_prior::{Lemmas, PriorError};
use flate2::{Compression, GzBuilder};

/// Packs WordNet's words, counts and irregular forms.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// WordNet's folder: index.*, data.*, *.exc, cntlist.rev (Debian: wordnet-base).
    #[arg(long, value_name = "DIR")]
    wordnet: PathBuf,
    /// The file to write: `assets/lemmas.txt.gz`.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

fn main() -> ExitCode {
    match remake(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // A closed stderr is no reason to fail.
            let _ = writeln!(std::io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn remake(arguments: &Arguments) -> Result<(), PriorError> {
    let text = Lemmas::open(&arguments.wordnet)?.to_text();
    let io = |source| PriorError::Io { op: "write", path: arguments.out.clone(), source };
    // No name and no time in the header, so that the bytes depend on the words alone.
    let mut packer = GzBuilder::new().write(Vec::new(), Compression::best());
    packer.write_all(text.as_bytes()).map_err(io)?;
    std::fs::write(&arguments.out, packer.finish().map_err(io)?).map_err(io)
}
