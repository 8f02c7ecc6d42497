//! `cargo xtask data`: remakes the images that `vq-data` embeds.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::debian::{DebianPath, EMOJI_TEST};
use crate::process;
use crate::workspace::Workspace;

const FONT: DebianPath = DebianPath {
    package: "fonts-noto-color-emoji",
    path: "usr/share/fonts/truetype/noto/NotoColorEmoji.ttf",
    option: "--font",
};

#[derive(Subcommand)]
pub(crate) enum DataTask {
    /// Remakes the emoji set from Debian's font and names.
    Emoji(EmojiArgs),
}

#[derive(Args)]
pub(crate) struct EmojiArgs {
    /// NotoColorEmoji.ttf; else that of Debian's fonts-noto-color-emoji.
    #[arg(long, value_name = "PATH")]
    font: Option<PathBuf>,
    /// emoji-test.txt; else that of Debian's unicode-data.
    #[arg(long, value_name = "PATH")]
    emoji_test: Option<PathBuf>,
}

pub(crate) fn run(workspace: &Workspace, task: &DataTask) -> Result<()> {
    let DataTask::Emoji(args) = task;
    let font = FONT.find(workspace, args.font.as_deref())?;
    let emoji_test = EMOJI_TEST.find(workspace, args.emoji_test.as_deref())?;
    let mut command = process::cargo(workspace)?;
    command
        .args(["run", "--release", "--package", "vq-data"])
        .args(["--features", "remake", "--bin", "remake-emoji", "--"])
        .arg("--font")
        .arg(font)
        .arg("--emoji-test")
        .arg(emoji_test)
        .args(["--out", "crates/vq-data/assets/emoji.zip"])
        .current_dir(workspace.root());
    process::become_process(&mut command)
}
