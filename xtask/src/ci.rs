//! `cargo xtask ci`: every check that a change must pass, in the order of their cost.
//!
//! Clippy and rustdoc see the same features, so that they share their builds; all steps share the dev profile, so
//! that torch-sys compiles its C++ once.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::workspace::Workspace;
use crate::{process, setup};

pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let mut times = Vec::new();
    step(&mut times, "format", || process::run(cargo(workspace)?.args(["fmt", "--all", "--", "--check"])))?;
    step(&mut times, "setup", || setup::ensure(workspace))?;
    step(&mut times, "clippy", || {
        process::run(
            cargo(workspace)?
                .args(["clippy", "--workspace", "--all-targets", "--all-features"])
                .args(["--", "-D", "warnings"]),
        )
    })?;
    step(&mut times, "rustdoc", || {
        process::run(
            cargo(workspace)?
                .args(["doc", "--workspace", "--all-features", "--no-deps"])
                .env("RUSTDOCFLAGS", "-D warnings"),
        )
    })?;
    // The README's command, word for word.
    step(&mut times, "test", || process::run(cargo(workspace)?.args(["xtask", "test"])))?;
    step(&mut times, "avx2", || process::run(avx2(cargo(workspace)?.args(["xtask", "test"]).args(AVX2_TESTS))))?;
    let total = times.iter().map(|(_, time)| *time).sum();
    for (name, time) in times.iter().chain([&("total", total)]) {
        println!("{name:<8} {:>7.1} s", time.as_secs_f64());
    }
    Ok(())
}

/// The tests that run again as on a processor without AVX-512, with the builds of the step before. Those of vq-study only
/// repeat what others compute.
const AVX2_TESTS: [&str; 3] = ["--tests", "--exclude", "vq-study"];

/// Limits oneDNN, MKL, ATen and our own search to AVX2.
fn avx2(command: &mut Command) -> &mut Command {
    command
        .env("ONEDNN_MAX_CPU_ISA", "AVX2")
        .env("MKL_ENABLE_INSTRUCTIONS", "AVX2")
        .env("ATEN_CPU_CAPABILITY", "avx2")
        .env("VQ_CORE_MAX_ISA", "avx2")
}

fn cargo(workspace: &Workspace) -> Result<Command> {
    let mut command = process::cargo(workspace)?;
    command.current_dir(workspace.root());
    Ok(command)
}

fn step(
    times: &mut Vec<(&'static str, Duration)>,
    name: &'static str,
    work: impl FnOnce() -> Result<()>,
) -> Result<()> {
    println!("==> {name}");
    let start = Instant::now();
    work().with_context(|| format!("step {name}"))?;
    let time = start.elapsed();
    println!("==> {name} passed in {:.1} s", time.as_secs_f64());
    times.push((name, time));
    Ok(())
}
