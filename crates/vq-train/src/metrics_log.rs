//! `metrics.jsonl`.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use vq_core::Usage;

use crate::atomic_file::write_atomically;
use crate::{CaptionFigures, Event, TrainError};

/// One line of the log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Record {
    /// A training step.
    Train {
        /// The step, from 1.
        step: u64,
        /// The weighted sum of all terms at this step.
        loss: f64,
        /// The weighted reconstruction terms; none where the tokenizer does not learn.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reconstruction: Option<f64>,
        /// The quantizer's loss before its weight; none where the tokenizer does not learn.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        codebook: Option<f64>,
        /// The learning rate of this step.
        learning_rate: f64,
        /// Images per second since the last record.
        images_per_second: f64,
        /// Norm of the gradient before clipping; none in logs of vqct 0.1.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        gradient_norm: Option<f64>,
        /// What else the configuration has, by name, before its weight: `perceptual`, `ms_ssim`, `laplacian`; of the
        /// adversary `adversarial`, `adaptive_weight`, `discriminator`, `logits_real`, `logits_fake`,
        /// `discriminator_gradient_norm`, `r1`, `lecam`; of captions `translation`, `translation_accuracy`, and after
        /// their weight `global_alignment`, `masked_text`, `relation_alignment`, `word_supervision`.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        terms: BTreeMap<String, f64>,
    },
    /// The whole validation set after a step.
    Validation {
        /// The step, from 1.
        step: u64,
        /// Mean over images, in dB.
        psnr: f64,
        /// Mean over images.
        ssim: f64,
        /// Mean over images, over as many scales as the size allows; none in logs of vqct 0.1.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ms_ssim: Option<f64>,
        /// Share of all codes that the validation set uses at least once.
        usage: f64,
        /// The same for each group, with its perplexity.
        groups: Vec<GroupRecord>,
        /// How well captions are told from codes; none if they are not read.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        captions: Option<CaptionFigures>,
    },
    /// The whole validation set under a generator, after a step.
    Generation {
        /// The step, from 1.
        step: u64,
        /// Nats an id, mean over the ids that are predicted.
        nats_per_id: f64,
        /// `exp` of it.
        perplexity: f64,
        /// The same for each id of a position.
        slots: Vec<SlotRecord>,
    },
    /// Something happened that is no figure.
    Event {
        /// The step, from 1.
        step: u64,
        /// What happened.
        event: Event,
    },
}

/// Use of one group of codes over the validation set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupRecord {
    /// The group's name.
    pub group: String,
    /// Codes in the group.
    pub size: i64,
    /// Codes used at least once.
    pub used: i64,
    /// `exp` of the entropy of the histogram of ids.
    pub perplexity: f64,
    /// Gini coefficient of the histogram: 0 if all codes are used alike, near 1 if one takes all; none in older logs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gini: Option<f64>,
}

/// How well a generator predicts one of the ids of a position.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlotRecord {
    /// The slot's group, with a number where a group has several.
    #[serde(rename = "group")]
    pub slot: String,
    /// Nats an id.
    pub nats_per_id: f64,
}

impl GroupRecord {
    pub(crate) fn of(usage: &Usage) -> Self {
        let Usage { size, used, perplexity, gini, .. } = *usage;
        Self { group: usage.group.clone(), size, used, perplexity, gini: Some(gini) }
    }
}

impl Record {
    /// The step that the record is of.
    pub fn step(&self) -> u64 {
        match self {
            Self::Train { step, .. }
            | Self::Validation { step, .. }
            | Self::Generation { step, .. }
            | Self::Event { step, .. } => *step,
        }
    }
}

/// What is kept of a log that is ahead of the checkpoint: the rest, a resumed run writes again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// The records up to a step.
    UpToStep(u64),
    /// So many bytes. Unlike a step, this is exact also where a rollback has taken steps twice.
    Bytes(u64),
}

/// An append-only log of [`Record`]s; each line is written whole.
///
/// Steps rise, but for a rollback: after its [`Event::RolledBack`] they go on from the checkpoint's.
#[derive(Debug)]
pub struct MetricsLog {
    path: PathBuf,
    file: File,
    /// Bytes of the file.
    length: u64,
}

impl MetricsLog {
    /// Opens the log, which may be new, and drops what is not `kept`.
    /// A last line that a crash cut short is dropped too.
    ///
    /// # Errors
    /// [`TrainError::Io`] if the file cannot be read or written, [`TrainError::Config`] if a line that is kept is none.
    pub fn open(path: &Path, kept: Kept) -> Result<Self, TrainError> {
        let mut length = 0;
        if path.exists() {
            let lines = Self::lines(path)?.into_iter();
            let text: String = match kept {
                Kept::UpToStep(step) => {
                    lines.filter(|line| line.record.step() <= step).map(|line| line.text + "\n").collect()
                }
                Kept::Bytes(bytes) => {
                    let mut end = 0;
                    let within = |line: &Line| {
                        end += line.text.len() as u64 + 1;
                        end <= bytes
                    };
                    lines.take_while(within).map(|line| line.text + "\n").collect()
                }
            };
            length = text.len() as u64;
            write_atomically(path, |file| file.write_all(text.as_bytes()))?;
        }
        let file = OpenOptions::new().create(true).append(true).open(path);
        Ok(Self { path: path.to_path_buf(), file: file.map_err(TrainError::io("open", path))?, length })
    }

    /// Bytes of the log, for [`Kept::Bytes`].
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Appends a record.
    ///
    /// # Errors
    /// [`TrainError::Io`] if it cannot be written.
    pub fn append(&mut self, record: &Record) -> Result<(), TrainError> {
        let line = line_of(record, &self.path)?;
        self.file.write_all(line.as_bytes()).map_err(TrainError::io("append to", &self.path))?;
        self.length += line.len() as u64;
        Ok(())
    }

    /// All records, in order; a last line without its end is left out.
    ///
    /// # Errors
    /// [`TrainError::Io`] if the file cannot be read, [`TrainError::Config`] naming the line that is no record.
    pub fn read(path: &Path) -> Result<Vec<Record>, TrainError> {
        Ok(Self::lines(path)?.into_iter().map(|line| line.record).collect())
    }

    fn lines(path: &Path) -> Result<Vec<Line>, TrainError> {
        let text = std::fs::read_to_string(path).map_err(TrainError::io("read", path))?;
        let ended = text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n'));
        (1..).zip(ended).map(|(number, text)| Line::parse(path, number, text)).collect()
    }
}

/// A line of the log as it was written, without its end.
struct Line {
    text: String,
    record: Record,
}

impl Line {
    fn parse(path: &Path, number: usize, text: &str) -> Result<Self, TrainError> {
        let record = serde_json::from_str(text).map_err(|error| TrainError::Config {
            file: format!("{}:{number}", path.display()),
            message: error.to_string(),
        })?;
        Ok(Self { text: text.to_owned(), record })
    }
}

fn line_of(record: &Record, path: &Path) -> Result<String, TrainError> {
    let mut line = serde_json::to_string(record).map_err(|error| TrainError::io("encode for", path)(error.into()))?;
    line.push('\n');
    Ok(line)
}
