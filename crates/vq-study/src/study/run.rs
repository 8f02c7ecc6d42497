//! The runs of a study.

use std::io::Write;
use std::path::{Path, PathBuf};

use vq_core::{DeviceChoice, Histogram};
use vq_eval::Synonyms;
use vq_experiment::{BestBy, ConfigError, Experiment, ExperimentFile, StartConfig, Weights, modernize};
use vq_file::{FileError, write_atomically};
use vq_pipeline::{Checkpoint, environment};
use vq_report::RunContents;
use vq_run::{RunDir, RunState, Sessions};
use vq_train::{TokenizerPlan, TokenizerRun};

use super::{MethodConfig, StudyConfig, StudyRow, StudyRun, StudyTable};
use crate::{Evaluated, Evaluation, EvaluationRequest, StudyError};

/// A study and the folder of its runs.
#[derive(Debug, Clone)]
pub struct Study {
    config: StudyConfig,
    folder: PathBuf,
    device: DeviceChoice,
}

/// One run of a study.
#[derive(Debug, Clone)]
pub struct Job {
    /// The name of its folder.
    pub name: String,
    run: PathBuf,
    file: ExperimentFile,
    device: DeviceChoice,
}

/// The evaluation of a run, kept in its folder.
struct Measured {
    evaluation: Evaluation,
    histograms: Vec<Histogram>,
}

/// What remains of a job.
pub enum JobState {
    /// Nothing.
    Finished,
    /// Training, from the beginning or from where it was interrupted.
    Ready(Box<TokenizerRun>),
}

impl Study {
    /// A study with its runs in `folder`.
    pub fn new(config: StudyConfig, folder: &Path, device: DeviceChoice) -> Self {
        Self { config, folder: folder.to_path_buf(), device }
    }

    /// All runs in an order in which they can be trained: seed by seed, so that an interrupted study has compared all
    /// methods; each caption decoder after its method.
    pub fn jobs(&self) -> Vec<Job> {
        let mut jobs = Vec::new();
        for &seed in &self.config.seeds {
            for method in &self.config.methods {
                let mut file = self.config.experiment(method);
                file.overrides.push(format!("seed={seed}"));
                jobs.push(self.job(self.run_name(method, seed), file));
                if let Some(decoder) = &self.config.caption_decoder {
                    let start = toml::Value::String(self.run(method, seed).display().to_string());
                    let overrides = vec![format!("start.run={start}"), format!("seed={seed}")];
                    let file = ExperimentFile { path: decoder.clone(), overrides };
                    jobs.push(self.job(self.decoder_name(method, seed), file));
                }
            }
        }
        jobs
    }

    /// Evaluates every method and seed whose runs are finished, on its validation set. A kept evaluation is used again
    /// unless its checkpoint or the version, format, device or options of the evaluation have changed.
    ///
    /// # Errors
    /// [`StudyError`] of the first run that cannot be evaluated.
    pub fn evaluate(&self, synonyms: Option<&Synonyms>) -> Result<StudyTable, StudyError> {
        let mut table = StudyTable::default();
        for method in &self.config.methods {
            let title = method.title.clone().unwrap_or_else(|| method.name.clone());
            let mut runs = Vec::new();
            for &seed in &self.config.seeds {
                let name = match &self.config.caption_decoder {
                    Some(_) => self.decoder_name(method, seed),
                    None => self.run_name(method, seed),
                };
                let run = RunDir::existing(&self.folder.join(name));
                if Sessions::of(&run).state == RunState::Finished {
                    let Measured { evaluation, histograms } = self.evaluation(&run, synonyms)?;
                    let contents = RunContents::read(&RunDir::existing(&self.run(method, seed)))?;
                    runs.push(StudyRun { evaluation, histograms, contents });
                }
            }
            table.push(StudyRow { title, runs });
        }
        Ok(table)
    }

