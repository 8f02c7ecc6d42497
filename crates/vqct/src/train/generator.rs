//! `vqct train generator`.

use std::path::PathBuf;

use anyhow::Result;
use vq_train::{End, ExperimentFile, GeneratorPlan, GeneratorTrainer, GeneratorValidation, Outcome, RunDir};

use crate::terminal::Terminal;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The experiment.
    #[arg(long, value_name = "FILE", required_unless_present = "resume")]
    config: Option<PathBuf>,
    /// The run of the tokenizer whose ids it learns to make (`tokens.tokenizer.run`).
    #[arg(long, value_name = "RUN")]
    tokenizer: Option<PathBuf>,
    /// The folder that `vqct tokenize --store` filled (`tokens.source`).
    #[arg(long, value_name = "FOLDER")]
    store: Option<PathBuf>,
    /// Override a key of the experiment, such as `--set train.steps=100`; may be given often.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    overrides: Vec<String>,
    /// The run folder, which must not exist [default: runs/NAME-001, or the next number that is free].
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Go on with the run of this folder, from its last checkpoint, with the experiment that it holds.
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["config", "tokenizer", "store", "overrides", "out"])]
    resume: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let mut trainer = match (&args.resume, &args.config) {
        (Some(folder), _) => GeneratorTrainer::resume(RunDir::existing(folder))?,
        (None, Some(config)) => begin(args, config.clone())?,
        (None, None) => anyhow::bail!("train generator: expected `--config` or `--resume`, got neither"),
    };
    describe(&trainer);
    let (steps, taken) = (trainer.plan().setup.experiment.train.steps, trainer.steps_taken());
    let outcome = Terminal::new()?.run(steps, taken, |watch| Ok(trainer.run(watch)?))?;
    summarize(&trainer, &outcome);
    Ok(())
}

fn begin(args: &Args, path: PathBuf) -> Result<GeneratorTrainer> {
    let experiment = ExperimentFile { path, overrides: args.overrides() }.load_generator()?;
    let name = experiment.name.clone();
    let plan = GeneratorPlan::resolve(experiment)?;
    Ok(GeneratorTrainer::begin(plan, || match &args.out {
        Some(folder) => RunDir::exact(folder),
        None => RunDir::numbered("runs".as_ref(), &name),
    })?)
}

impl Args {
    /// The options as overrides of the experiment, before those that are given as such.
    fn overrides(&self) -> Vec<String> {
        let quoted = |path: PathBuf| toml::Value::String(path.display().to_string());
        let tokenizer = self.tokenizer.clone().map(|run| format!("tokens.tokenizer.run={}", quoted(run)));
        let store = self.store.as_ref().map(|folder| {
            let [train, validation] =
                ["train", "validation"].map(|part| quoted(folder.join(format!("{part}.safetensors"))));
            format!("tokens.source={{ kind = \"store\", train = {train}, validation = {validation} }}")
        });
        tokenizer.into_iter().chain(store).chain(self.overrides.iter().cloned()).collect()
    }
}

fn describe(trainer: &GeneratorTrainer) {
    let plan = trainer.plan();
    let [train, validation] = plan.image_counts();
    let grid = &plan.tokens.grid;
    say!("run        {}", trainer.run_dir().path().display());
    say!("device     {:?}", plan.device);
    say!("tokenizer  {}, {}", plan.setup.tokenizer.run.display(), plan.setup.tokenizer.sha256);
    say!("images     {train} to train on, {validation} to validate on");
    say!("ids        {}x{}, {} for a position", grid.grid.rows, grid.grid.columns, grid.slots());
    say!("condition  {}", plan.conditioner.kind());
    say!("parameters {}", trainer.parameters());
}

fn summarize(trainer: &GeneratorTrainer, outcome: &Outcome<GeneratorValidation>) {
    let run = trainer.run_dir();
    let folder = run.path().display();
    let program = std::env::args().next().unwrap_or_else(|| "vqct".into());
    say!("");
    match outcome.end {
        End::Finished => {
            say!("trained {} steps in {:.0} s", outcome.step, outcome.elapsed.as_secs_f64());
            match &outcome.validation {
                Some(validation) => print_figures(validation),
                None => say!("the last validation failed, see {}", run.metrics().display()),
            }
            say!("\n  {}  validation images above samples", run.grid(outcome.step).display());
            say!("  {}  the generator", run.checkpoint().display());
            say!("\ntry next:");
            say!("  {program} generate --checkpoint {folder} --grid samples.png");
        }
        End::Stopped => {
            say!("stopped after step {}, saved; go on with:", outcome.step);
            say!("  {program} train generator --resume {folder}");
        }
    }
}

fn print_figures(validation: &GeneratorValidation) {
    let (nats, perplexity) = (validation.nats_per_id, validation.perplexity());
    say!("validation set: {nats:.4} nats an id, perplexity {perplexity:.1}");
    for slot in &validation.slots {
        say!("  {:<12} {:.4}", slot.slot, slot.nats_per_id);
    }
}
