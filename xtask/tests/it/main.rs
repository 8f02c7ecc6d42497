//! Tests of the tasks, and of the workspace that they serve.

mod arrows;
mod module_graph;
mod rules;
mod unsafe_code;
mod workspace_files;

// The pinned wheels are those of this platform, and the imitated programs are shell scripts.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod machine;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod setup;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod tasks;
