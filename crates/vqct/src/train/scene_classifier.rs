//! `vqct train scene-classifier`.

use std::path::PathBuf;

use anyhow::Result;
use vq_pipeline::SceneScores;
use vq_scenes::Share;
use vq_train::{Outcome, RunEnd, SceneClassifierPlan, SceneClassifierRun, SceneClassifierValidation, Task};

use super::run_args::{RunArgs, program};
use crate::input::with_notes;
use crate::terminal::Terminal;

/// The experiment where none is named.
const DEFAULT_CONFIG: &str = "configs/scenes64/scene-classifier.toml";

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The experiment [default: configs/scenes64/scene-classifier.toml].
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    run: RunArgs,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let mut run = match args.run.resumed(args.config.as_ref())? {
        Some(folder) => SceneClassifierRun::resume(folder)?,
        None => begin(args)?,
    };
    print_plan(&run);
    let (steps, taken) = (run.task().plan.setup.experiment.train.steps, run.steps_taken());
    let outcome = Terminal::new()?.run(steps, taken, |observer| Ok(run.train(observer)?))?;
    print_outcome(&run, &outcome);
    Ok(())
}

fn begin(args: &Args) -> Result<SceneClassifierRun> {
    let config = args.config.clone().unwrap_or_else(|| DEFAULT_CONFIG.into());
    let experiment = with_notes(args.run.experiment(config).load_scene_classifier()?);
    let name = experiment.name.clone();
    Ok(SceneClassifierRun::begin(SceneClassifierPlan::new(experiment)?, || args.run.new_folder(&name))?)
}

fn print_plan(run: &SceneClassifierRun) {
    let plan = &run.task().plan;
    let [train, validation] = plan.scene_counts();
    print_line!("run        {}", run.folder().path().display());
    print_line!("device     {:?}", plan.device);
    print_line!("scenes     {train} for training, {validation} for validation");
    print_line!("classes    {} objects, {} colours", plan.setup.nouns.len(), plan.setup.colors.len());
    print_line!("parameters {}", run.task().parameters());
}

fn print_outcome(run: &SceneClassifierRun, outcome: &Outcome<SceneClassifierValidation>) {
    let files = run.folder();
    print_line!("");
    match outcome.end {
        RunEnd::Finished => {
            print_line!("trained {} steps in {:.0} s", outcome.step, outcome.elapsed.as_secs_f64());
            match &outcome.validation {
                Some(SceneClassifierValidation(figures)) => {
                    print_scores("validation", &figures.validation);
                    print_scores("held out", &figures.held_out);
                }
                None => print_line!("the last validation failed, see {}", files.metrics().display()),
            }
            print_line!("\n  {}  the scene classifier", files.checkpoint().display());
        }
        RunEnd::Stopped => {
            print_line!("stopped after step {}, saved; continue with:", outcome.step);
            print_line!("  {} train scene-classifier --resume {}", program(), files.path().display());
        }
    }
}

fn print_scores(scenes: &str, scores: &SceneScores) {
    let percent = |value: Option<f64>| value.map_or_else(|| "–".into(), |value| format!("{:.2} %", value * 100.0));
    let share = |share: Share| percent(share.value());
    let SceneScores { object_precision, object_recall, all_objects, color, all_right, .. } = *scores;
    let (precision, recall, f1) = (share(object_precision), share(object_recall), percent(scores.object_f1()));
    print_line!("{scenes:<10} {} scenes: objects F1 {f1} (precision {precision}, recall {recall})", all_objects.of);
    print_line!("  all objects {}, colours {}, all right {}", share(all_objects), share(color), share(all_right));
}
