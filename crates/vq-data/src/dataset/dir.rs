//! The folder of a data set, read with errors that name the file and what was expected in it.

use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::path::{Component, Path, PathBuf};

use crate::DataError;

/// The folder of a data set.
pub(crate) struct DatasetDir<'a> {
    /// The name of the data set in error messages.
    pub(crate) name: &'static str,
    pub(crate) root: &'a Path,
}

/// What a path leads to.
enum Found {
    Folder,
    File,
    Nothing,
}

impl DatasetDir<'_> {
    /// An error of opening the data set.
    pub(crate) fn refuse(&self, expected: impl Into<String>, got: impl ToString) -> DataError {
        DataError::unexpected(format!("open {} in {}", self.name, self.root.display()), expected, got)
    }

    /// The path of a subfolder that must exist; `holds` describes its content in errors.
    pub(crate) fn folder(&self, path: impl AsRef<Path>, holds: &str) -> Result<PathBuf, DataError> {
        let path = self.root.join(path);
        let got = match found(&path)? {
            Found::Folder => return Ok(path),
            Found::File => "a file",
            Found::Nothing => "nothing there",
        };
        Err(self.refuse(format!("a folder {} with {holds}", path.display()), got))
    }

    /// The path of a file that must exist; `holds` describes its content in errors.
    pub(crate) fn file(&self, path: impl AsRef<Path>, holds: &str) -> Result<PathBuf, DataError> {
        let path = self.root.join(path);
        let got = match found(&path)? {
            Found::File => return Ok(path),
            Found::Folder => "a folder",
            Found::Nothing => "nothing there",
        };
        Err(self.refuse(format!("a file {} with {holds}", path.display()), got))
    }

    /// The text of a file; `holds` describes its content in errors.
    pub(crate) fn text(&self, path: impl AsRef<Path>, holds: &str) -> Result<String, DataError> {
        let path = self.file(path, holds)?;
        let bytes = read(&path)?;
        String::from_utf8(bytes).map_err(|error| {
            let got = format!("other bytes after {}", error.utf8_error().valid_up_to());
            self.refuse(format!("text in UTF-8 in {}", path.display()), got)
        })
    }

    /// The captions in a file, one a line, without blank lines; at least one.
    pub(crate) fn captions(&self, path: impl AsRef<Path>) -> Result<Vec<String>, DataError> {
        let path = path.as_ref();
        let captions = lines(&self.text(path, "captions, one a line")?);
        if captions.is_empty() {
            return Err(self.refuse(format!("a caption in {}", self.root.join(path).display()), "none"));
        }
        Ok(captions)
    }

    /// The first word and the rest of each line, which `first` and `second` describe in errors.
    pub(crate) fn pairs(&self, path: &str, first: &str, second: &str) -> Result<Vec<Pair>, DataError> {
        let text = self.text(path, &format!("lines of {first} and {second}"))?;
        let pair = |(at, line): (usize, &str)| match line.split_once(char::is_whitespace) {
            Some((first, second)) => Ok(Pair { first: first.to_owned(), second: second.trim().to_owned() }),
            None => {
                let expected = format!("{first} and {second} in line {} of {path}", at + 1);
                Err(self.refuse(expected, format!("{line:?}")))
            }
        };
        let lines = text.lines().map(str::trim).enumerate();
        lines.filter(|(_, line)| !line.is_empty()).map(pair).collect()
    }

    /// A path that a file of the data set contains, checked to stay within the folder `within`.
    ///
    /// `origin` names the file or line that contains the path.
    pub(crate) fn named(&self, within: &Path, name: &str, origin: &str) -> Result<PathBuf, DataError> {
        let path = Path::new(name);
        let plain = path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
        if name.is_empty() || !plain {
            return Err(self.refuse(format!("a path within {} in {origin}", within.display()), format!("{name:?}")));
        }
        Ok(path.components().filter(|part| matches!(part, Component::Normal(_))).collect())
    }
}

/// The first word and the rest of a line.
pub(crate) struct Pair {
    pub(crate) first: String,
    pub(crate) second: String,
}

/// The trimmed lines of a text, without blank ones.
pub(crate) fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// The bytes of a file.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, DataError> {
    std::fs::read(path).map_err(|source| failed(path, source))
}

/// A range of the bytes of a file.
pub(crate) fn read_range(path: &Path, start: u64, length: usize) -> Result<Vec<u8>, DataError> {
    let failed = |source| DataError::Io { op: "read a part of a file", path: path.to_owned(), source };
    let mut file = File::open(path).map_err(failed)?;
    file.seek(SeekFrom::Start(start)).map_err(failed)?;
    let mut bytes = vec![0; length];
    file.read_exact(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

/// The names in a folder that are UTF-8 and do not begin with a dot, in the order of their bytes.
pub(crate) fn names(folder: &Path) -> Result<Vec<String>, DataError> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|source| failed(folder, source))? {
        let entry = entry.map_err(|source| failed(folder, source))?;
        if let Ok(name) = entry.file_name().into_string()
            && !name.starts_with('.')
        {
            names.push(name);
        }
    }
    names.sort_unstable();
    Ok(names)
}

/// An error of the operating system.
pub(crate) fn failed(path: &Path, source: std::io::Error) -> DataError {
    DataError::Io { op: "open data set", path: path.to_owned(), source }
}

fn found(path: &Path) -> Result<Found, DataError> {
    match std::fs::metadata(path) {
        Ok(there) if there.is_dir() => Ok(Found::Folder),
        Ok(_) => Ok(Found::File),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Found::Nothing),
        Err(source) => Err(failed(path, source)),
    }
}
