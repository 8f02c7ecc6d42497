use proptest::prelude::*;
use tch::{Device, Kind, Tensor, nn};
use vq_core::Mode;
use vq_model::{Discriminator, DiscriminatorConfig, PatchConfig, Precision};

use crate::support::{fill, images, noise, parameters, relative_error};

const SMALL: PatchConfig = PatchConfig { layers: 2, filters: 8 };
const KINDS: [fn(PatchConfig) -> DiscriminatorConfig; 2] = [DiscriminatorConfig::Patch, DiscriminatorConfig::Spectral];

fn build(config: &DiscriminatorConfig, precision: Precision) -> (nn::VarStore, Box<dyn Discriminator>) {
    let store = nn::VarStore::new(Device::Cpu);
    let discriminator = config.build(&store.root(), precision).unwrap();
    (store, discriminator)
}

fn shapes(config: &DiscriminatorConfig) -> Vec<String> {
    let (store, _) = build(config, Precision::F32);
    let mut shapes: Vec<String> =
        store.variables().iter().map(|(name, variable)| format!("{name} {:?}", variable.size())).collect();
    shapes.sort();
    shapes
}

/// taming-transformers' names, so that its checkpoints fit.
#[test]
fn the_patch_discriminator_registers_tamings_names() {
    let expected = [
        "main.0.bias [64]",
        "main.0.weight [64, 3, 4, 4]",
        "main.11.bias [1]",
        "main.11.weight [1, 512, 4, 4]",
        "main.2.weight [128, 64, 4, 4]",
        "main.3.bias [128]",
        "main.3.running_mean [128]",
        "main.3.running_var [128]",
        "main.3.weight [128]",
        "main.5.weight [256, 128, 4, 4]",
        "main.6.bias [256]",
        "main.6.running_mean [256]",
        "main.6.running_var [256]",
        "main.6.weight [256]",
        "main.8.weight [512, 256, 4, 4]",
        "main.9.bias [512]",
        "main.9.running_mean [512]",
        "main.9.running_var [512]",
        "main.9.weight [512]",
    ];
    assert_eq!(shapes(&DiscriminatorConfig::default()), expected);
}

#[test]
fn the_spectral_discriminator_registers_torchs_names() {
    let shapes = shapes(&DiscriminatorConfig::Spectral(PatchConfig { layers: 1, filters: 8 }));
    let expected = [
        "main.0.bias [8]",
        "main.0.parametrizations.weight.0._u [8]",
        "main.0.parametrizations.weight.0._v [48]",
        "main.0.parametrizations.weight.original [8, 3, 4, 4]",
        "main.2.bias [16]",
        "main.2.parametrizations.weight.0._u [16]",
        "main.2.parametrizations.weight.0._v [128]",
        "main.2.parametrizations.weight.original [16, 8, 4, 4]",
        "main.4.bias [1]",
        "main.4.parametrizations.weight.0._u [1]",
        "main.4.parametrizations.weight.0._v [256]",
        "main.4.parametrizations.weight.original [1, 16, 4, 4]",
    ];
    assert_eq!(shapes, expected);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn evaluation_changes_nothing(batch in 1_i64..4, height in 12_i64..30, width in 12_i64..30) {
        for kind in KINDS {
            let (store, discriminator) = build(&kind(SMALL), Precision::F32);
            let before: Vec<(String, Tensor)> =
                store.variables().into_iter().map(|(name, variable)| (name, variable.detach().copy())).collect();
            let images = images(batch, height, width);
            let logits = discriminator.forward(&images, Mode::Eval).unwrap();
            prop_assert_eq!(logits.size(), [batch, 1, height / 4 - 2, width / 4 - 2]);
            let again = discriminator.forward(&images, Mode::Eval).unwrap();
            prop_assert!(again.equal(&logits));
            let after = store.variables();
            for (name, value) in before {
                prop_assert!(after[&name].equal(&value), "{} changed", name);
            }
        }
    }
}

/// The power iteration converges to the largest singular value of the matrix.
#[test]
fn training_passes_normalize_the_spectral_norm() {
    let (store, discriminator) = build(&DiscriminatorConfig::Spectral(SMALL), Precision::F32);
    for _ in 0..200 {
        let _ = tch::no_grad(|| discriminator.forward(&images(1, 12, 12), Mode::Train)).unwrap();
    }
    let variables = store.variables();
    for index in [0, 2, 4, 6] {
        let at = format!("main.{index}.parametrizations.weight");
        let matrix = variables[&format!("{at}.original")].flatten(1, -1);
        let (left, right) = (&variables[&format!("{at}.0._u")], &variables[&format!("{at}.0._v")]);
        let estimate = left.dot(&matrix.mv(right)).double_value(&[]);
        let largest = matrix.linalg_norm(2.0, None::<&[i64]>, false, None::<Kind>).double_value(&[]);
        assert!((estimate / largest - 1.0).abs() < 1e-3, "main.{index}: {estimate}, expected {largest}");
    }
}

