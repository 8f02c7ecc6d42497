//! Which files of a crate use which others, read from their text.
//!
//! Names are resolved through re-exports: `use crate::Error`, where `lib.rs` has `pub use error::Error`, is a use of
//! `error.rs`. What macros expand to is not seen, and tests within a file do not count.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::{Path, PathBuf};

use crate::workspace_files::{read, rust_files};

/// Chains of re-exports are shorter.
const LONGEST_CHAIN: usize = 16;

/// A path such as `crate::a::B`, in parts, from the root of the crate: `["a", "B"]`.
type Parts = Vec<String>;

/// A file of a crate.
#[derive(Debug)]
struct Module {
    file: PathBuf,
    /// What is imported or re-exported, by name.
    imports: BTreeMap<String, Parts>,
    /// Modules whose names are imported or re-exported, all of them.
    globs: Vec<Parts>,
    /// Paths in the code.
    paths: Vec<Parts>,
    /// Nothing but declarations of modules and `use`.
    declares_only: bool,
}

/// The files of a crate, by their path as modules.
#[derive(Debug)]
pub(crate) struct ModuleGraph {
    modules: BTreeMap<Parts, Module>,
}

impl ModuleGraph {
    /// The files below the folder `src`, without those of `src/bin`, which are crates of their own.
    pub(crate) fn read(src: &Path) -> Self {
        let files = rust_files(src).into_iter().filter(|file| !file.starts_with(src.join("bin")));
        let files: Vec<_> =
            files.map(|file| (file.strip_prefix(src).expect("below `src`").to_path_buf(), read(&file))).collect();
        Self::of(&files)
    }

    /// Files by their path below `src`, with their text.
    fn of(files: &[(PathBuf, String)]) -> Self {
        let paths: BTreeSet<Parts> = files.iter().map(|(file, _)| module_path(file)).collect();
        let parse = |(file, text): &(PathBuf, String)| {
            let path = module_path(file);
            let module = Module::parse(file, text, &path, &paths);
            (path, module)
        };
        Self { modules: files.iter().map(parse).collect() }
    }

    /// The shortest circle of uses through each file that is in one, each circle once, as `a.rs -> b.rs -> a.rs`.
    pub(crate) fn circles(&self) -> BTreeSet<String> {
        let uses = self.uses();
        let circles = uses.keys().filter_map(|file| shortest_circle(&uses, file));
        circles
            .map(|mut circle| {
                let first = (0..circle.len()).min_by_key(|&position| circle[position]).expect("at least one file");
                circle.rotate_left(first);
                circle.push(circle[0]);
                circle.iter().map(|file| file.display().to_string()).collect::<Vec<_>>().join(" -> ")
            })
            .collect()
    }

    /// The files that each file uses.
    fn uses(&self) -> BTreeMap<&Path, BTreeSet<&Path>> {
        let counted = self.modules.values().filter(|module| !module.declares_only);
        counted
            .map(|module| {
                let paths = module.imports.values().chain(&module.globs).chain(&module.paths);
                let files = paths.map(|path| self.owner(path)).filter(|file| *file != module.file);
                (module.file.as_path(), files.collect())
            })
            .collect()
    }

    /// The file that defines what `path` names.
    fn owner(&self, path: &Parts) -> &Path {
        let mut path = path.clone();
        for _ in 0..LONGEST_CHAIN {
            let (depth, module) = (0..=path.len())
                .rev()
                .find_map(|depth| Some((depth, self.modules.get(&path[..depth])?)))
                .expect("a root of the crate");
            let Some(target) = path.get(depth).and_then(|name| self.imported(module, name)) else {
                return &module.file;
            };
            path = [&target[..], &path[depth + 1..]].concat();
        }
        panic!("{path:?} re-exports itself");
    }

    /// What a name that `module` imports stands for.
    fn imported(&self, module: &Module, name: &String) -> Option<Parts> {
        let glob = |target: &Parts| {
            let child = [&target[..], std::slice::from_ref(name)].concat();
            let import = || self.modules.get(target)?.imports.get(name).cloned();
            if self.modules.contains_key(&child) { Some(child) } else { import() }
        };
        module.imports.get(name).cloned().or_else(|| module.globs.iter().find_map(glob))
    }
}

