//! The allowed dependencies between the crates, as `cargo metadata` sees them.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value;

/// Normal dependencies that each crate may have on crates of this workspace.
const ARROWS: &[(&str, &[&str])] = &[
    ("vq-core", &[]),
    ("codebook-prior", &[]),
    ("vq-data", &[]),
    ("vq-transformer", &["vq-core"]),
    ("vq-generate", &["vq-core", "vq-transformer"]),
    ("transfer-net", &["vq-core", "codebook-prior"]),
    ("vlt-caption", &["vq-core", "vq-transformer"]),
    ("vq-model", &["vq-core"]),
    ("vq-eval", &["vq-core"]),
    (
        "vq-train",
        &[
            "vq-core",
            "vq-model",
            "transfer-net",
            "vlt-caption",
            "vq-generate",
            "vq-transformer",
            "codebook-prior",
            "vq-data",
            "vq-eval",
        ],
    ),
    (
        "vqct",
        &[
            "vq-core",
            "codebook-prior",
            "vq-data",
            "vq-generate",
            "transfer-net",
            "vlt-caption",
            "vq-model",
            "vq-eval",
            "vq-train",
        ],
    ),
    ("xtask", &[]),
];

/// Crates that must be usable without libtorch, whatever their features.
const WITHOUT_TORCH: [&str; 3] = ["codebook-prior", "vq-data", "xtask"];

/// Crates that bring libtorch.
const TORCH: [&str; 2] = ["tch", "torch-sys"];

/// Beginning of the names of crates that bring tensors in Rust, and the one crate that may use them: it runs text
/// encoders, as a feature.
const CANDLE: (&str, &str) = ("candle-", "codebook-prior");

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

#[test]
fn crates_depend_only_along_the_allowed_arrows() {
    let graph = graph();
    let allowed: BTreeMap<_, _> = ARROWS.iter().copied().collect();
    for (name, id) in &graph.members {
        let targets = allowed.get(name.as_str()).unwrap_or_else(|| panic!("{name} is not in the table of arrows"));
        for dependency in &graph.dependencies[id] {
            let dependency_name = graph.names[dependency].as_str();
            assert!(
                !graph.members.contains_key(dependency_name) || targets.contains(&dependency_name),
                "{name} may not depend on {dependency_name}"
            );
        }
    }
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
