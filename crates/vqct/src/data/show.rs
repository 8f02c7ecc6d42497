//! `vqct data show`.

use std::path::PathBuf;

use anyhow::{Result, bail};
use vq_data::EpochStream;
use vq_data::grid::{GridLayout, SampleCells, SampleWords, draw_grid, sample_cells};

use super::source::{Data, SourceArgs};
use crate::output::{refuse_existing, write_png};

const PADDING: u32 = 6;
const LETTERS: f32 = 15.0;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    source: SourceArgs,
    /// The picture to write.
    #[arg(long, value_name = "FILE.png")]
    out: PathBuf,
    /// Samples to draw, or all if there are fewer.
    #[arg(long, value_name = "N", default_value_t = 24)]
    count: usize,
    /// Decides which samples.
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Samples in a row.
    #[arg(long, value_name = "N", default_value_t = 6)]
    columns: u32,
    /// The most that a picture is wide and high, in pixels.
    #[arg(long, value_name = "PIXELS", default_value_t = 192)]
    size: u32,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    if args.count == 0 {
        bail!("--count: expected at least 1, got 0");
    }
    let layout = GridLayout {
        columns: args.columns,
        cell: args.size.saturating_add(2 * PADDING),
        picture: args.size,
        padding: PADDING,
        letters: LETTERS,
    };
    layout.check()?;
    refuse_existing(&args.out)?;
    let Data { source, name, .. } = args.source.open()?;
    let mut stream = EpochStream::new(source.len(), args.seed)?;
    let shown = args.count.min(source.len());
    let indices: Vec<usize> = (0..shown as u64).map(|position| stream.at(position)).collect();
    let SampleCells { cells, damaged } = sample_cells(source.as_ref(), &indices, SampleWords::Captions, layout)?;
    write_png(&args.out, &draw_grid(&cells, layout)?)?;
    print_line!("{shown} of {} samples of {name}: {}", source.len(), args.out.display());
    damaged.iter().for_each(|fault| print_line!("damaged: {}: {}", fault.sample, fault.reason));
    Ok(())
}