impl Module {
    fn parse(file: &Path, text: &str, path: &Parts, modules: &BTreeSet<Parts>) -> Self {
        let (statements, rest) = statements(&code(text));
        let declares_only = rest.lines().map(str::trim).all(|line| {
            let declaration = line.ends_with(';') && line.split(' ').any(|word| word == "mod");
            line.is_empty() || line.starts_with('#') || declaration
        });
        let mut module = Self {
            file: file.to_path_buf(),
            imports: BTreeMap::new(),
            globs: Vec::new(),
            paths: Vec::new(),
            declares_only,
        };
        for statement in &statements {
            for (name, parts) in names(statement) {
                match (module.absolute(&parts, path, modules), name) {
                    (Some(target), Some(name)) => drop(module.imports.insert(name, target)),
                    (Some(target), None) => module.globs.push(target),
                    (None, _) => {} // of another crate
                }
            }
        }
        module.paths = paths(&rest).iter().filter_map(|parts| module.absolute(parts, path, modules)).collect();
        module
    }

    /// A path as this module, which lies at `path`, writes it, from the root of the crate; none for other crates.
    fn absolute(&self, parts: &[String], path: &[String], modules: &BTreeSet<Parts>) -> Option<Parts> {
        let (first, rest) = parts.split_first()?;
        match first.as_str() {
            "crate" => Some(rest.to_vec()),
            "self" => Some([path, rest].concat()),
            "super" => {
                let (_, parent) = path.split_last()?;
                match rest.first().map(String::as_str) {
                    Some("super") => self.absolute(rest, parent, modules),
                    _ => Some([parent, rest].concat()),
                }
            }
            _ => {
                let child = [path, std::slice::from_ref(first)].concat();
                let start = if modules.contains(&child) { Some(&child) } else { self.imports.get(first) };
                start.map(|start| [start, rest].concat())
            }
        }
    }
}

/// The files of the shortest circle that begins at `start`.
fn shortest_circle<'a>(uses: &BTreeMap<&'a Path, BTreeSet<&'a Path>>, start: &'a Path) -> Option<Vec<&'a Path>> {
    let mut came_from: BTreeMap<&Path, &Path> = BTreeMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(file) = queue.pop_front() {
        for &used in uses.get(file).into_iter().flatten() {
            if used == start {
                let back = std::iter::successors(Some(file), |file| came_from.get(file).copied());
                let mut circle: Vec<_> = back.collect();
                circle.reverse();
                return Some(circle);
            }
            if !came_from.contains_key(used) {
                came_from.insert(used, file);
                queue.push_back(used);
            }
        }
    }
    None
}

/// `a/b.rs` and `a/b/mod.rs` are `["a", "b"]`; `lib.rs` and `main.rs` are the root.
fn module_path(file: &Path) -> Parts {
    let mut parts: Parts =
        file.with_extension("").iter().map(|part| part.to_str().expect("a plain name").to_owned()).collect();
    let root = parts.len() == 1 && matches!(parts[0].as_str(), "lib" | "main");
    if root || parts.last().is_some_and(|last| last == "mod") {
        parts.pop();
    }
    parts
}

/// The text without comments, and without the tests at its end.
fn code(text: &str) -> String {
    let lines = text.lines().take_while(|line| *line != "mod tests {");
    lines.map(|line| line.split("//").next().unwrap_or(line)).collect::<Vec<_>>().join("\n")
}

/// The `use` statements of a code, without `use` and semicolon, and the rest of the code.
fn statements(code: &str) -> (Vec<String>, String) {
    let (mut statements, mut rest) = (Vec::new(), String::new());
    let mut lines = code.lines();
    while let Some(line) = lines.next() {
        let words = line.trim_start();
        let visible =
            words.strip_prefix("pub").map_or(words, |words| words.split_once(' ').map_or("", |(_, rest)| rest));
        let Some(begin) = visible.strip_prefix("use ") else {
            rest.push_str(line);
            rest.push('\n');
            continue;
        };
        let mut statement = begin.to_owned();
        while !statement.contains(';') {
            statement.push_str(lines.next().expect("a `use` ends with a semicolon"));
        }
        statements.push(statement.split(';').next().unwrap_or_default().to_owned());
    }
    (statements, rest)
}

