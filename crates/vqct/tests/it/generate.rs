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
transform = { size = 32, background = { color = [255, 255, 255] } }
[data.source]
kind = "scenes"
train = 8
validation = 4
map = "nouns"
objects = { start = 1, end = 1 }
nouns = ["apple", "cat", "star", "car"]
[autoencoder]
channels = 32
multipliers = [1, 1, 1, 1]
residual_blocks = 1
attention_factors = []
latent_channels = 4
[quantizer]
kind = "vq"
codebook_size = 12
codebook_dim = 4
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

const SCENE_CLASSIFIER: &str = r#"
name = "scene-classifier"
device = "cpu"
[data]
transform = { size = 32, background = { color = [255, 255, 255] } }
batch_size = 2
[data.source]
kind = "scenes"
train = 8
validation = 4
map = "nouns"
objects = { start = 1, end = 1 }
nouns = ["apple", "cat", "star", "car"]
[network]
widths = [16]
[schedule]
learning_rate = 1e-3
[train]
steps = 2
log_every = 1
"#;

const CAPTION_DECODER: &str = r#"
name = "caption-decoder"
[start]
learn = "captions"
run = "tokenizer"
[captions]
translator = { width = 16, heads = 2, layers = 1, max_tokens = 24 }
[train]
steps = 2
validate_every = 100
"#;

const SEGMENTATION: &str = "condition={ kind = \"segmentation\", tokenizer = { run = \"maps\" } }";

fn run(folder: &Path, arguments: &[&str]) -> String {
    let output = vqct(folder).args(arguments).output().unwrap();
    let printed = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {printed}");
    String::from_utf8(output.stdout).unwrap() + &printed
}

/// Tokenizers of images and of maps, and stores of their ids.
fn prepare(folder: &Path) {
    std::fs::write(folder.join("tokenizer.toml"), TOKENIZER).unwrap();
    std::fs::write(folder.join("generator.toml"), GENERATOR).unwrap();
    run(folder, &["train", "--config", "tokenizer.toml", "--out", "tokenizer"]);
    run(folder, &["train", "--config", "tokenizer.toml", "--out", "maps", "--set", "data.show=segmentations"]);
    let printed =
        run(folder, &["tokenize", "--checkpoint", "tokenizer", "--segmentation", "maps", "--store", "tokens"]);
    assert!(printed.contains("ids of 8 images") && printed.contains("ids of 4 images"), "{printed}");
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
fn images_are_generated_for_every_condition() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    prepare(folder);
    let printed = train(folder, "text", &["condition={ kind = \"text\", max_tokens = 24 }"]);
    assert!(printed.contains("nats per id") && printed.contains("vqct generate --checkpoint text"), "{printed}");
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
    // Generated ids are decoded like others.
    run(folder, &["detokenize", "--checkpoint", "tokenizer", "--out", "decoded", "one/ids.jsonl"]);
    let read = |name: &str| std::fs::read(folder.join(name).join("0001.png")).unwrap();
    assert_eq!(read("decoded"), read("one"));
    let printed =
        run(folder, &["generate", "--checkpoint", "text", "--text", "a zebra", "--count", "1", "--out", "odd"]);
    assert!(printed.contains("was not trained with `zebra`"), "{printed}");

    // Images from captions are measured by a scene classifier and a caption decoder.
    std::fs::write(folder.join("scene-classifier.toml"), SCENE_CLASSIFIER).unwrap();
    std::fs::write(folder.join("caption-decoder.toml"), CAPTION_DECODER).unwrap();
    let train_classifier = ["train", "scene-classifier", "--config", "scene-classifier.toml", "--out", "classifier"];
    let printed = run(folder, &train_classifier);
    assert!(printed.contains("validation") && printed.contains("held out"), "{printed}");
    let printed = run(folder, &["train", "scene-classifier", "--resume", "classifier"]);
    assert!(printed.contains("trained 2 steps"), "{printed}");
    run(folder, &["train", "--config", "caption-decoder.toml", "--out", "decoder"]);
    let evaluate = ["eval", "generator", "--checkpoint", "text", "--scene-classifier", "classifier", "--count", "3"];
    let printed = run(folder, &[&evaluate[..], &["--json", "figures.json", "--sheet", "figures.png"]].concat());
    assert!(printed.contains("3, one per scene caption") && printed.contains("original scenes"), "{printed}");
    assert!(!printed.contains("  captions "), "no caption decoder: {printed}");
    let json = std::fs::read_to_string(folder.join("figures.json")).unwrap();
    assert!(json.contains("\"format\": \"vqct-text-to-image\"") && json.contains("\"object_recall\""), "{json}");
    assert!(folder.join("figures.png").exists());
    let printed = run(folder, &[&evaluate[..], &["--caption-decoder", "decoder"]].concat());
    assert!(printed.contains("  captions "), "{printed}");
    let error = error_of(folder, &["eval", "generator", "--checkpoint", "text", "--scene-classifier", "nothing"]);
    assert!(error.contains("nothing"), "{error}");
    let printed = run(folder, &["eval", "--checkpoint", "tokenizer", "--scene-classifier", "classifier"]);
    assert!(printed.contains("scene classifier's features (not FID)"), "{printed}");

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

    let printed = run(folder, &["train", "generator", "--resume", "text"]);
    assert!(printed.contains("trained 2 steps"), "{printed}");
}

#[test]
fn invalid_requests_are_refused() {
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
        assert!(!folder.join("x").exists(), "{arguments:?} left a file");
    };
    let text = ["--checkpoint", "text"];
    let of_text = |more: &[&'static str]| [&text[..], more].concat();
    check(&["--checkpoint", "class", "--class", "dog"], &["classes by name or number", "`dog`"]);
    check(&["--checkpoint", "class", "--class", "17"], &["`17`"]);
    check(&["--checkpoint", "class", "--text", "a dog"], &["--text", "a class"]);
    check(&of_text(&["--text", "a red apple and a cat and a star"]), &["at most 6 tokens"]);
    check(&of_text(&["--inpaint", "made/0000.png", "large.png"]), &["large.png", "32x32", "48x48"]);
    check(&of_text(&["--inpaint", "validation:0", "large.png"]), &["large.png", "32x32", "48x48"]);
    check(&of_text(&["--inpaint", "made/0000.png", "empty.png"]), &["empty.png", "a white part"]);
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
