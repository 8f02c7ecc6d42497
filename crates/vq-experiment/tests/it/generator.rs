//! Experiments of generators.

use tempfile::TempDir;

use crate::support::{file, write};

const TINY: &str = r#"
name = "tiny-generator"
tokens = { batch_size = 4, tokenizer = { run = "runs/tokenizer" } }
generator = { transformer = { width = 16, heads = 2, layers = 1, dropout = 0.1 } }
sampels = { count = 3 }
schedule = { learning_rate = 1e-2 }
train = { steps = 6 }
"#;

#[test]
fn error_names_unknown_key_and_the_nearest_known_one() {
    let folder = TempDir::new().unwrap();
    let load = |text: &str| file(write(folder.path(), "generator.toml", text), &[]).load_generator();
    let error = load(TINY).unwrap_err().to_string();
    for part in ["generator.toml", "unknown field `sampels`", "did you mean `samples`?"] {
        assert!(error.contains(part), "{part:?} is missing in: {error}");
    }
    assert_eq!(load(&TINY.replace("sampels", "samples")).unwrap().experiment.samples.count, 3);
}