/// Two training passes may precede both gradients, as with real and reconstructed images.
#[test]
fn a_later_pass_does_not_change_the_gradient_of_an_earlier_one() {
    for kind in KINDS {
        let (alone, expected) = build(&kind(SMALL), Precision::F32);
        let (mut store, found) = build(&kind(SMALL), Precision::F32);
        store.copy(&alone).unwrap();
        let train = |discriminator: &dyn Discriminator, images: &Tensor| {
            discriminator.forward(images, Mode::Train).unwrap().square().mean(Kind::Float)
        };
        train(expected.as_ref(), &images(2, 16, 16)).backward();
        let earlier = train(found.as_ref(), &images(2, 16, 16));
        let _later = train(found.as_ref(), &(images(2, 16, 16) * 0.5));
        earlier.backward();
        let ours = parameters(&store);
        for (name, variable) in parameters(&alone) {
            let gradient = variable.grad();
            assert!(gradient.abs().sum(Kind::Float).double_value(&[]) > 0.0, "{name}");
            assert!(ours[&name].grad().equal(&gradient), "{name}");
        }
    }
}

/// With activations of 8 significant bits, logits may differ by 5 % and gradients by 20 % of their norm, since signs before
/// the leaky ReLU flip. Gradients are `Float`, like the weights.
#[test]
fn bf16_is_near_f32() {
    for kind in KINDS {
        let (store, single) = build(&kind(PatchConfig { layers: 3, filters: 16 }), Precision::F32);
        let (mut other, half) = build(&kind(PatchConfig { layers: 3, filters: 16 }), Precision::Bf16);
        fill(&store, 400);
        // The power iteration converges for these weights from any initial vectors.
        for _ in 0..50 {
            let _ = tch::no_grad(|| single.forward(&images(2, 48, 48), Mode::Train)).unwrap();
        }
        other.copy(&store).unwrap();
        let run = |discriminator: &dyn Discriminator, store: &nn::VarStore| {
            let logits = discriminator.forward(&images(2, 48, 48), Mode::Train).unwrap();
            assert_eq!(logits.kind(), Kind::Float);
            (&logits * noise(&logits.size(), 1001)).sum(Kind::Float).backward();
            (logits, parameters(store))
        };
        let (expected, parameters) = run(single.as_ref(), &store);
        let (found, ours) = run(half.as_ref(), &other);
        let error = relative_error(&found, &expected);
        assert!((1e-6..0.05).contains(&error), "logits: {error}");
        for (name, variable) in parameters {
            let gradient = ours[&name].grad();
            assert_eq!((ours[&name].kind(), gradient.kind()), (Kind::Float, Kind::Float), "{name}");
            let error = relative_error(&gradient, &variable.grad());
            assert!(error < 0.2, "{name}: {error}");
        }
    }
}

#[test]
fn invalid_images_and_options_are_rejected() {
    for kind in KINDS {
        let (_, discriminator) = build(&kind(SMALL), Precision::F32);
        for size in [[0, 3, 16, 16], [1, 1, 16, 16], [1, 3, 11, 16], [1, 3, 16, 11]] {
            let images = Tensor::zeros(size, (Kind::Float, Device::Cpu));
            assert!(discriminator.forward(&images, Mode::Train).is_err(), "{size:?}");
        }
        let rejected = |config: PatchConfig| kind(config).check().unwrap_err().to_string();
        let error = rejected(PatchConfig { layers: 0, ..SMALL });
        assert_eq!(error, "DiscriminatorConfig: expected `layers` in 1..=8, got 0");
        assert!(rejected(PatchConfig { filters: 0, ..SMALL }).contains("`filters`"));
    }
}

#[test]
fn a_table_names_the_discriminator() {
    let config: DiscriminatorConfig = toml::from_str("kind = \"spectral\"\nlayers = 2").unwrap();
    assert_eq!(config, DiscriminatorConfig::Spectral(PatchConfig { layers: 2, filters: 64 }));
    let config: DiscriminatorConfig = toml::from_str("kind = \"patch\"").unwrap();
    assert_eq!(config, DiscriminatorConfig::default());
    assert!(toml::from_str::<DiscriminatorConfig>("kind = \"patch\"\nlayer = 2").is_err());
    assert!(toml::from_str::<DiscriminatorConfig>("kind = \"style\"").is_err());
}
