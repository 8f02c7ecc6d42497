//! `vqct train generator`.

use std::path::PathBuf;

use anyhow::{Context, Result};
use vq_train::{GeneratorPlan, GeneratorRun, GeneratorValidation, Outcome, RunEnd, Task};

use super::run_args::{RunArgs, program};
use crate::input::with_notes;
use crate::terminal::Terminal;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The experiment.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The run of the tokenizer whose ids the generator models (`tokens.tokenizer.run`).
    #[arg(long, value_name = "RUN", conflicts_with = "resume")]
    tokenizer: Option<PathBuf>,
    /// The folder that `vqct tokenize --store` filled (`tokens.source`).
    #[arg(long, value_name = "FOLDER", conflicts_with = "resume")]
    store: Option<PathBuf>,
    #[command(flatten)]
    run: RunArgs,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let mut run = match args.run.resumed(args.config.as_ref())? {
        Some(folder) => GeneratorRun::resume(folder)?,
        None => begin(args)?,
    };
    print_plan(&run);
    let (steps, taken) = (run.task().plan.setup.experiment.train.steps, run.steps_taken());
    let outcome = Terminal::new()?.run(steps, taken, |observer| Ok(run.train(observer)?))?;
    print_outcome(&run, &outcome);
    Ok(())
}

fn begin(args: &Args) -> Result<GeneratorRun> {
    let config = args.config.clone().context("train generator: expected `--config` or `--resume`, got neither")?;
    let mut file = args.run.experiment(config);
    file.overrides = args.shortcuts().chain(file.overrides).collect();
    let experiment = with_notes(file.load_generator()?);
    let name = experiment.name.clone();
    Ok(GeneratorRun::begin(GeneratorPlan::new(experiment)?, || args.run.new_folder(&name))?)
}

impl Args {
    /// The options `--tokenizer` and `--store` as overrides.
    fn shortcuts(&self) -> impl Iterator<Item = String> {
        let quoted = |path: PathBuf| toml::Value::String(path.display().to_string());
        let tokenizer = self.tokenizer.clone().map(|run| format!("tokens.tokenizer.run={}", quoted(run)));
        let store = self.store.as_ref().map(|folder| {
            let [train, validation] =
                ["train", "validation"].map(|part| quoted(folder.join(format!("{part}.safetensors"))));
            format!("tokens.source={{ kind = \"store\", train = {train}, validation = {validation} }}")
        });
        tokenizer.into_iter().chain(store)
    }
}

fn print_plan(run: &GeneratorRun) {
    let plan = &run.task().plan;
    let [train, validation] = plan.image_counts();
    let grid = &plan.tokens.grid;
    print_line!("run        {}", run.folder().path().display());
    print_line!("device     {:?}", plan.device);
    print_line!("tokenizer  {}, {}", plan.setup.tokenizer.run.display(), plan.setup.tokenizer.sha256);
    print_line!("images     {train} for training, {validation} for validation");
    print_line!("ids        {}x{}, {} per position", grid.grid.rows, grid.grid.columns, grid.slots());
    print_line!("condition  {}", plan.conditioner.kind());
    print_line!("parameters {}", run.task().parameters());
}

fn print_outcome(run: &GeneratorRun, outcome: &Outcome<GeneratorValidation>) {
    let files = run.folder();
    let (folder, program) = (files.path().display(), program());
    print_line!("");
    match outcome.end {
        RunEnd::Finished => {
            print_line!("trained {} steps in {:.0} s", outcome.step, outcome.elapsed.as_secs_f64());
            match &outcome.validation {
                Some(validation) => print_figures(validation),
                None => print_line!("the last validation failed, see {}", files.metrics().display()),
            }
            print_line!("\n  {}  validation images above samples", files.grid(outcome.step).display());
            print_line!("  {}  the generator", files.checkpoint().display());
            print_line!("\ntry next:");
            print_line!("  {program} generate --checkpoint {folder} --grid samples.png");
        }
        RunEnd::Stopped => {
            print_line!("stopped after step {}, saved; continue with:", outcome.step);
            print_line!("  {program} train generator --resume {folder}");
        }
    }
}

fn print_figures(validation: &GeneratorValidation) {
    let (nats, perplexity) = (validation.nats_per_id, validation.perplexity());
    print_line!("validation set: {nats:.4} nats per id, perplexity {perplexity:.1}");
    for slot in &validation.slots {
        print_line!("  {:<12} {:.4}", slot.slot, slot.nats_per_id);
    }
}