    /// The evaluation of a run: the kept one if everything that decides it is unchanged, else a new one.
    fn evaluation(&self, run: &RunDir, synonyms: Option<&Synonyms>) -> Result<Measured, StudyError> {
        let checkpoint = Checkpoint::open(&run.checkpoint())?;
        let request = EvaluationRequest {
            weights: Weights::Ema,
            synonyms: synonyms.cloned(),
            distances: self.config.distances.clone(),
            ..EvaluationRequest::new(self.device.resolve()?)
        };
        let (path, codes) = (run.path().join("evaluation.json"), run.path().join("codes.json"));
        if let Some(measured) = Measured::kept(&path, &codes)? {
            let conditions = &measured.evaluation.conditions;
            if conditions.tokenizer.sha256 == checkpoint.sha256(request.weights)
                && conditions.distances == request.distances
                && conditions.synonyms == request.synonyms.is_some()
                && conditions.environment.computes_like(&environment(request.device))
            {
                return Ok(measured);
            }
        }
        let Evaluated { evaluation, histograms, captions, .. } = request.run(&checkpoint)?;
        let encode = |error: serde_json::Error| FileError::io("encode", &path)(error.into());
        let lines: Result<Vec<String>, _> = captions.iter().map(serde_json::to_string).collect();
        let lines = lines.map_err(encode)?.iter().map(|line| format!("{line}\n")).collect::<String>();
        write_atomically(&run.path().join("captions.jsonl"), |file| file.write_all(lines.as_bytes()))?;
        let json = serde_json::to_vec(&histograms).map_err(encode)?;
        write_atomically(&codes, |file| file.write_all(&json))?;
        let json = serde_json::to_vec_pretty(&evaluation).map_err(encode)?;
        write_atomically(&path, |file| file.write_all(&json))?;
        Ok(Measured { evaluation, histograms })
    }

    fn job(&self, name: String, file: ExperimentFile) -> Job {
        Job { run: self.folder.join(&name), name, file, device: self.device }
    }

    fn run_name(&self, method: &MethodConfig, seed: u64) -> String {
        format!("{}-{seed}", method.name)
    }

    fn decoder_name(&self, method: &MethodConfig, seed: u64) -> String {
        format!("{}-caption-decoder", self.run_name(method, seed))
    }

    fn run(&self, method: &MethodConfig, seed: u64) -> PathBuf {
        self.folder.join(self.run_name(method, seed))
    }
}

impl Measured {
    /// The kept evaluation; none if there is none that this version can read: it is then measured again, and nothing is
    /// lost.
    fn kept(evaluation: &Path, codes: &Path) -> Result<Option<Self>, StudyError> {
        if !evaluation.exists() || !codes.exists() {
            return Ok(None);
        }
        let read = |path: &Path| std::fs::read_to_string(path).map_err(FileError::io("read", path));
        let evaluation = Evaluation::from_json(&evaluation.display().to_string(), &read(evaluation)?);
        let histograms = serde_json::from_str(&read(codes)?);
        Ok(evaluation.ok().zip(histograms.ok()).map(|(evaluation, histograms)| Self { evaluation, histograms }))
    }
}

impl Job {
    /// Begins the run or continues it; nothing remains if it is finished.
    ///
    /// # Errors
    /// [`StudyError::Config`] if its folder holds a run of another experiment; [`StudyError`] of what cannot be read or
    /// built.
    pub fn state(&self) -> Result<JobState, StudyError> {
        let run = RunDir::existing(&self.run);
        // The run that it starts from is read only if it has not begun yet: a finished study can be moved.
        if !self.run.exists() {
            let experiment = Experiment { device: self.device, ..self.file.load()?.experiment };
            let plan = TokenizerPlan::new(experiment)?;
            return Ok(JobState::Ready(Box::new(TokenizerRun::begin(plan, || RunDir::exact(&self.run))?)));
        }
        self.refuse_another(&run)?;
        match Sessions::of(&run).state {
            RunState::Finished => Ok(JobState::Finished),
            _ => Ok(JobState::Ready(Box::new(TokenizerRun::resume(run)?))),
        }
    }

    /// Refuses a folder with a run of another experiment; the device may differ.
    fn refuse_another(&self, run: &RunDir) -> Result<(), StudyError> {
        let wanted = self.file.load()?.experiment;
        let file = run.config();
        let refuse = |message: String| ConfigError::Config { file: file.display().to_string(), message };
        let text = std::fs::read_to_string(&file).map_err(FileError::io("read", &file))?;
        let mut table: toml::Table = text.parse().map_err(|error: toml::de::Error| refuse(error.to_string()))?;
        modernize(&mut table, &file.display().to_string())?;
        let found: Experiment = table.try_into().map_err(|error: toml::de::Error| refuse(error.to_string()))?;
        // The path of a tokenizer may have changed: a study can be moved.
        let start = match (found.start, &wanted.start) {
            (Some(found), Some(wanted)) => Some(StartConfig { run: wanted.run.clone(), ..found }),
            (found, _) => found,
        };
        let mut found = Experiment { device: wanted.device, start, ..found };
        // Earlier versions wrote out the default.
        if found.train.best_by == Some(BestBy::Psnr) && wanted.train.best_by.is_none() {
            found.train.best_by = None;
        }
        if found == wanted {
            return Ok(());
        }
        Err(refuse(format!(
            "expected the experiment of {} for the run `{}`, got another; choose another folder, or remove the run",
            self.file.path.display(),
            self.name
        ))
        .into())
    }
}
