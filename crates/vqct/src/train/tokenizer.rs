//! `vqct train`, of a tokenizer.

use std::path::PathBuf;

use anyhow::Result;
use vq_data::DamagedFile;
use vq_train::{End, ExperimentFile, Outcome, Plan, RunDir, ToldImage, Trainer, Validation};

use crate::terminal::Terminal;

/// Captions that are printed at the end.
const SHOWN_CAPTIONS: usize = 5;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The experiment.
    #[arg(long, value_name = "FILE", default_value = "configs/scenes/vqct-vlt.toml")]
    config: PathBuf,
    /// Override a key of the experiment, such as `--set train.steps=100`; may be given often.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    overrides: Vec<String>,
    /// The run folder, which must not exist [default: runs/NAME-001, or the next number that is free].
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Go on with the run of this folder, from its last checkpoint, with the experiment that it holds.
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["config", "overrides", "out"])]
    resume: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let mut trainer = match &args.resume {
        Some(folder) => Trainer::resume(RunDir::existing(folder))?,
        None => begin(args)?,
    };
    describe(&trainer);
    let mut terminal = Terminal::new()?;
    let (steps, taken) = (trainer.plan().experiment.train.steps, trainer.steps_taken());
    let outcome = terminal.run(steps, taken, |watch| Ok(trainer.run(watch)?))?;
    summarize(&trainer, &outcome);
    Ok(())
}

fn begin(args: &Args) -> Result<Trainer> {
    let experiment = ExperimentFile { path: args.config.clone(), overrides: args.overrides.clone() }.load()?;
    let name = experiment.name.clone();
    let plan = Plan::resolve(experiment)?;
    Ok(Trainer::begin(plan, || match &args.out {
        Some(folder) => RunDir::exact(folder),
        None => RunDir::numbered("runs".as_ref(), &name),
    })?)
}

fn describe(trainer: &Trainer) {
    let plan = trainer.plan();
    let [train, validation] = plan.image_counts();
    let size = plan.experiment.data.transform.size;
    say!("run        {}", trainer.run_dir().path().display());
    say!("device     {:?}", plan.device);
    say!("images     {train} to train on, {validation} to validate on, {size}x{size}");
    if let Some(prior) = &plan.prior {
        let (adjectives, nouns) = (prior.adjectives().len(), prior.nouns().len());
        say!("codes      {adjectives} adjectives, {nouns} nouns, {} edges", prior.edges().len());
    }
    say!("parameters {}", trainer.parameters());
}

fn summarize(trainer: &Trainer, outcome: &Outcome) {
    let run = trainer.run_dir();
    let folder = run.path().display();
    let program = std::env::args().next().unwrap_or_else(|| "vqct".into());
    print_damaged(&trainer.plan().damaged_images());
    say!("");
    match outcome.end {
        End::Finished => {
            say!("trained {} steps in {:.0} s", outcome.step, outcome.elapsed.as_secs_f64());
            match &outcome.validation {
                Some(validation) => {
                    print_figures(validation);
                    print_captions(validation);
                    say!("\n  {}  originals above reconstructions", run.grid(outcome.step).display());
                }
                None => say!("the last validation failed, see {}", run.metrics().display()),
            }
            say!("  {}  the tokenizer", run.checkpoint().display());
            say!("  {}  the one with the best validation", run.best().display());
            say!("  {}  the figures", run.metrics().display());
            say!("\ntry next:");
            say!("  {program} inspect --checkpoint {folder} 'emoji:red apple'");
            say!("  {program} reconstruct --checkpoint {folder} --out pictures 'emoji:cat face'");
            say!("  {program} tokenize --checkpoint {folder} --out tokens.jsonl 'emoji:cat face'");
            say!("  {program} detokenize --checkpoint {folder} --out from-tokens tokens.jsonl");
        }
        End::Stopped => {
            say!("stopped after step {}, saved; go on with:", outcome.step);
            say!("  {program} train --resume {folder}");
        }
    }
}

/// Says which images had no part in the run.
fn print_damaged(damaged: &[DamagedFile]) {
    if damaged.is_empty() {
        return;
    }
    say!("\n{} damaged images were skipped, the next sound one took the place of each:", damaged.len());
    for DamagedFile { path, reason } in damaged {
        say!("  {}: {reason}", path.display());
    }
}

/// What is said of a few images of the validation set.
fn print_captions(validation: &Validation) {
    let Some(figures) = validation.captions else { return };
    let (likelihood, accuracy) = (figures.negative_log_likelihood, figures.accuracy * 100.0);
    say!("captions from codes alone: {likelihood:.3} nats a token, {accuracy:.1} % of tokens thought likeliest");
    for ToldImage { caption, told, .. } in validation.told.iter().take(SHOWN_CAPTIONS) {
        say!("  {told}   (in truth: {})", caption.as_deref().unwrap_or("no caption"));
    }
}

fn print_figures(validation: &Validation) {
    say!("validation set: PSNR {:.2} dB, SSIM {:.4}", validation.psnr, validation.ssim);
    say!("codebook over the whole validation set: {:.1} % of all codes used", validation.usage() * 100.0);
    for usage in &validation.groups {
        say!(
            "  {:<10} {:>5} of {} used ({:.1} %), perplexity {:.1}",
            usage.group,
            usage.used,
            usage.size,
            usage.share() * 100.0,
            usage.perplexity
        );
    }
}
