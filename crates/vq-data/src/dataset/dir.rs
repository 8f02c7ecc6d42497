use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

use crate::DataError;

/// The folder of a data set, of which parts are expected at certain places.
pub(super) struct Layout<'a> {
    /// The data set, for errors.
    pub(super) name: &'static str,
    pub(super) root: &'a Path,
}

/// What a path leads to.
enum Found {
    Folder,
    File,
    Nothing,
}

impl Layout<'_> {
    /// Refuses to open the data set.
    pub(super) fn refuse(&self, expected: impl Into<String>, got: impl ToString) -> DataError {
        DataError::unexpected(format!("open {} in {}", self.name, self.root.display()), expected, got)
    }

    /// The folder at this place, with what it should hold.
    pub(super) fn folder(&self, place: impl AsRef<Path>, holds: &str) -> Result<PathBuf, DataError> {
        let path = self.root.join(place);
        let got = match found(&path)? {
            Found::Folder => return Ok(path),
            Found::File => "a file",
            Found::Nothing => "nothing there",
        };
        Err(self.refuse(format!("a folder {} with {holds}", path.display()), got))
    }

    /// The file at this place, with what it should hold.
    pub(super) fn file(&self, place: impl AsRef<Path>, holds: &str) -> Result<PathBuf, DataError> {
        let path = self.root.join(place);
        let got = match found(&path)? {
            Found::File => return Ok(path),
            Found::Folder => "a folder",
            Found::Nothing => "nothing there",
        };
        Err(self.refuse(format!("a file {} with {holds}", path.display()), got))
    }

    /// The text of the file at this place, with what it should hold.
    pub(super) fn text(&self, place: impl AsRef<Path>, holds: &str) -> Result<String, DataError> {
        let path = self.file(place, holds)?;
        let bytes = read(&path)?;
        String::from_utf8(bytes).map_err(|error| {
            let got = format!("other bytes after {}", error.utf8_error().valid_up_to());
            self.refuse(format!("text in UTF-8 in {}", path.display()), got)
        })
    }

    /// The captions in the file at this place, one a line; blank lines do not count.
    pub(super) fn captions(&self, place: impl AsRef<Path>) -> Result<Vec<String>, DataError> {
        let place = place.as_ref();
        let captions = lines(&self.text(place, "captions, one a line")?);
        if captions.is_empty() {
            return Err(self.refuse(format!("a caption in {}", self.root.join(place).display()), "none"));
        }
        Ok(captions)
    }

    /// The two words of each line, which stand for `first` and `second`; the second one may hold spaces.
    pub(super) fn pairs(&self, place: &str, first: &str, second: &str) -> Result<Vec<Pair>, DataError> {
        let text = self.text(place, &format!("lines of {first} and {second}"))?;
        let pair = |(at, line): (usize, &str)| match line.split_once(char::is_whitespace) {
            Some((first, second)) => Ok(Pair { first: first.to_owned(), second: second.trim().to_owned() }),
            None => {
                let expected = format!("{first} and {second} in line {} of {place}", at + 1);
                Err(self.refuse(expected, format!("{line:?}")))
            }
        };
        let lines = text.lines().map(str::trim).enumerate();
        lines.filter(|(_, line)| !line.is_empty()).map(pair).collect()
    }

    /// A path that a file of the data set names, as a path within the folder `within`.
    ///
    /// `said` tells where it is named.
    pub(super) fn named(&self, within: &Path, name: &str, said: &str) -> Result<PathBuf, DataError> {
        let path = Path::new(name);
        let plain = path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
        if name.is_empty() || !plain {
            return Err(self.refuse(format!("a path within {} in {said}", within.display()), format!("{name:?}")));
        }
        Ok(path.components().filter(|part| matches!(part, Component::Normal(_))).collect())
    }
}

/// The two words of a line.
pub(super) struct Pair {
    pub(super) first: String,
    pub(super) second: String,
}

/// The lines that hold something, without the space around them.
pub(super) fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// The bytes of a file.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, DataError> {
    std::fs::read(path).map_err(|source| failed(path, source))
}

/// The names in a folder that can be written in UTF-8 and do not begin with a dot, in the order of their bytes.
pub(super) fn names(folder: &Path) -> Result<Vec<String>, DataError> {
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

pub(super) fn failed(path: &Path, source: std::io::Error) -> DataError {
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
