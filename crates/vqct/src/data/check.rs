//! `vqct data check`.

use std::path::PathBuf;

use anyhow::{Result, bail};
use serde_json::json;
use vq_data::grid::{GridLayout, SampleWords, draw_grid, sample_cells};
use vq_data::{CaptionStats, Fault, LabelStats, PackManifest, SizeStats, Survey, ValueStats};

use super::bar::bar;
use super::source::{Data, SourceArgs};
use crate::output::{refuse_existing, write_png};

/// Samples on a contact sheet.
const MOST_ON_SHEET: usize = 60;
const SHEET: GridLayout = GridLayout { columns: 10, cell: 116, picture: 108, padding: 4, letters: 13.0 };

/// Classes that are named.
const MOST_CLASSES: usize = 5;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    source: SourceArgs,
    /// Draw a contact sheet: up to 60 samples, evenly spread over the data.
    #[arg(long, value_name = "FILE.png")]
    sheet: Option<PathBuf>,
    /// Print everything as JSON, each class and each damaged file included.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    args.sheet.iter().try_for_each(|path| refuse_existing(path))?;
    let Data { source, name, config, shards } = args.source.open()?;
    let bar = bar(source.len())?;
    let survey = Survey::of(source.as_ref(), &|| bar.inc(1));
    bar.finish_and_clear();
    let manifest = shards.as_deref().map(PackManifest::find).transpose()?.flatten();
    let changed = match (&manifest, &shards) {
        (Some(manifest), Some(folder)) => manifest.verify(folder),
        _ => Vec::new(),
    };
    match args.json {
        true => {
            let verified = manifest.as_ref().map(|manifest| manifest.shards.len());
            let report =
                json!({ "source": config, "survey": survey, "manifest_shards": verified, "changed_shards": changed });
            print_line!("{}", serde_json::to_string_pretty(&report)?);
        }
        false => {
            print(&name, &survey);
            if let Some(manifest) = &manifest {
                print_line!(
                    "  manifest: {} of {} shards match",
                    manifest.shards.len() - changed.len(),
                    manifest.shards.len()
                );
            }
            changed.iter().for_each(|Fault { sample, reason }| print_line!("changed: {sample}: {reason}"));
        }
    }
    if let Some(path) = &args.sheet {
        let shown = sample_cells(source.as_ref(), &spread_out(source.len()), SampleWords::Facts, SHEET)?;
        write_png(path, &draw_grid(&shown.cells, SHEET)?)?;
        if !args.json {
            print_line!("contact sheet: {}", path.display());
        }
    }
    match (survey.damaged.len(), changed.len()) {
        (0, 0) => Ok(()),
        (0, shards) => bail!("{name}: expected shards that match the manifest, got {shards} that differ"),
        (damaged, _) => bail!("{name}: expected sound samples, got {damaged} damaged ones of {}", survey.listed),
    }
}

/// Indices at even distances, the first one among them.
fn spread_out(samples: usize) -> Vec<usize> {
    let shown = samples.min(MOST_ON_SHEET);
    (0..shown).map(|at| at * samples / shown).collect()
}

fn print(name: &str, survey: &Survey) {
    print_line!("{name}");
    print_line!("  {} samples, {} sound, {} damaged", survey.listed, survey.sound, survey.damaged.len());
    survey.sizes.iter().for_each(print_sizes);
    print_captions(&survey.captions, survey.sound);
    survey.labels.iter().for_each(print_labels);
    match (survey.labels.is_empty(), survey.unlabelled) {
        (true, _) => print_line!("  labels: none"),
        (false, 0) => {}
        (false, without) => print_line!("  without a label: {without} samples"),
    }
    match &survey.segmentations {
        masks if masks.samples == 0 => print_line!("  masks: none"),
        masks => print_line!(
            "  masks: {} samples with one, {} without; {} different labels",
            masks.samples,
            masks.samples_without,
            masks.labels.len()
        ),
    }
    match survey.boxes.total {
        0 => print_line!("  boxes: none"),
        total => print_line!("  boxes: {total}; {} samples without one", survey.boxes.samples_without),
    }
    survey.damaged.iter().for_each(|Fault { sample, reason }| print_line!("damaged: {sample}: {reason}"));
}

fn print_sizes(sizes: &SizeStats) {
    let SizeStats { width, height, aspect, different, commonest } = sizes;
    let spread = |name: &str, spread: &ValueStats, digits: usize| {
        let ValueStats { min, median, max, .. } = spread;
        format!("{name} {min:.digits$} to {max:.digits$}, median {median:.digits$}")
    };
    print_line!(
        "  sizes: {}; {}; {}",
        spread("width", width, 0),
        spread("height", height, 0),
        spread("aspect", aspect, 2)
    );
    print_line!(
        "    {different} different, most of them {}x{} ({})",
        commonest.width,
        commonest.height,
        commonest.images
    );
}

fn print_captions(captions: &CaptionStats, samples: usize) {
    let (Some(words), Some(per_sample)) = (&captions.words, &captions.per_sample) else {
        return print_line!("  captions: none");
    };
    print_line!(
        "  captions: {}, of {samples} samples {} without one; {} to {} a sample, mean {:.2}",
        captions.total,
        captions.samples_without,
        per_sample.min,
        per_sample.max,
        per_sample.mean
    );
    print_line!("    words: {} to {}, mean {:.1}, median {}", words.min, words.max, words.mean, words.median);
}

fn print_labels(labels: &LabelStats) {
    let named: Vec<String> =
        labels.classes.iter().take(MOST_CLASSES).map(|class| format!("{} {}", class.label, class.samples)).collect();
    let rarest = match labels.classes.last() {
        Some(class) if labels.classes.len() > MOST_CLASSES => format!(", ... {} {}", class.label, class.samples),
        _ => String::new(),
    };
    print_line!("  labels: {} classes: {}{rarest}", labels.classes.len(), named.join(", "));
}
