//! `vqct study`.

use std::path::PathBuf;

use anyhow::{Context, Result};
use vq_core::DeviceChoice;
use vq_eval::Synonyms;
use vq_study::{JobState, Study, StudyConfig, StudyPage};
use vq_train::RunEnd;

use crate::output::{refuse_existing, write_new};
use crate::terminal::Terminal;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The study: methods, seeds, and the caption decoder of their codes.
    #[arg(value_name = "STUDY")]
    study: PathBuf,
    /// The folder of its runs; runs in it are continued.
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    /// `auto`, `cpu` or `cuda:N`.
    #[arg(long, default_value = "auto")]
    device: DeviceChoice,
    /// WordNet's folder, whose synonyms METEOR counts [default: no synonyms].
    #[arg(long, value_name = "FOLDER")]
    wordnet: Option<PathBuf>,
    /// Train nothing: print the table of the finished runs.
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
    let config = StudyConfig::read(&args.study)?;
    config.notes.iter().for_each(|note| eprintln!("note: {note}"));
    let study = Study::new(config, &args.out, args.device);
    if !args.table && train(&study)? == RunEnd::Stopped {
        print_line!("stopped; the same command continues, and with --table prints the finished runs");
        return Ok(());
    }
    let table = study.evaluate(synonyms.as_ref())?;
    print_line!("\n{table}");
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
fn train(study: &Study) -> Result<RunEnd> {
    let mut terminal = Terminal::new()?;
    let jobs = study.jobs();
    for (number, job) in (1..).zip(&jobs) {
        let name = || job.name.clone();
        let JobState::Ready(mut run) = job.state().with_context(name)? else { continue };
        print_line!("{number}/{} {}, from step {}", jobs.len(), job.name, run.steps_taken());
        let (steps, taken) = (run.task().plan.experiment.train.steps, run.steps_taken());
        let outcome = terminal.run(steps, taken, |observer| Ok(run.train(observer)?)).with_context(name)?;
        if outcome.end == RunEnd::Stopped {
            return Ok(RunEnd::Stopped);
        }
    }
    Ok(RunEnd::Finished)
}
