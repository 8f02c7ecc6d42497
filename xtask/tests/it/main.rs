//! Tests of the tasks, and of the workspace that they serve.

mod arrows;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod setup;
mod unsafe_code;
