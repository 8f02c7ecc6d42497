//! `vqct train judge`.

use std::path::PathBuf;

use anyhow::{Context, Result};
use vq_data::scenes::Share;
use vq_train::{JudgeConfig, JudgedScenes, Record, SceneJudge, Watch};

use crate::output::refuse_existing;
use crate::progress::Progress;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The judge's scenes, network and training.
    #[arg(long, value_name = "FILE", default_value = "configs/scenes64/judge.toml")]
    config: PathBuf,
    /// Override a key, such as `--set steps=100`; may be given often.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    overrides: Vec<String>,
    /// The judge to write.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    refuse_existing(&args.out)?;
    let config = JudgeConfig::read(&args.config, &args.overrides)?;
    let mut run = Run { progress: Progress::new(config.steps, 0)? };
    let judge = SceneJudge::train(config, &mut run)?.context("expected all steps to be taken, got a stop")?;
    run.progress.finish();
    refuse_existing(&args.out)?;
    judge.save(&args.out)?;
    let figures = &judge.header().figures;
    print("validation", &figures.validation);
    print("held out", &figures.held_out);
    say!("{}  the judge", args.out.display());
    Ok(())
}

/// A training that nothing but the end of the process stops: what is learned half way is of no use.
struct Run {
    progress: Progress,
}

impl Watch for Run {
    fn step(&mut self, step: u64) {
        self.progress.step(step);
    }

    fn record(&mut self, record: &Record) {
        self.progress.record(record);
    }

    fn wants_stop(&self) -> bool {
        false
    }
}

fn print(what: &str, scenes: &JudgedScenes) {
    let percent = |value: Option<f64>| value.map_or_else(|| "–".into(), |value| format!("{:.2} %", value * 100.0));
    let share = |share: Share| percent(share.value());
    let JudgedScenes { object_precision, object_recall, all_objects, color, all_right, .. } = *scenes;
    let (precision, recall, f1) = (share(object_precision), share(object_recall), percent(scenes.object_f1()));
    say!("{what:<10} {} scenes: objects F1 {f1} (precision {precision}, recall {recall})", all_objects.of);
    say!("  all objects {}, colours {}, all right {}", share(all_objects), share(color), share(all_right));
}