/// What a `use` statement imports: names with their paths, and no name for a glob.
fn names(statement: &str) -> Vec<(Option<String>, Parts)> {
    let split = |text: &str| -> Parts {
        text.split("::").map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
    };
    if let Some((head, inner)) = statement.split_once('{') {
        let inner = inner.rsplit_once('}').map_or(inner, |(inner, _)| inner);
        let with_head = |(name, parts)| (name, [split(head), parts].concat());
        let items = top_level_items(inner);
        let mut found: Vec<_> = items.iter().flat_map(|item| names(item)).map(with_head).collect();
        // `a::{self}` imports `a`.
        for (name, parts) in &mut found {
            if parts.len() > 1 && parts.last().is_some_and(|last| last == "self") {
                parts.pop();
                *name = parts.last().cloned();
            }
        }
        return found;
    }
    let (path, alias) = statement.split_once(" as ").map_or((statement, None), |(path, alias)| (path, Some(alias)));
    let mut parts = split(path);
    if parts.last().is_some_and(|last| last == "*") {
        parts.pop();
        return vec![(None, parts)];
    }
    let name = alias.map(|alias| alias.trim().to_owned()).or_else(|| parts.last().cloned());
    name.map(|name| (Some(name), parts)).into_iter().collect()
}

/// The parts between commas that lie in no braces.
fn top_level_items(text: &str) -> Vec<&str> {
    let mut depth = 0;
    let mut items = text.split(|c: char| {
        depth += i32::from(c == '{') - i32::from(c == '}');
        c == ',' && depth == 0
    });
    items.by_ref().map(str::trim).filter(|item| !item.is_empty()).collect()
}

/// The paths of at least two parts in a code.
fn paths(code: &str) -> Vec<Parts> {
    let separate = |c: char| !(c.is_alphanumeric() || c == '_' || c == ':');
    let chains = code.split(separate).map(|chain| chain.trim_end_matches(':')).filter(|chain| chain.contains("::"));
    chains.map(|chain| chain.split("::").map(str::to_owned).collect()).collect()
}

#[track_caller]
fn check(files: &[(&str, &str)], circles: &[&str]) {
    let files: Vec<_> = files.iter().map(|(file, text)| (PathBuf::from(file), (*text).to_owned())).collect();
    let found = ModuleGraph::of(&files).circles();
    assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), circles);
}

#[test]
fn uses_in_both_directions_are_a_circle() {
    let lib = ("lib.rs", "mod a;\nmod b;\npub use a::A;\n");
    let a = ("a.rs", "use crate::b::{self, B as Other};\npub struct A;\n");
    check(&[lib, a, ("b.rs", "use std::fmt::{self, Debug};\npub struct B;\n")], &[]);
    check(&[lib, a, ("b.rs", "use crate::A;\npub struct B;\n")], &["a.rs -> b.rs -> a.rs"]);
    check(&[lib, a, ("b.rs", "fn f() { crate::a::f::<u8>() }\n")], &["a.rs -> b.rs -> a.rs"]);
    check(&[lib, a, ("b.rs", "// use crate::A;\npub struct B;\nmod tests {\nuse crate::A;\n}\n")], &[]);
}

#[test]
fn parent_is_in_a_circle_if_it_has_code_of_its_own() {
    let lib = ("lib.rs", "mod a;\n");
    let child = ("a/child.rs", "use super::helper;\npub(super) fn f() { helper() }\n");
    let parent = "mod child;\nfn helper() {}\npub fn g() { child::f() }\n";
    check(&[lib, ("a/mod.rs", parent), child], &["a/child.rs -> a/mod.rs -> a/child.rs"]);
    let declares = "#[cfg(unix)]\nmod child;\nmod helper;\nuse helper::helper;\npub use child::{\n    f,\n};\n";
    check(&[lib, ("a/mod.rs", declares), child, ("a/helper.rs", "pub fn helper() {}\n")], &[]);
}

#[test]
fn names_are_resolved_through_globs_and_over_several_files() {
    let lib = ("lib.rs", "mod a;\nmod b;\nmod c;\npub use a::*;\n");
    let glob = ("a/mod.rs", "mod one;\npub use one::One;\n");
    let one = ("a/one.rs", "use super::super::b::B;\npub struct One(B);\n");
    let b = ("b.rs", "use crate::c;\npub struct B(c::C);\n");
    check(
        &[lib, glob, one, b, ("c.rs", "use crate::One;\npub struct C;\n")],
        &["a/one.rs -> b.rs -> c.rs -> a/one.rs"],
    );
}
