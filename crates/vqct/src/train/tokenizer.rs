//! `vqct train`, of a tokenizer.

use std::path::PathBuf;

use anyhow::Result;
use vq_data::DamagedFile;
use vq_run::GeneratedCaption;
use vq_train::{Outcome, RunEnd, Task, TokenizerPlan, TokenizerRun, TokenizerValidation};

use super::run_args::{RunArgs, program};
use crate::input::with_notes;
use crate::terminal::Terminal;

/// The experiment where none is named.
const DEFAULT_CONFIG: &str = "configs/scenes/vqct-vlt.toml";

/// Captions that are printed at the end.
const SHOWN_CAPTIONS: usize = 5;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The experiment [default: configs/scenes/vqct-vlt.toml].
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    run: RunArgs,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let mut run = match args.run.resumed(args.config.as_ref())? {
        Some(folder) => TokenizerRun::resume(folder)?,
        None => begin(args)?,
    };
    print_plan(&run);
    let (steps, taken) = (run.task().plan.experiment.train.steps, run.steps_taken());
    let outcome = Terminal::new()?.run(steps, taken, |observer| Ok(run.train(observer)?))?;
    print_outcome(&run, &outcome);
    Ok(())
}

fn begin(args: &Args) -> Result<TokenizerRun> {
    let config = args.config.clone().unwrap_or_else(|| DEFAULT_CONFIG.into());
    let experiment = with_notes(args.run.experiment(config).load()?);
    let name = experiment.name.clone();
    Ok(TokenizerRun::begin(TokenizerPlan::new(experiment)?, || args.run.new_folder(&name))?)
}

fn print_plan(run: &TokenizerRun) {
    let plan = &run.task().plan;
    let [train, validation] = plan.image_counts();
    let size = plan.experiment.data.transform.size;
    print_line!("run        {}", run.folder().path().display());
    print_line!("device     {:?}", plan.device);
    print_line!("images     {train} for training, {validation} for validation, {size}x{size}");
    if let Some(prior) = &plan.prior {
        let (adjectives, nouns) = (prior.adjectives().len(), prior.nouns().len());
        print_line!("codes      {adjectives} adjectives, {nouns} nouns, {} edges", prior.edges().len());
    }
    print_line!("parameters {}", run.task().parameters());
}

fn print_outcome(run: &TokenizerRun, outcome: &Outcome<TokenizerValidation>) {
    let files = run.folder();
    let (folder, program) = (files.path().display(), program());
    print_damaged(&run.task().plan.damaged_images());
    print_line!("");
    match outcome.end {
        RunEnd::Finished => {
            print_line!("trained {} steps in {:.0} s", outcome.step, outcome.elapsed.as_secs_f64());
            match &outcome.validation {
                Some(validation) => {
                    print_figures(validation);
                    print_captions(validation);
                    print_line!("\n  {}  originals above reconstructions", files.grid(outcome.step).display());
                }
                None => print_line!("the last validation failed, see {}", files.metrics().display()),
            }
            print_line!("  {}  the tokenizer", files.checkpoint().display());
            print_line!("  {}  the tokenizer with the best validation", files.best().display());
            print_line!("  {}  all figures", files.metrics().display());
            print_line!("\ntry next:");
            print_line!("  {program} inspect --checkpoint {folder} 'emoji:red apple'");
            print_line!("  {program} reconstruct --checkpoint {folder} --out images 'emoji:cat face'");
            print_line!("  {program} tokenize --checkpoint {folder} --out tokens.jsonl 'emoji:cat face'");
            print_line!("  {program} detokenize --checkpoint {folder} --out from-tokens tokens.jsonl");
        }
        RunEnd::Stopped => {
            print_line!("stopped after step {}, saved; continue with:", outcome.step);
            print_line!("  {program} train --resume {folder}");
        }
    }
}

/// Prints which images were skipped.
fn print_damaged(damaged: &[DamagedFile]) {
    if damaged.is_empty() {
        return;
    }
    print_line!("\n{} damaged images were skipped; the next readable image replaced each:", damaged.len());
    for DamagedFile { path, reason } in damaged {
        print_line!("  {}: {reason}", path.display());
    }
}

/// Prints generated captions of a few images of the validation set.
fn print_captions(validation: &TokenizerValidation) {
    let Some(figures) = validation.captions else { return };
    let (likelihood, accuracy) = (figures.negative_log_likelihood, figures.accuracy * 100.0);
    print_line!("captions from codes alone: {likelihood:.3} nats per token, {accuracy:.1} % top-1 accuracy");
    for GeneratedCaption { caption, generated, .. } in validation.generated.iter().take(SHOWN_CAPTIONS) {
        print_line!("  {generated}   (reference: {})", caption.as_deref().unwrap_or("no caption"));
    }
}

fn print_figures(validation: &TokenizerValidation) {
    let (psnr, ssim) = (validation.image_metric("psnr"), validation.image_metric("ssim"));
    print_line!("validation set: PSNR {psnr:.2} dB, SSIM {ssim:.4}");
    let figures = &validation.figures;
    print_line!("codebook over the whole validation set: {:.1} % of all codes used", figures.usage() * 100.0);
    for group in &figures.groups {
        let (name, used, size) = (&group.group, group.used, group.size);
        let share = 100.0 * used as f64 / size.max(1) as f64;
        print_line!("  {name:<10} {used:>5} of {size} used ({share:.1} %), perplexity {:.1}", group.perplexity);
    }
}
