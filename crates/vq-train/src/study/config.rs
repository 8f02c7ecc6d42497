use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::{DistancesConfig, ExperimentFile, TrainError};

/// A study: methods, seeds, and what reads the codes of all.
///
/// ```toml
/// seeds = [0, 1, 2]
/// reader = "translator.toml"       # optional: learns captions from each method's finished codes
/// distances = { sliced = {} }      # optional: distances beyond PSNR and SSIM
/// set = ["train.steps=2000"]       # optional: for each method, before what it sets itself
///
/// [[methods]]
/// name = "vqct"
/// title = "VQCT"
/// config = "vqct.toml"             # relative to this file
/// set = ["quantizer.width=16"]     # as `vqct train --set`
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StudyConfig {
    /// Each method is trained once with each.
    pub seeds: Vec<u64>,
    /// An experiment that begins with each method's run and learns captions alone; none: methods are evaluated with
    /// their own captions, if they have any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reader: Option<PathBuf>,
    /// Distances that are measured besides; their paths are seen from where the study runs.
    #[serde(default)]
    pub distances: DistancesConfig,
    /// Overrides of the experiment of each method, before its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub set: Vec<String>,
    /// What is compared, in the order of the table.
    pub methods: Vec<MethodConfig>,
}

/// One method of a study.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MethodConfig {
    /// Names its run folders: `NAME-SEED`.
    pub name: String,
    /// Its row in the table; the name if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Its experiment.
    pub config: PathBuf,
    /// Overrides of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub set: Vec<String>,
}

impl StudyConfig {
    /// Reads a study; the paths in it become paths from here.
    ///
    /// # Errors
    /// [`TrainError::Io`] if the file cannot be read, [`TrainError::Config`] if it makes no sense.
    pub fn read(path: &Path) -> Result<Self, TrainError> {
        let text = std::fs::read_to_string(path).map_err(TrainError::io("read study", path))?;
        let refuse = |message: String| TrainError::Config { file: path.display().to_string(), message };
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| refuse(error.to_string()))?;
        let mut study: Self =
            serde_path_to_error::deserialize(table).map_err(|error| refuse(error.to_string().replace('\n', " ")))?;
        study.check().map_err(refuse)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        study.methods.iter_mut().map(|method| &mut method.config).chain(&mut study.reader).for_each(|file| {
            *file = folder.join(&file);
        });
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
