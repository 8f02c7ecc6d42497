//! TensorBoard event files: scalars, images, histograms, text.
//!
//! They are written here because the known crates are unmaintained or need `protoc`. The format is small: protocol
//! buffer messages ([`proto`]) in records with checksums ([`record`]).

mod buckets;
mod proto;
mod record;

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use image::RgbImage;
use prost::Message;
use vq_file::{FileError, png_bytes};
use vq_run::now;

use self::proto::{
    Datum, Event, Image, Metadata, Plugin, SESSION_START, STRING, SessionLog, Shape, Summary, TextTensor, Value, What,
};
use crate::ReportError;

/// The prefix by which TensorBoard finds event files.
const PREFIX: &str = "events.out.tfevents.";

/// Red, green, blue: the number of channels.
const RGB: i32 = 3;

/// A point of a run, in steps and in time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moment {
    /// The step, from 1; zero before the first.
    pub step: u64,
    /// Seconds since 1970, UTC.
    pub wall_time: f64,
}

impl Moment {
    /// A step, now.
    pub fn now(step: u64) -> Self {
        Self { step, wall_time: now() }
    }
}

/// An event file of TensorBoard: append-only, one for each time that a run is begun or resumed.
///
/// Each event is written whole; a crash cuts at most the last one, which TensorBoard leaves out.
#[derive(Debug)]
pub struct EventFile {
    path: PathBuf,
    file: File,
}

impl EventFile {
    /// Makes a new event file in a run folder.
    ///
    /// It tells TensorBoard to forget all that other files of the folder say about steps after `moment.step`: a resumed
    /// run writes them again. TensorBoard reads the files in the order of their names, which begin with the time; so a
    /// file is named later than those that are there, even if the clock was set back.
    ///
    /// # Errors
    /// [`ReportError::File`] if the folder cannot be read or the file not be made.
    pub fn create(folder: &Path, moment: Moment) -> Result<Self, ReportError> {
        let after = latest(folder)?.map_or(0, |seconds| seconds.saturating_add(1));
        let seconds = after.max(moment.wall_time as u64);
        let path = folder.join(format!("{PREFIX}{seconds:010}.vqct"));
        let file =
            OpenOptions::new().append(true).create_new(true).open(&path).map_err(FileError::io("make", &path))?;
        let mut events = Self { path, file };
        events.append(moment.wall_time, 0, What::FileVersion("brain.Event:2".into()))?;
        events.forget_after(moment)?;
        Ok(events)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Tells TensorBoard to forget all steps after `moment.step`, for they are taken anew.
    ///
    /// # Errors
    /// [`ReportError::File`] if it cannot be written.
    pub fn forget_after(&mut self, moment: Moment) -> Result<(), ReportError> {
        let start = SessionLog { status: SESSION_START };
        self.append(moment.wall_time, moment.step.saturating_add(1), What::SessionLog(start))
    }

    /// A point of the curve `tag`; TensorBoard keeps it as f32.
    ///
    /// # Errors
    /// [`ReportError::File`] if it cannot be written.
    pub fn scalar(&mut self, moment: Moment, tag: &str, value: f64) -> Result<(), ReportError> {
        self.value(moment, tag, None, Datum::Simple(value as f32))
    }

    /// A picture, as PNG.
    ///
    /// # Errors
    /// [`ReportError::File`] if it cannot be encoded or written.
    pub fn image(&mut self, moment: Moment, tag: &str, picture: &RgbImage) -> Result<(), ReportError> {
        let encoded = png_bytes(picture)?;
        let (width, height) = (picture.width() as i32, picture.height() as i32);
        let image = Image { height, width, colorspace: RGB, encoded };
        self.value(moment, tag, None, Datum::Image(image))
    }

    /// A histogram of the codes of a group: `counts[i]` is how often the group's code `i` was chosen.
    ///
    /// # Errors
    /// [`ReportError::File`] if it cannot be written.
    pub fn histogram(&mut self, moment: Moment, tag: &str, counts: &[i64]) -> Result<(), ReportError> {
        self.value(moment, tag, None, Datum::Histogram(buckets::of(counts)))
    }

    /// A text in Markdown.
    ///
    /// # Errors
    /// [`ReportError::File`] if it cannot be written.
    pub fn text(&mut self, moment: Moment, tag: &str, markdown: &str) -> Result<(), ReportError> {
        let metadata = Metadata { plugin: Some(Plugin { name: "text".into() }) };
        let tensor = TextTensor { dtype: STRING, shape: Some(Shape {}), strings: vec![markdown.into()] };
        self.value(moment, tag, Some(metadata), Datum::Tensor(tensor))
    }

    fn value(
        &mut self,
        moment: Moment,
        tag: &str,
        metadata: Option<Metadata>,
        datum: Datum,
    ) -> Result<(), ReportError> {
        let value = Value { tag: tag.into(), metadata, datum: Some(datum) };
        self.append(moment.wall_time, moment.step, What::Summary(Summary { values: vec![value] }))
    }

    fn append(&mut self, wall_time: f64, step: u64, what: What) -> Result<(), ReportError> {
        let step = i64::try_from(step).unwrap_or(i64::MAX);
        let event = Event { wall_time, step, what: Some(what) };
        let written = self.file.write_all(&record::framed(&event.encode_to_vec()));
        Ok(written.map_err(FileError::io("append to", &self.path))?)
    }
}

/// The latest time in the names of a folder's event files.
fn latest(folder: &Path) -> Result<Option<u64>, ReportError> {
    let entries = std::fs::read_dir(folder).map_err(FileError::io("read folder", folder))?;
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    Ok(names.filter_map(|name| name.strip_prefix(PREFIX)?.split('.').next()?.parse().ok()).max())
}
