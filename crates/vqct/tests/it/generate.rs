//! From images to a generator, and back to images.

use std::path::Path;

use image::{GrayImage, Luma};
use tempfile::TempDir;

use crate::support::{error_of, vqct};

/// Two steps on scenes.
const TOKENIZER: &str = r#"
name = "scenes"
device = "cpu"
[data]
batch_size = 2
source = { kind = "scenes", train = 8, validation = 4, map = "nouns", objects = { start = 1, end = 1 }, nouns = ["apple", "cat", "star", "car"] }
transform = { size = 32, background = { color = [255, 255, 255] } }
[autoencoder]
channels = 32
multipliers = [1, 1, 1, 1]
residual_blocks = 1
attention_factors = []
latent_channels = 4
[quantizer]
kind = "nearest"
codes = 12
width = 4
[schedule]
learning_rate = 1e-3
[train]
steps = 2
validate_every = 100
checkpoint_every = 100
"#;

const GENERATOR: &str = r#"
name = "generator"
device = "cpu"
[tokens]
tokenizer = { run = "tokenizer" }
batch_size = 4
[generator]
transformer = { width = 16, heads = 2, layers = 1 }
[samples]
count = 2
[schedule]
learning_rate = 1e-2
[train]
steps = 2
validate_every = 2
"#;

const JUDGE: &str = r#"
name = "judge"
device = "cpu"
steps = 2
[data]
source = { kind = "scenes", train = 8, validation = 4, map = "nouns", objects = { start = 1, end = 1 }, nouns = ["apple", "cat", "star", "car"] }
transform = { size = 32, background = { color = [255, 255, 255] } }
batch_size = 2
[network]
widths = [16]
[schedule]
learning_rate = 1e-3
"#;

const SEGMENTATION: &str = "condition={ kind = \"segmentation\", tokenizer = { run = \"maps\" } }";

fn run(folder: &Path, arguments: &[&str]) -> String {
    let output = vqct(folder).args(arguments).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {said}");
    String::from_utf8(output.stdout).unwrap() + &said
}

/// Tokenizers of images and of maps, and stores of their ids.
fn prepare(folder: &Path) {
    std::fs::write(folder.join("tokenizer.toml"), TOKENIZER).unwrap();
    std::fs::write(folder.join("generator.toml"), GENERATOR).unwrap();
    run(folder, &["train", "--config", "tokenizer.toml", "--out", "tokenizer"]);
    run(folder, &["train", "--config", "tokenizer.toml", "--out", "maps", "--set", "data.show=segmentations"]);
    let said = run(folder, &["tokenize", "--checkpoint", "tokenizer", "--segmentation", "maps", "--store", "tokens"]);
    assert!(said.contains("ids of 8 images") && said.contains("ids of 4 images"), "{said}");
}

fn train(folder: &Path, name: &str, more: &[&str]) -> String {
    let sets = more.iter().flat_map(|more| ["--set", more]);
    let arguments: Vec<&str> = ["train", "generator", "--config", "generator.toml", "--store", "tokens", "--out", name]
        .into_iter()
        .chain(sets)
        .collect();
    run(folder, &arguments)
}

/// A mask of a size, white in the lower right quarter.
fn mask(folder: &Path, name: &str, size: u32, white: u8) {
    let mask = GrayImage::from_fn(size, size, |x, y| Luma([if x >= size / 2 && y >= size / 2 { white } else { 0 }]));
    mask.save(folder.join(name)).unwrap();
}

