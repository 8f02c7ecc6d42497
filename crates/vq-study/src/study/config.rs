//! A study as TOML.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use vq_experiment::{ConfigError, ExperimentFile, Loaded, load_config};

use crate::{DistancesConfig, StudyError};

/// A study: methods, seeds, and optionally one caption decoder for all.
///
/// ```toml
/// seeds = [0, 1, 2]
/// caption_decoder = "caption-decoder.toml"   # optional: trained on each method's frozen codes
/// distances = { sliced = {} }      # optional: distances beyond PSNR and SSIM
/// set = ["train.steps=2000"]       # optional: for each method, before what it sets itself
///
/// [[methods]]
/// name = "vqct"
/// title = "VQCT"
/// config = "vqct.toml"             # relative to this file
/// set = ["quantizer.codebook_dim=16"]     # as `vqct train --set`
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StudyConfig {
    /// Each method is trained once with each.
    pub seeds: Vec<u64>,
    /// An experiment that starts from each method's run and trains captions alone; none: methods are evaluated with
    /// their own captions, if they have any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caption_decoder: Option<PathBuf>,
    /// Further distances; their paths are relative to the working directory.
    #[serde(default)]
    pub distances: DistancesConfig,
    /// Overrides of each method's experiment, before the method's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub set: Vec<String>,
    /// The methods, in the order of the table.
    pub methods: Vec<MethodConfig>,
    /// A note for each key of the study or of a method that has a new name.
    #[serde(skip)]
    pub notes: Vec<String>,
}

/// One method of a study.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MethodConfig {
    /// The name of its run folders: `NAME-SEED`.
    pub name: String,
    /// Its row in the table; the name if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Its experiment.
    pub config: PathBuf,
    /// Its overrides.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub set: Vec<String>,
}

impl StudyConfig {
    /// Reads a study; the paths in it become relative to the working directory.
    ///
    /// # Errors
    /// [`StudyError::Config`] if the file cannot be read, or a key or value does not fit.
    pub fn read(path: &Path) -> Result<Self, StudyError> {
        let Loaded { experiment: mut study, notes } = load_config::<Self>(path, &[])?;
        study.check().map_err(|message| ConfigError::Config { file: path.display().to_string(), message })?;
        let folder = path.parent().unwrap_or(Path::new(""));
        study.methods.iter_mut().map(|method| &mut method.config).chain(&mut study.caption_decoder).for_each(|file| {
            *file = folder.join(&file);
        });
        // A method whose experiment cannot be read is an error of its job.
        let methods = study.methods.iter().filter_map(|method| study.experiment(method).load().ok());
        let all: BTreeSet<String> = notes.into_iter().chain(methods.flat_map(|loaded| loaded.notes)).collect();
        study.notes = all.into_iter().collect();
        Ok(study)
    }

    /// The experiment of a method with all overrides but the seed's.
    pub fn experiment(&self, method: &MethodConfig) -> ExperimentFile {
        ExperimentFile { path: method.config.clone(), overrides: self.set.iter().chain(&method.set).cloned().collect() }
    }

    fn check(&self) -> Result<(), String> {
        if self.seeds.is_empty() || self.methods.is_empty() {
            let got = format!("{} and {}", self.seeds.len(), self.methods.len());
            return Err(format!("expected at least one of `seeds` and of `methods`, got {got}"));
        }
        for (at, MethodConfig { name, .. }) in self.methods.iter().enumerate() {
            if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)) {
                return Err(format!("methods[{at}].name: expected letters, digits, `-`, `_` and `.`, got `{name}`"));
            }
            if self.methods[..at].iter().any(|other| other.name == *name) {
                return Err(format!("methods[{at}].name: expected another name for each method, got `{name}` twice"));
            }
        }
        let twice = self.seeds.iter().enumerate().find(|&(at, seed)| self.seeds[..at].contains(seed));
        twice.map_or(Ok(()), |(at, seed)| Err(format!("seeds[{at}]: expected each seed once, got {seed} twice")))
    }
}
