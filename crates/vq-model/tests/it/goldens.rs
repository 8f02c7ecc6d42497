//! Against PyTorch: `tests/data/make_vqgan.py` builds the same networks from the papers and records outputs and gradients.

use std::collections::HashMap;

use tch::{Device, Tensor, nn};
use vq_core::Mode;
use vq_model::{AutoencoderConfig, Decoder, Discriminator, Encoder, PatchConfig};
use vq_model::{PatchDiscriminator, Precision, SpectralDiscriminator};

use crate::support::{fill, goldens, noise, parameters, relative_error};

const TOLERANCE: f64 = 1e-4;

fn autoencoder() -> AutoencoderConfig {
    AutoencoderConfig {
        patch: 1,
        channels: 32,
        multipliers: vec![1, 2],
        residual_blocks: 1,
        attention_factors: vec![2],
        latent_channels: 4,
    }
}

/// Compares output, gradient of the input, gradients of named parameters, and norm and projection of every gradient.
fn check(label: &str, store: &nn::VarStore, input: &Tensor, forward: impl Fn(&Tensor) -> Tensor) {
    let goldens: HashMap<String, Tensor> = goldens();
    let golden = |name: &str| &goldens[&format!("{label}.{name}")];
    let close = |name: &str, found: &Tensor| {
        let expected = golden(name);
        // The golden of a large tensor holds norm and projection only.
        let key = if name == "output" { 902 } else { 903 };
        let found = match expected.numel() {
            2 => Tensor::stack(&[found.norm(), (found * noise(&found.size(), key)).sum(found.kind())], 0),
            _ => found.shallow_clone(),
        };
        let error = relative_error(&found, expected);
        assert!(error < TOLERANCE, "{label}.{name}: {error}");
    };
    let input = input.set_requires_grad(true);
    let output = forward(&input);
    close("output", &output);
    (&output * noise(&output.size(), 900)).sum(output.kind()).backward();
    close("input.grad", &input.grad());

    let parameters = parameters(store);
    let summaries = golden("grads");
    assert_eq!(summaries.size(), [parameters.len() as i64, 2], "{label}: parameters");
    let largest = summaries.select(1, 0).max().double_value(&[]);
    let mut compared = 0;
    for (row, (name, variable)) in parameters.iter().enumerate() {
        let gradient = variable.grad();
        let (norm, projection) = (summaries.double_value(&[row as i64, 0]), summaries.double_value(&[row as i64, 1]));
        let found = (&gradient * noise(&gradient.size(), 901)).sum(gradient.kind()).double_value(&[]);
        // The gradient of a key's bias is zero up to rounding, hence the absolute part.
        let allowed = TOLERANCE * norm + 1e-6 * largest;
        let found_norm = gradient.norm().double_value(&[]);
        assert!((found_norm - norm).abs() <= allowed, "{label}.{name}: norm {found_norm}, expected {norm}");
        // Each product of the projection may differ by the tolerance.
        assert!((found - projection).abs() <= allowed, "{label}.{name}: projection {found}, expected {projection}");
        if goldens.contains_key(&format!("{label}.{name}.grad")) {
            close(&format!("{name}.grad"), &gradient);
            compared += 1;
        }
    }
    assert!(compared >= 2, "{label}: named gradients were compared");
}

#[test]
fn the_encoder_equals_tamings() {
    let store = nn::VarStore::new(Device::Cpu);
    let encoder = Encoder::new(&store.root(), &autoencoder()).unwrap();
    fill(&store, 0);
    check("encoder", &store, &noise(&[2, 3, 12, 16], 800), |images| encoder.forward(images));
}

/// Enough positions that attention does not compute the matrix of weights.
#[test]
fn attention_over_many_positions_equals_tamings() {
    let store = nn::VarStore::new(Device::Cpu);
    let config = AutoencoderConfig { multipliers: vec![1], attention_factors: vec![], ..autoencoder() };
    let encoder = Encoder::new(&store.root(), &config).unwrap();
    fill(&store, 100);
    check("wide", &store, &noise(&[1, 3, 36, 32], 804), |images| encoder.forward(images));
}

#[test]
fn the_decoder_equals_tamings() {
    let store = nn::VarStore::new(Device::Cpu);
    let decoder = Decoder::new(&store.root(), &autoencoder()).unwrap();
    fill(&store, 200);
    check("decoder", &store, &noise(&[2, 4, 6, 8], 801), |codes| decoder.forward(codes));
}

#[test]
fn patches_equal_torchs_pixel_unshuffle() {
    let config = AutoencoderConfig { patch: 2, multipliers: vec![1], attention_factors: vec![], ..autoencoder() };
    let store = nn::VarStore::new(Device::Cpu);
    let encoder = Encoder::new(&store.root(), &config).unwrap();
    fill(&store, 300);
    check("folded", &store, &noise(&[1, 3, 8, 12], 805), |images| encoder.forward(images));
    let store = nn::VarStore::new(Device::Cpu);
    let decoder = Decoder::new(&store.root(), &config).unwrap();
    fill(&store, 350);
    check("unfolded", &store, &noise(&[1, 4, 4, 6], 806), |codes| decoder.forward(codes));
}

/// Compares logits and gradients in training, the buffers after that pass, and logits in evaluation with those buffers.
fn check_discriminator(label: &str, store: &nn::VarStore, discriminator: &dyn Discriminator) {
    let train = |images: &Tensor| discriminator.forward(images, Mode::Train).unwrap();
    check(label, store, &noise(&[2, 3, 40, 32], 802), train);
    let goldens = goldens();
    let mut compared = 0;
    for (name, buffer) in store.variables().into_iter().filter(|(_, variable)| !variable.requires_grad()) {
        let error = relative_error(&buffer, &goldens[&format!("{label}.{name}")]);
        assert!(error < TOLERANCE, "{label}.{name}: {error}");
        compared += 1;
    }
    assert!(compared > 0, "{label}: buffers were compared");
    let logits = discriminator.forward(&noise(&[1, 3, 40, 32], 803), Mode::Eval).unwrap();
    let error = relative_error(&logits, &goldens[&format!("{label}.eval")]);
    assert!(error < TOLERANCE, "{label}.eval: {error}");
}

#[test]
fn the_patch_discriminator_equals_tamings() {
    let store = nn::VarStore::new(Device::Cpu);
    let config = PatchConfig { layers: 3, filters: 8 };
    let discriminator = PatchDiscriminator::new(&store.root(), &config, Precision::F32).unwrap();
    fill(&store, 400);
    check_discriminator("patch", &store, &discriminator);
}

#[test]
fn spectral_norm_equals_torchs() {
    let store = nn::VarStore::new(Device::Cpu);
    let config = PatchConfig { layers: 3, filters: 8 };
    let discriminator = SpectralDiscriminator::new(&store.root(), &config, Precision::F32).unwrap();
    fill(&store, 600);
    let mut buffers: Vec<_> = store.variables().into_iter().filter(|(_, variable)| !variable.requires_grad()).collect();
    buffers.sort_by(|(one, _), (other, _)| one.cmp(other));
    for (key, (_, buffer)) in (700..).zip(&mut buffers) {
        let draw = noise(&buffer.size(), key);
        buffer.copy_(&(&draw / draw.norm()));
    }
    check_discriminator("spectral", &store, &discriminator);
}
