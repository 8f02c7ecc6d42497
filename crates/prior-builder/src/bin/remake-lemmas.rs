//! Packs the embedded word list of `codebook-prior`: the same WordNet gives the same bytes.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use flate2::{Compression, GzBuilder};
use prior_builder::{BuildError, read_lemmas};
use vq_file::FileError;

/// Packs WordNet's words, counts and irregular forms.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// WordNet's folder: index.*, data.*, *.exc, cntlist.rev (Debian: wordnet-base).
    #[arg(long, value_name = "DIR")]
    wordnet: PathBuf,
    /// The file to write: `assets/lemmas.txt.gz` of `codebook-prior`.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

fn main() -> ExitCode {
    match remake(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // A closed stderr is not an error.
            let _ = writeln!(std::io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn remake(arguments: &Arguments) -> Result<(), BuildError> {
    let text = read_lemmas(&arguments.wordnet)?.to_text();
    // Without name and time in the header, the bytes depend on the words only.
    let mut packer = GzBuilder::new().write(Vec::new(), Compression::best());
    let packed = packer.write_all(text.as_bytes()).and_then(|()| packer.finish());
    Ok(packed
        .and_then(|bytes| std::fs::write(&arguments.out, bytes))
        .map_err(FileError::io("write", &arguments.out))?)
}
