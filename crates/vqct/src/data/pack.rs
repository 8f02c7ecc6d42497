//! `vqct data pack`.

use std::path::PathBuf;

use anyhow::Result;
use vq_data::{Damaged, PackConfig, PackEncoding, Packing, pack};

use super::bar::bar;
use super::source::{Data, SourceArgs};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    source: SourceArgs,
    /// The folder to make; it gets its name when all shards are on disk.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Cut the middle square of each image and resize it to so many pixels.
    #[arg(long, value_name = "PIXELS")]
    size: u32,
    /// Samples in a shard.
    #[arg(long, value_name = "N", default_value_t = 1000)]
    samples_per_shard: usize,
    /// Write JPEG of this quality, 1 to 100, over white, instead of PNG, which loses nothing.
    #[arg(long, value_name = "QUALITY")]
    jpeg: Option<u8>,
    /// What becomes of a damaged sample.
    #[arg(long, value_enum, default_value = "fail")]
    damaged: DamagedArg,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum DamagedArg {
    /// Nothing is written, and the error names it.
    Fail,
    /// It is left out, and the manifest names it.
    Skip,
}

impl Args {
    fn config(&self) -> PackConfig {
        PackConfig {
            size: self.size,
            samples_per_shard: self.samples_per_shard,
            encoding: match self.jpeg {
                Some(quality) => PackEncoding::Jpeg { quality, background: [255; 3] },
                None => PackEncoding::Png,
            },
            damaged: match self.damaged {
                DamagedArg::Fail => Damaged::Fail,
                DamagedArg::Skip => Damaged::Skip,
            },
        }
    }
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let config = args.config();
    config.check()?;
    let Data { source, name, config: about, .. } = args.source.open()?;
    let bar = bar(source.len())?;
    let packing = Packing { source: source.as_ref(), source_config: &about, config: &config, out: &args.out };
    let packed = pack(packing, &|| bar.inc(1));
    bar.finish_and_clear();
    let manifest = packed?;
    print_line!("{name}: {} samples in {} shards in {}", manifest.samples, manifest.shards.len(), args.out.display());
    print_line!(
        "  {} captions of {} samples, {} with a label, {} with a mask, {} with boxes",
        manifest.captions,
        manifest.captioned,
        manifest.labelled,
        manifest.segmented,
        manifest.boxed
    );
    if manifest.enlarged > 0 {
        print_line!("  {} images were smaller than {} pixels", manifest.enlarged, args.size);
    }
    manifest.damaged.iter().for_each(|fault| print_line!("left out: {}: {}", fault.sample, fault.reason));
    Ok(())
}
