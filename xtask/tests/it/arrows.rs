//! The allowed dependencies between the crates, as `cargo metadata` sees them.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value;

/// Normal dependencies that each crate may have on crates of this workspace, the data flow from top to bottom: a crate
/// depends on crates above it only.
const ARROWS: &[(&str, &[&str])] = &[
    ("vq-random", &[]),
    ("vq-file", &[]),
    ("vq-core", &[]),
    ("codebook-prior", &["vq-file"]),
    ("prior-builder", &["codebook-prior", "vq-file"]),
    ("transfer-net", &["codebook-prior", "vq-core", "vq-random"]),
    ("vq-nn", &["vq-core"]),
    ("vq-model", &["vq-core", "vq-file"]),
    ("vlt-caption", &["vq-core", "vq-file", "vq-nn", "vq-random"]),
    ("vq-generate", &["vq-core", "vq-nn", "vq-random"]),
    ("vq-data", &["vq-file", "vq-random"]),
    ("vq-scenes", &["vq-data", "vq-file", "vq-random"]),
    ("vq-eval", &["vq-core", "vq-random"]),
    ("vq-run", &["vq-file"]),
    ("vq-report", &["vq-file", "vq-run"]),
    (
        "vq-experiment",
        &[
            "codebook-prior",
            "transfer-net",
            "vlt-caption",
            "vq-core",
            "vq-data",
            "vq-eval",
            "vq-file",
            "vq-generate",
            "vq-model",
            "vq-nn",
            "vq-run",
            "vq-scenes",
        ],
    ),
    (
        "vq-pipeline",
        &[
            "codebook-prior",
            "vlt-caption",
            "vq-core",
            "vq-data",
            "vq-eval",
            "vq-experiment",
            "vq-file",
            "vq-generate",
            "vq-model",
            "vq-nn",
            "vq-random",
            "vq-run",
            "vq-scenes",
        ],
    ),
    (
        "vq-train",
        &[
            "codebook-prior",
            "vlt-caption",
            "vq-core",
            "vq-data",
            "vq-experiment",
            "vq-file",
            "vq-generate",
            "vq-model",
            "vq-pipeline",
            "vq-random",
            "vq-report",
            "vq-run",
            "vq-scenes",
        ],
    ),
    (
        "vq-study",
        &[
            "codebook-prior",
            "vlt-caption",
            "vq-core",
            "vq-data",
            "vq-eval",
            "vq-experiment",
            "vq-file",
            "vq-generate",
            "vq-model",
            "vq-pipeline",
            "vq-report",
            "vq-run",
            "vq-scenes",
            "vq-train",
        ],
    ),
    ("xtask", &[]),
];

/// The command, which may depend on all libraries.
const COMMAND: &str = "vqct";

/// Crates that must be usable without libtorch, whatever their features.
const WITHOUT_TORCH: [&str; 9] =
    ["codebook-prior", "prior-builder", "vq-data", "vq-file", "vq-random", "vq-report", "vq-run", "vq-scenes", "xtask"];

/// Crates that bring libtorch.
const TORCH: [&str; 2] = ["tch", "torch-sys"];

/// Beginning of the names of crates that bring tensors in Rust, and the one crate that may use them: it runs text
/// encoders, as a feature.
const CANDLE: (&str, &str) = ("candle-", "prior-builder");

struct Graph {
    /// Package ids of the workspace, by name.
    members: BTreeMap<String, String>,
    /// All packages: name by id.
    names: BTreeMap<String, String>,
    /// Normal dependencies, with all features: ids by id.
    dependencies: BTreeMap<String, Vec<String>>,
}

fn graph() -> Graph {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    // Without dependencies of other platforms, which need not have been downloaded.
    let host = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--all-features"])
        .args(["--filter-platform", &host])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo prints JSON");

    let names: BTreeMap<_, _> =
        list(&metadata["packages"]).iter().map(|package| (text(&package["id"]), text(&package["name"]))).collect();
    let members = list(&metadata["workspace_members"]).iter().map(|id| (names[&text(id)].clone(), text(id))).collect();
    let dependencies = list(&metadata["resolve"]["nodes"])
        .iter()
        .map(|node| {
            let normal = list(&node["deps"])
                .iter()
                .filter(|dep| list(&dep["dep_kinds"]).iter().any(|kind| kind["kind"].is_null()))
                .map(|dep| text(&dep["pkg"]))
                .collect();
            (text(&node["id"]), normal)
        })
        .collect();
    Graph { members, names, dependencies }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

fn text(value: &Value) -> String {
    value.as_str().expect("a string").to_owned()
}

impl Graph {
    /// Names of the normal dependencies of a crate of this workspace.
    fn dependencies_of(&self, name: &str) -> Vec<&str> {
        self.dependencies[&self.members[name]].iter().map(|id| self.names[id].as_str()).collect()
    }
}

#[test]
fn crates_depend_only_along_the_allowed_arrows() {
    let graph = graph();
    let allowed: BTreeMap<_, _> = ARROWS.iter().copied().collect();
    for name in graph.members.keys().filter(|name| *name != COMMAND) {
        let targets = allowed.get(name.as_str()).unwrap_or_else(|| panic!("{name} is not in the table of arrows"));
        for dependency in graph.dependencies_of(name) {
            assert!(
                !graph.members.contains_key(dependency) || targets.contains(&dependency),
                "{name} may not depend on {dependency}"
            );
        }
    }
}

#[test]
fn table_of_arrows_goes_one_way_and_has_no_unused_arrow() {
    let graph = graph();
    for (position, (name, targets)) in ARROWS.iter().enumerate() {
        assert!(graph.members.contains_key(*name), "{name} is in the table of arrows, and not in the workspace");
        let used = graph.dependencies_of(name);
        for target in *targets {
            assert!(ARROWS[..position].iter().any(|(above, _)| above == target), "{target} is not above {name}");
            assert!(used.contains(target), "{name} has an arrow to {target}, and does not depend on it");
        }
    }
}

#[test]
fn candle_is_a_dependency_of_one_crate_only() {
    let graph = graph();
    let (candle, user) = CANDLE;
    let uses = |name: &str| graph.dependencies_of(name).iter().any(|dependency| dependency.starts_with(candle));
    let found: Vec<_> = graph.members.keys().filter(|name| uses(name)).collect();
    assert_eq!(found, [user]);
}

#[test]
fn crates_of_plain_data_pull_in_no_torch() {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let host = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    for name in WITHOUT_TORCH {
        // Not `cargo metadata`: it also lists what weak features name (`candle-core?/std`) and no build ever takes.
        let output = Command::new(&cargo)
            .args(["tree", "--package", name, "--all-features", "--edges", "normal", "--prefix", "none"])
            .args(["--target", &host])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .expect("cargo starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let tree = String::from_utf8(output.stdout).expect("cargo prints UTF-8");
        assert!(tree.lines().any(|line| line.starts_with(name)), "{tree}");
        for reached in tree.lines().filter_map(|line| line.split(' ').next()) {
            let (candle, user) = CANDLE;
            let tensors = reached.starts_with(candle) && name != user;
            assert!(!TORCH.contains(&reached) && !tensors, "{name} pulls in {reached}");
        }
    }
}
