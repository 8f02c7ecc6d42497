//! COCO's captions.

use std::fmt;
use std::path::Path;

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use vq_file::FileError;

use super::caption::Location;
use super::collector::Collector;
use super::hashing::HashingReader;
use crate::error::BuildError;

const EXPECTED: &str = "COCO captions: an object with an array `annotations`";

/// Reads the captions of COCO's JSON, one annotation at a time; returns the file's SHA-256.
pub(super) fn read(path: &Path, collector: &mut Collector<'_>) -> Result<String, BuildError> {
    collector.start_file(path);
    let mut reader = HashingReader::open(path)?;
    let mut json = serde_json::Deserializer::from_reader(&mut reader);
    let mut failure = None;
    let top = Top { collector, failure: &mut failure };
    let parsed = top.deserialize(&mut json).and_then(|()| json.end());
    if let Some(failure) = failure {
        return Err(failure); // instead of the parser's error, which only stopped the parser
    }
    parsed.map_err(|source| match source.io_error_kind() {
        Some(_) => FileError::io("read", path)(source.into()).into(),
        None => BuildError::Json { file: path.display().to_string(), expected: EXPECTED, source },
    })?;
    Ok(HashingReader::sha256(reader))
}

/// Reads the whole file.
struct Top<'a, 'c> {
    collector: &'a mut Collector<'c>,
    /// The error of the collector, which serde cannot carry.
    failure: &'a mut Option<BuildError>,
}

impl<'de> DeserializeSeed<'de> for Top<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Top<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with `annotations`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut found = false;
        while let Some(key) = map.next_key::<String>()? {
            if key == "annotations" {
                found = true;
                map.next_value_seed(Annotations { collector: &mut *self.collector, failure: &mut *self.failure })?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        if found { Ok(()) } else { Err(A::Error::missing_field("annotations")) }
    }
}

/// Reads the array of annotations.
struct Annotations<'a, 'c> {
    collector: &'a mut Collector<'c>,
    failure: &'a mut Option<BuildError>,
}

impl<'de> DeserializeSeed<'de> for Annotations<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Annotations<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of annotations")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut annotations: A) -> Result<(), A::Error> {
        let mut at = 0;
        while let Some(annotation) = annotations.next_element::<Value>()? {
            let location = Location::Annotation(at);
            let done = match annotation.get("caption").and_then(Value::as_str).map(str::trim) {
                Some(caption) if !caption.is_empty() => self.collector.caption(caption, location),
                _ => self.collector.malformed(location, "an object with a text `caption`", &annotation.to_string()),
            };
            if let Err(failure) = done {
                *self.failure = Some(failure);
                return Err(A::Error::custom("stopped"));
            }
            at += 1;
        }
        Ok(())
    }
}
