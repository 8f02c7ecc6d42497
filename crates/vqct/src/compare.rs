//! `vqct compare`.

use std::path::PathBuf;

use anyhow::{Context, Result};
use vq_core::DeviceChoice;
use vq_eval::Synonyms;
use vq_train::{End, JobState, Study, StudyConfig, StudyPage};

use crate::output::{refuse_existing, write_new};
use crate::terminal::Terminal;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The study: methods, seeds, and what reads their codes.
    #[arg(value_name = "STUDY")]
    study: PathBuf,
    /// The folder of its runs; those that are there are gone on with.
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    /// `auto`, `cpu` or `cuda:N`.
    #[arg(long, default_value = "auto")]
    device: DeviceChoice,
    /// WordNet's folder, whose synonyms METEOR counts [default: no synonyms].
    #[arg(long, value_name = "FOLDER")]
    wordnet: Option<PathBuf>,
    /// Train nothing: the table of the runs that are finished.
    #[arg(long)]
    table: bool,
    /// Also write the table to this Markdown file.
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// Also write a page with the table, plots and pictures to this file.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    args.markdown.iter().chain(&args.html).try_for_each(|path| refuse_existing(path))?;
    let synonyms = args.wordnet.as_deref().map(Synonyms::wordnet).transpose()?;
    let study = Study::new(StudyConfig::read(&args.study)?, &args.out, args.device);
    if !args.table && train(&study)? == End::Stopped {
        say!("stopped; the same command goes on, and with --table shows what is finished");
        return Ok(());
    }
    let table = study.evaluate(synonyms.as_ref())?;
    say!("\n{table}");
    if let Some(path) = &args.markdown {
        write_new(path, table.to_string().as_bytes())?;
    }
    if let Some(path) = &args.html {
        let title = args.study.file_stem().map_or_else(|| "study".into(), |name| name.to_string_lossy());
        write_new(path, StudyPage::of(&table, &title)?.html().as_bytes())?;
    }
    Ok(())
}

/// Trains what is not trained, until Ctrl-C.
fn train(study: &Study) -> Result<End> {
    let mut terminal = Terminal::new()?;
    let jobs = study.jobs();
    for (number, job) in (1..).zip(&jobs) {
        let name = || job.name.clone();
        let JobState::Ready(mut trainer) = job.state().with_context(name)? else { continue };
        say!("{number}/{} {}, from step {}", jobs.len(), job.name, trainer.steps_taken());
        let (steps, taken) = (trainer.plan().experiment.train.steps, trainer.steps_taken());
        let outcome = terminal.run(steps, taken, |watch| Ok(trainer.run(watch)?)).with_context(name)?;
        if outcome.end == End::Stopped {
            return Ok(End::Stopped);
        }
    }
    Ok(End::Finished)
}
