use std::io::Write;
use std::path::{Path, PathBuf};

use vq_core::{DeviceChoice, Histogram};
use vq_eval::Synonyms;

use super::{MethodConfig, StudyConfig, StudyRow, StudyRun, StudyTable};
use crate::atomic_file::write_atomically;
use crate::report::RunFolder;
use crate::{
    BestBy, Checkpoint, Environment, Evaluated, Evaluation, EvaluationRequest, Experiment, ExperimentFile, Plan,
    RunDir, RunState, Sessions, StartConfig, TrainError, Trainer, Weights,
};

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

/// What an evaluation of a study keeps, in the folder of its run.
struct Measured {
    evaluation: Evaluation,
    histograms: Vec<Histogram>,
}

/// What is left to do of a job.
pub enum JobState {
    /// Nothing.
    Finished,
    /// To train, from the beginning or from where it was interrupted.
    Ready(Box<Trainer>),
}

impl Study {
    /// A study whose runs lie in `folder`.
    pub fn new(config: StudyConfig, folder: &Path, device: DeviceChoice) -> Self {
        Self { config, folder: folder.to_path_buf(), device }
    }

    /// All runs, in an order in which they can be done: seed by seed, so that a study that is interrupted has compared
    /// all methods; each reader after its method.
    pub fn jobs(&self) -> Vec<Job> {
        let mut jobs = Vec::new();
        for &seed in &self.config.seeds {
            for method in &self.config.methods {
                let mut file = self.config.experiment(method);
                file.overrides.push(format!("seed={seed}"));
                jobs.push(self.job(self.run_name(method, seed), file));
                if let Some(reader) = &self.config.reader {
                    let start = toml::Value::String(self.run(method, seed).display().to_string());
                    let overrides = vec![format!("start.run={start}"), format!("seed={seed}")];
                    let file = ExperimentFile { path: reader.clone(), overrides };
                    jobs.push(self.job(self.reader_name(method, seed), file));
                }
            }
        }
        jobs
    }

    /// Evaluates every method and seed whose runs are finished, on its validation set; what is evaluated already is not
    /// evaluated again unless its checkpoint is another one, or the version, format, device or options of the
    /// evaluation are.
    ///
    /// # Errors
    /// [`TrainError`] of the first that cannot be evaluated.
    pub fn evaluate(&self, synonyms: Option<&Synonyms>) -> Result<StudyTable, TrainError> {
        let mut table = StudyTable::default();
        for method in &self.config.methods {
            let title = method.title.clone().unwrap_or_else(|| method.name.clone());
            let mut runs = Vec::new();
            for &seed in &self.config.seeds {
                let name = match &self.config.reader {
                    Some(_) => self.reader_name(method, seed),
                    None => self.run_name(method, seed),
                };
                let run = RunDir::existing(&self.folder.join(name));
                if Sessions::of(&run).state == RunState::Finished {
                    let Measured { evaluation, histograms } = self.evaluation(&run, synonyms)?;
                    let folder = RunFolder::read(&RunDir::existing(&self.run(method, seed)))?;
                    runs.push(StudyRun { evaluation, histograms, folder });
                }
            }
            table.push(StudyRow { title, runs });
        }
        Ok(table)
    }

    /// What was measured of a run: by an earlier call if all that decides it is as it was, otherwise now.
    fn evaluation(&self, run: &RunDir, synonyms: Option<&Synonyms>) -> Result<Measured, TrainError> {
        let checkpoint = Checkpoint::open(&run.checkpoint())?;
        let request = EvaluationRequest {
            weights: Weights::Ema,
            device: self.device.resolve()?,
            data: None,
            synonyms: synonyms.cloned(),
            distances: self.config.distances.clone(),
            shown: None,
        };
        let (path, codes) = (run.path().join("evaluation.json"), run.path().join("codes.json"));
        if let Some(measured) = Measured::kept(&path, &codes)? {
            let conditions = &measured.evaluation.conditions;
            if conditions.tokenizer.sha256 == checkpoint.sha256(request.weights)
                && conditions.distances == request.distances
                && conditions.synonyms == request.synonyms.is_some()
                && conditions.environment.computes_like(&Environment::of(request.device))
            {
                return Ok(measured);
            }
        }
        let Evaluated { evaluation, histograms, told, .. } = request.run(&checkpoint)?;
        let encode = |error: serde_json::Error| TrainError::io("encode", &path)(error.into());
        let lines: Result<Vec<String>, _> = told.iter().map(serde_json::to_string).collect();
        let lines = lines.map_err(encode)?.iter().map(|line| format!("{line}\n")).collect::<String>();
        write_atomically(&run.path().join("told.jsonl"), |file| file.write_all(lines.as_bytes()))?;
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

    fn reader_name(&self, method: &MethodConfig, seed: u64) -> String {
        format!("{}-reader", self.run_name(method, seed))
    }

    fn run(&self, method: &MethodConfig, seed: u64) -> PathBuf {
        self.folder.join(self.run_name(method, seed))
    }
}

impl Measured {
    /// What an earlier call kept; none if it kept nothing, or nothing that this version reads: it is measured again, and
    /// nothing is lost.
    fn kept(evaluation: &Path, codes: &Path) -> Result<Option<Self>, TrainError> {
        if !evaluation.exists() || !codes.exists() {
            return Ok(None);
        }
        let read = |path: &Path| std::fs::read_to_string(path).map_err(TrainError::io("read", path));
        let evaluation = Evaluation::from_json(&evaluation.display().to_string(), &read(evaluation)?);
        let histograms = serde_json::from_str(&read(codes)?);
        Ok(evaluation.ok().zip(histograms.ok()).map(|(evaluation, histograms)| Self { evaluation, histograms }))
    }
}

impl Job {
    /// Begins the run, or goes on with it; nothing is left to do if it is finished.
    ///
    /// # Errors
    /// [`TrainError::Config`] if its folder holds a run of another experiment; [`TrainError`] of whatever cannot be read
    /// or built.
    pub fn state(&self) -> Result<JobState, TrainError> {
        let run = RunDir::existing(&self.run);
        // What it begins with is read only if it has yet to begin: a finished study can be moved.
        if !self.run.exists() {
            let experiment = Experiment { device: self.device, ..self.file.load()? };
            let plan = Plan::resolve(experiment)?;
            return Ok(JobState::Ready(Box::new(Trainer::begin(plan, || RunDir::exact(&self.run))?)));
        }
        self.refuse_another(&run)?;
        match Sessions::of(&run).state {
            RunState::Finished => Ok(JobState::Finished),
            _ => Ok(JobState::Ready(Box::new(Trainer::resume(run)?))),
        }
    }

    /// A run of another experiment is not taken for this one; the device does not count.
    fn refuse_another(&self, run: &RunDir) -> Result<(), TrainError> {
        let wanted = self.file.load()?;
        let file = run.config();
        let refuse = |message: String| TrainError::Config { file: file.display().to_string(), message };
        let text = std::fs::read_to_string(&file).map_err(TrainError::io("read", &file))?;
        let found: Experiment = toml::from_str(&text).map_err(|error| refuse(error.message().to_owned()))?;
        // Where a tokenizer lies may have changed: a study can be moved.
        let start = match (found.start, &wanted.start) {
            (Some(found), Some(wanted)) => Some(StartConfig { run: wanted.run.clone(), ..found }),
            (found, _) => found,
        };
        let mut found = Experiment { device: wanted.device, start, ..found };
        // Which figure decides used to be written out where it was not asked for.
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
        )))
    }
}
