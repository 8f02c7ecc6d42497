use std::collections::HashMap;
use std::path::Path;

use tch::{Device, Kind, Tensor, nn};
use vq_model::{ModelError, SceneClassifier, SceneClassifierConfig, SceneOpinion, SceneVocabulary};

use crate::support::{fill, images, parameters, relative_error};

const WORDS: SceneVocabulary = SceneVocabulary { things: 3, colors: 2 };

fn small() -> SceneClassifierConfig {
    SceneClassifierConfig { widths: vec![16, 32], blocks: 2 }
}

fn build() -> (nn::VarStore, SceneClassifier) {
    let store = nn::VarStore::new(Device::Cpu);
    let classifier = SceneClassifier::new(&store.root(), &small(), WORDS).unwrap();
    fill(&store, 0);
    (store, classifier)
}

#[test]
fn it_says_what_pytorch_says() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/scene_classifier.safetensors");
    let goldens: HashMap<String, Tensor> = Tensor::read_safetensors(file).unwrap().into_iter().collect();
    let (store, classifier) = build();
    let SceneOpinion { features, presence, colors, places } = classifier.forward(&images(2, 16, 24)).unwrap();
    for (name, found) in [("features", &features), ("presence", &presence), ("colors", &colors), ("places", &places)] {
        let error = relative_error(found, &goldens[name]);
        assert!(error < 1e-5, "{name}: {error}");
    }
    let loss = presence.square().mean(Kind::Float) + (colors - 1.0).square().mean(Kind::Float);
    loss.backward();
    let expected: Vec<_> =
        goldens.iter().filter_map(|(name, golden)| Some((name.strip_prefix("gradient.")?, golden))).collect();
    assert_eq!(expected.len(), 18);
    let parameters = parameters(&store);
    for (name, expected) in expected {
        let error = relative_error(&parameters[name].grad(), expected);
        assert!(error < 1e-4, "gradient of {name}: {error}");
    }
}

#[test]
fn it_registers_these_names() {
    let store = nn::VarStore::new(Device::Cpu);
    let config = SceneClassifierConfig { widths: vec![16], blocks: 1 };
    let _classifier = SceneClassifier::new(&store.root(), &config, WORDS).unwrap();
    let shapes: Vec<String> =
        parameters(&store).iter().map(|(name, variable)| format!("{name} {:?}", variable.size())).collect();
    let expected = [
        "colors.bias [2]",
        "colors.weight [2, 16, 1, 1]",
        "levels.0.blocks.0.conv1.bias [16]",
        "levels.0.blocks.0.conv1.weight [16, 16, 3, 3]",
        "levels.0.blocks.0.conv2.bias [16]",
        "levels.0.blocks.0.conv2.weight [16, 16, 3, 3]",
        "levels.0.blocks.0.norm1.bias [16]",
        "levels.0.blocks.0.norm1.weight [16]",
        "levels.0.blocks.0.norm2.bias [16]",
        "levels.0.blocks.0.norm2.weight [16]",
        "levels.0.down.bias [16]",
        "levels.0.down.weight [16, 3, 3, 3]",
        "norm_out.bias [16]",
        "norm_out.weight [16]",
        "presence.bias [3]",
        "presence.weight [3, 16, 1, 1]",
    ];
    assert_eq!(shapes, expected);
}

#[test]
fn images_of_any_size_that_fits_are_taken() {
    let (_store, classifier) = build();
    for (batch, height, width) in [(1, 4, 4), (3, 16, 24), (2, 32, 8)] {
        let opinion = classifier.forward(&images(batch, height, width)).unwrap();
        assert_eq!(opinion.features.size(), [batch, 32]);
        assert_eq!(opinion.presence.size(), [batch, 3]);
        assert_eq!(opinion.colors.size(), [batch, 3, 2]);
        assert_eq!(opinion.places.size(), [batch, 3, height / 4, width / 4]);
        assert!(opinion.colors.isfinite().all().int64_value(&[]) == 1);
    }
}

#[test]
fn other_images_are_refused() {
    let (_store, classifier) = build();
    for size in [&[3, 16, 16][..], &[1, 1, 16, 16], &[1, 3, 18, 16], &[1, 3, 16, 2], &[0, 3, 16, 16], &[1, 3, 0, 16]] {
        let images = Tensor::zeros(size, (Kind::Float, Device::Cpu));
        let error = classifier.forward(&images).unwrap_err();
        assert!(matches!(error, ModelError::Shape { .. }), "{error}");
        assert!(error.to_string().contains("multiples of 4"), "{error}");
    }
}

#[test]
fn what_cannot_be_built_is_refused() {
    #[track_caller]
    fn check(config: &SceneClassifierConfig, words: SceneVocabulary, says: &str) {
        let store = nn::VarStore::new(Device::Cpu);
        let error = SceneClassifier::new(&store.root(), config, words).unwrap_err();
        assert!(error.to_string().contains(says), "{error}");
        assert!(store.variables().is_empty());
    }
    for widths in [vec![], vec![24], vec![16, 0], vec![16; 7]] {
        let says = format!("got {widths:?}");
        check(&SceneClassifierConfig { widths, ..small() }, WORDS, &says);
    }
    check(&SceneClassifierConfig { blocks: 0, ..small() }, WORDS, "`blocks` >= 1, got 0");
    check(&small(), SceneVocabulary { things: 0, ..WORDS }, "at least one thing and one colour, got 0 and 2");
    check(&small(), SceneVocabulary { colors: 0, ..WORDS }, "at least one thing and one colour, got 3 and 0");
}
