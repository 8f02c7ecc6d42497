use std::collections::HashMap;
use std::path::Path;

use tch::{Device, Kind, Tensor, nn};
use vq_model::{ModelError, SceneClasses, SceneClassifier, SceneClassifierConfig, ScenePrediction};

use crate::support::{fill, images, parameters, relative_error};

const CLASSES: SceneClasses = SceneClasses { objects: 3, colors: 2 };

fn small() -> SceneClassifierConfig {
    SceneClassifierConfig { widths: vec![16, 32], blocks: 2 }
}

fn build() -> (nn::VarStore, SceneClassifier) {
    let store = nn::VarStore::new(Device::Cpu);
    let classifier = SceneClassifier::new(&store.root(), &small(), CLASSES).unwrap();
    fill(&store, 0);
    (store, classifier)
}

#[test]
fn predictions_and_gradients_equal_pytorchs() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/scene_classifier.safetensors");
    let goldens: HashMap<String, Tensor> = Tensor::read_safetensors(file).unwrap().into_iter().collect();
    let (store, classifier) = build();
    let ScenePrediction { features, presence, colors, positions } = classifier.forward(&images(2, 16, 24)).unwrap();
    for (name, found) in
        [("features", &features), ("presence", &presence), ("colors", &colors), ("positions", &positions)]
    {
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
fn parameters_have_these_names() {
    let store = nn::VarStore::new(Device::Cpu);
    let config = SceneClassifierConfig { widths: vec![16], blocks: 1 };
    let _classifier = SceneClassifier::new(&store.root(), &config, CLASSES).unwrap();
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
fn images_of_any_fitting_size_are_accepted() {
    let (_store, classifier) = build();
    for (batch, height, width) in [(1, 4, 4), (3, 16, 24), (2, 32, 8)] {
        let prediction = classifier.forward(&images(batch, height, width)).unwrap();
        assert_eq!(prediction.features.size(), [batch, 32]);
        assert_eq!(prediction.presence.size(), [batch, 3]);
        assert_eq!(prediction.colors.size(), [batch, 3, 2]);
        assert_eq!(prediction.positions.size(), [batch, 3, height / 4, width / 4]);
        assert!(prediction.colors.isfinite().all().int64_value(&[]) == 1);
    }
}

#[test]
fn invalid_images_are_rejected() {
    let (_store, classifier) = build();
    for size in [&[3, 16, 16][..], &[1, 1, 16, 16], &[1, 3, 18, 16], &[1, 3, 16, 2], &[0, 3, 16, 16], &[1, 3, 0, 16]] {
        let images = Tensor::zeros(size, (Kind::Float, Device::Cpu));
        let error = classifier.forward(&images).unwrap_err();
        assert!(matches!(error, ModelError::Shape { .. }), "{error}");
        assert!(error.to_string().contains("multiples of 4"), "{error}");
    }
}

#[test]
fn invalid_options_are_rejected() {
    #[track_caller]
    fn check(config: &SceneClassifierConfig, classes: SceneClasses, expected: &str) {
        let store = nn::VarStore::new(Device::Cpu);
        let error = SceneClassifier::new(&store.root(), config, classes).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert!(store.variables().is_empty());
    }
    for widths in [vec![], vec![24], vec![16, 0], vec![16; 7]] {
        let expected = format!("got {widths:?}");
        check(&SceneClassifierConfig { widths, ..small() }, CLASSES, &expected);
    }
    check(&SceneClassifierConfig { blocks: 0, ..small() }, CLASSES, "`blocks` >= 1, got 0");
    check(&small(), SceneClasses { objects: 0, ..CLASSES }, "at least one object and one colour, got 0 and 2");
    check(&small(), SceneClasses { colors: 0, ..CLASSES }, "at least one object and one colour, got 3 and 0");
}