#[test]
fn images_are_made_of_all_that_can_be_wished() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    prepare(folder);
    let said = train(folder, "text", &["condition={ kind = \"text\", max_tokens = 24 }"]);
    assert!(said.contains("nats an id") && said.contains("vqct generate --checkpoint text"), "{said}");
    train(folder, "class", &["condition={ kind = \"class\" }"]);
    train(folder, "map", &[SEGMENTATION]);
    train(folder, "free", &["generator.order={ kind = \"masked\" }"]);

    // The same seeds give the same files, whatever the batch.
    let text = ["generate", "--checkpoint", "text", "--text", "a red apple", "--count", "3", "--top-k", "999999"];
    run(folder, &[&text[..], &["--out", "one", "--grid", "one.png"]].concat());
    run(folder, &[&text[..], &["--out", "two", "--batch", "2"]].concat());
    for name in ["0000.png", "0001.png", "0002.png", "ids.jsonl"] {
        let read = |place: &str| std::fs::read(folder.join(place).join(name)).unwrap();
        assert_eq!(read("one"), read("two"), "{name}");
    }
    assert!(image::open(folder.join("one.png")).unwrap().width() >= 3 * 96);
    // Ids that were made are ids like others.
    run(folder, &["detokenize", "--checkpoint", "tokenizer", "--out", "decoded", "one/ids.jsonl"]);
    let read = |name: &str| std::fs::read(folder.join(name).join("0001.png")).unwrap();
    assert_eq!(read("decoded"), read("one"));
    let said = run(folder, &["generate", "--checkpoint", "text", "--text", "a zebra", "--count", "1", "--out", "odd"]);
    assert!(said.contains("has not learned `zebra`"), "{said}");

    // Images from captions are judged.
    std::fs::write(folder.join("judge.toml"), JUDGE).unwrap();
    let said = run(folder, &["train", "judge", "--config", "judge.toml", "--out", "judge.safetensors"]);
    assert!(said.contains("validation") && said.contains("held out"), "{said}");
    let judged = ["eval", "generator", "--checkpoint", "text", "--judge", "judge.safetensors", "--count", "3"];
    let said = run(folder, &[&judged[..], &["--json", "judged.json", "--sheet", "judged.png"]].concat());
    assert!(said.contains("3, from the captions") && said.contains("scenes themselves"), "{said}");
    let json = std::fs::read_to_string(folder.join("judged.json")).unwrap();
    assert!(json.contains("\"format\": \"vqct-text-to-image\"") && json.contains("\"object_recall\""), "{json}");
    assert!(folder.join("judged.png").exists());
    let error = error_of(folder, &["eval", "generator", "--checkpoint", "text", "--judge", "nothing"]);
    assert!(error.contains("nothing"), "{error}");

    run(folder, &["generate", "--checkpoint", "class", "--class", "0", "--class", "apple", "--grid", "class.png"]);
    let map = ["--segmentation", "validation:1", "--count", "2"];
    run(folder, &[&["generate", "--checkpoint", "map"], &map[..], &["--grid", "map.png", "--guidance", "2"]].concat());
    let numbers = GrayImage::from_fn(32, 32, |x, _| Luma([if x < 16 { 0 } else { 2 }]));
    numbers.save(folder.join("numbers.png")).unwrap();
    run(folder, &["generate", "--checkpoint", "map", "--segmentation", "numbers.png", "--count", "1", "--out", "map"]);

    mask(folder, "mask.png", 32, 255);
    let inpaint = ["generate", "--checkpoint", "free", "--inpaint", "one/0000.png", "mask.png", "--count", "2"];
    run(folder, &[&inpaint[..], &["--rounds", "3", "--out", "inpainted", "--grid", "inpainted.png"]].concat());
    let complete = ["generate", "--checkpoint", "text", "--complete", "validation:0", "--keep-rows", "1"];
    run(folder, &[&complete[..], &["--count", "1", "--out", "completed"]].concat());

    let said = run(folder, &["train", "generator", "--resume", "text"]);
    assert!(said.contains("trained 2 steps"), "{said}");
}

#[test]
fn what_cannot_be_made_is_refused() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    prepare(folder);
    train(folder, "text", &["condition={ kind = \"text\", max_tokens = 6 }"]);
    train(folder, "class", &["condition={ kind = \"class\" }"]);
    mask(folder, "mask.png", 32, 255);
    mask(folder, "large.png", 48, 255);
    mask(folder, "empty.png", 32, 0);
    run(folder, &["generate", "--checkpoint", "text", "--count", "1", "--out", "made"]);
    let check = |arguments: &[&str], parts: &[&str]| {
        let error = error_of(folder, &[&["generate", "--out", "x"], arguments].concat());
        for part in parts {
            assert!(error.contains(part), "{part:?} is missing in: {error}");
        }
        assert!(!folder.join("x").exists(), "{arguments:?} left something behind");
    };
    let text = ["--checkpoint", "text"];
    let of_text = |more: &[&'static str]| [&text[..], more].concat();
    check(&["--checkpoint", "class", "--class", "dog"], &["classes by name or number", "`dog`"]);
    check(&["--checkpoint", "class", "--class", "17"], &["`17`"]);
    check(&["--checkpoint", "class", "--text", "a dog"], &["--text", "a class"]);
    check(&of_text(&["--text", "a red apple and a cat and a star"]), &["at most 6 tokens"]);
    check(&of_text(&["--inpaint", "made/0000.png", "large.png"]), &["large.png", "32x32", "48x48"]);
    check(&of_text(&["--inpaint", "validation:0", "large.png"]), &["large.png", "32x32", "48x48"]);
    check(&of_text(&["--inpaint", "made/0000.png", "empty.png"]), &["empty.png", "something white"]);
    check(&of_text(&["--inpaint", "nothing.png", "mask.png"]), &["nothing.png"]);
    check(&of_text(&["--complete", "validation:9"]), &["9", "below 4"]);
    check(&of_text(&["--complete", "validation:x"]), &["validation:x", "number of an image"]);
    check(&of_text(&["--complete", "validation:0", "--keep-rows", "4"]), &["--keep-rows", "4 rows", "got 4"]);
    check(&of_text(&["--rounds", "4"]), &["--rounds", "masked"]);
    check(&of_text(&["--top-k", "0"]), &["top_k", "0"]);
    check(&of_text(&["--top-p", "1.5"]), &["top_p", "1.5"]);
    check(&of_text(&["--temperature", "0"]), &["temperature", "0"]);
    check(&of_text(&["--guidance", "nan"]), &["guidance", "NaN"]);
    check(&of_text(&["--count", "0"]), &["--count", "at least 1"]);
    check(&of_text(&["--tokenizer", "maps"]), &["tokenizer maps", "expected the checkpoint"]);
    check(&["--checkpoint", "tokenizer"], &["vqct-generator", "vqct-checkpoint"]);
    let error = error_of(folder, &["tokenize", "--checkpoint", "tokenizer", "--store", "tokens"]);
    assert!(error.contains("train.safetensors exists already"), "{error}");
    let error = error_of(
        folder,
        &["train", "generator", "--config", "generator.toml", "--out", "y", "--store", "tokens", "--tokenizer", "maps"],
    );
    assert!(error.contains("token store tokens/train.safetensors"), "{error}");
}
