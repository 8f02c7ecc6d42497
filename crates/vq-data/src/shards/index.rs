//! The index of a shard, read from the headers of its archive.

use std::collections::HashSet;
use std::fs::File;
use std::io::BufReader;

use super::keys;
use crate::DataError;
use crate::dataset::dir::{DatasetDir, failed};
use crate::listing::readable;

/// The range of a file's bytes in its shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) start: u64,
    pub(crate) length: u64,
}

/// The files of a sample.
#[derive(Debug, Clone)]
pub(crate) struct WebSample {
    pub(crate) shard: usize,
    /// The path of its files up to the first dot of the name.
    pub(crate) name: String,
    pub(crate) image: Member,
    pub(crate) text: Option<Member>,
    pub(crate) json: Option<Member>,
    pub(crate) class: Option<Member>,
    pub(crate) map: Option<Member>,
    pub(crate) metadata: Option<Member>,
}

/// The files of a sample that were found so far.
#[derive(Default)]
struct Group {
    name: String,
    image: Option<Member>,
    text: Option<Member>,
    json: Option<Member>,
    class: Option<Member>,
    map: Option<Member>,
    metadata: Option<Member>,
}

impl Group {
    /// The field for the file of this key; `None` if the key is not read.
    fn slot(&mut self, key: &str) -> Option<&mut Option<Member>> {
        match key {
            "jpg" | "jpeg" | "png" | "webp" => Some(&mut self.image),
            keys::TEXT => Some(&mut self.text),
            "json" => Some(&mut self.json),
            keys::CLASS => Some(&mut self.class),
            keys::MAP => Some(&mut self.map),
            keys::METADATA => Some(&mut self.metadata),
            _ => None,
        }
    }

    fn finish(self, dir: &DatasetDir<'_>, shard: &str, number: usize) -> Result<WebSample, DataError> {
        let Self { name, image, text, json, class, map, metadata } = self;
        match image {
            Some(image) => Ok(WebSample { shard: number, name, image, text, json, class, map, metadata }),
            None => Err(dir.refuse(format!("a jpg, jpeg, png or webp of sample {shard}/{name}"), "none")),
        }
    }
}

/// Reads the headers of a shard and appends its samples.
pub(crate) fn index(
    dir: &DatasetDir<'_>,
    shard: &str,
    number: usize,
    samples: &mut Vec<WebSample>,
) -> Result<(), DataError> {
    let path = dir.root.join(shard);
    let io = |source| failed(&path, source);
    let file = File::open(&path).map_err(io)?;
    let size = file.metadata().map_err(io)?.len();
    let mut archive = tar::Archive::new(BufReader::new(file));
    let mut seen = HashSet::new();
    let mut group: Option<Group> = None;
    for entry in archive.entries_with_seek().map_err(io)? {
        let entry = entry.map_err(io)?;
        let entry_type = entry.header().entry_type();
        let full = readable(&entry.path_bytes());
        if entry_type.is_dir() {
            continue;
        }
        if !entry_type.is_file() {
            return Err(dir.refuse(format!("files and folders in {shard}"), format!("{full}, a {entry_type:?}")));
        }
        let member = Member { start: entry.raw_file_position(), length: entry.size() };
        if member.start.checked_add(member.length).is_none_or(|end| end > size) {
            let expected = format!("{full} within the {size} bytes of {shard}");
            return Err(dir.refuse(expected, format!("{} bytes from {}", member.length, member.start)));
        }
        let Some(Name { base, key }) = Name::of(&full) else {
            continue;
        };
        if group.as_ref().is_none_or(|group| group.name != base) {
            if !seen.insert(base.clone()) {
                return Err(dir.refuse(format!("the files of sample {shard}/{base} together"), "others between"));
            }
            let before = group.replace(Group { name: base, ..Group::default() });
            if let Some(before) = before {
                samples.push(before.finish(dir, shard, number)?);
            }
        }
        if let Some(slot) = group.as_mut().and_then(|group| group.slot(&key))
            && slot.replace(member).is_some()
        {
            return Err(dir.refuse(format!("each kind of file once in a sample of {shard}"), format!("{full}, too")));
        }
    }
    if let Some(group) = group {
        samples.push(group.finish(dir, shard, number)?);
    }
    Ok(())
}

/// A path in a shard.
struct Name {
    base: String,
    /// In lower case.
    key: String,
}

impl Name {
    /// `None` if the file belongs to no sample: its name begins with a dot or contains none.
    fn of(path: &str) -> Option<Self> {
        let plain = path.strip_prefix("./").unwrap_or(path);
        let (folder, file) = match plain.rsplit_once('/') {
            Some((folder, file)) => (Some(folder), file),
            None => (None, plain),
        };
        let (stem, key) = file.split_once('.').filter(|(stem, _)| !stem.is_empty())?;
        let base = folder.map_or_else(|| stem.to_owned(), |folder| format!("{folder}/{stem}"));
        Some(Self { base, key: key.to_lowercase() })
    }
}
