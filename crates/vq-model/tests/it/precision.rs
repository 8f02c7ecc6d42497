use tch::{Device, Kind, Tensor, nn};
use vq_core::{FixedCodebook, Mode, NearestConfig, NearestQuantizer};
use vq_model::{AutoencoderConfig, Decoder, Encoder, ImageTokenizer, Precision};

use crate::support::{fill, images, noise, parameters, relative_error};

fn small() -> AutoencoderConfig {
    AutoencoderConfig {
        patch: 1,
        channels: 32,
        multipliers: vec![1, 2],
        residual_blocks: 1,
        attention_factors: vec![2],
        latent_channels: 8,
    }
}

/// Compares output and gradients of a network in both precisions.
///
/// With 8 significant bits and a dozen layers, outputs may differ by 3 % and gradients by 10 % of their norm.
fn check(store: &nn::VarStore, input: &Tensor, forward: impl Fn(&Tensor) -> Tensor) {
    let run = |precision: Precision| {
        let output = forward(&precision.cast(input));
        assert_eq!(output.kind(), precision.kind());
        let output = output.to_kind(Kind::Float);
        (&output * noise(&output.size(), 1002)).sum(Kind::Float).backward();
        let gradients: Vec<(String, Tensor)> = parameters(store)
            .into_iter()
            .map(|(name, mut variable)| {
                let gradient = variable.grad().copy();
                assert_eq!((variable.kind(), gradient.kind()), (Kind::Float, Kind::Float), "{name}");
                variable.zero_grad();
                (name, gradient)
            })
            .collect();
        (output, gradients)
    };
    let (expected, exact) = run(Precision::F32);
    let (found, rounded) = run(Precision::Bf16);
    let error = relative_error(&found, &expected);
    // Not zero, since activations are rounded.
    assert!((1e-4..0.03).contains(&error), "output: {error}");
    let largest = exact.iter().map(|(_, gradient)| gradient.norm().double_value(&[])).fold(0.0, f64::max);
    for ((name, exact), (_, rounded)) in exact.iter().zip(&rounded) {
        let difference = (exact - rounded).norm().double_value(&[]);
        // The gradient of a key's bias is zero up to rounding, hence the absolute part.
        let allowed = 0.1 * exact.norm().double_value(&[]) + 1e-3 * largest;
        assert!(difference < allowed, "{name}: {difference}, allowed {allowed}");
    }
}

#[test]
fn the_encoder_in_bf16_is_near_f32() {
    let store = nn::VarStore::new(Device::Cpu);
    let encoder = Encoder::new(&store.root(), &small()).unwrap();
    fill(&store, 0);
    check(&store, &images(2, 16, 16), |images| encoder.forward(images));
}

#[test]
fn the_decoder_in_bf16_is_near_f32() {
    let store = nn::VarStore::new(Device::Cpu);
    let decoder = Decoder::new(&store.root(), &small()).unwrap();
    fill(&store, 200);
    check(&store, &noise(&[2, 8, 8, 8], 1003), |codes| decoder.forward(codes));
}

/// Image to ids to image equals the direct path in bf16 too; images, codes and loss are `Float`.
#[test]
fn the_laws_of_the_tokenizer_hold_in_bf16() {
    let store = nn::VarStore::new(Device::Cpu);
    let codebook = FixedCodebook::new(&noise(&[32, 4], 1004)).unwrap();
    let quantizer = NearestQuantizer::new(Box::new(codebook), NearestConfig::default()).unwrap();
    let tokenizer =
        ImageTokenizer::new(&store.root(), &small(), Box::new(quantizer)).unwrap().with_precision(Precision::Bf16);
    assert_eq!(tokenizer.precision(), Precision::Bf16);
    let images = images(2, 16, 16);
    let direct = tokenizer.reconstruct(&images, Mode::Eval).unwrap();
    assert_eq!((direct.images.kind(), direct.quantized.codes.kind()), (Kind::Float, Kind::Float));
    let ids = tokenizer.encode(&images).unwrap();
    assert!(ids.equal(&direct.quantized.indices));
    assert!(tokenizer.decode(&ids).unwrap().equal(&direct.images.clamp(-1.0, 1.0)));
    (direct.images.square().mean(Kind::Float) + direct.quantized.loss).backward();
    for (name, variable) in parameters(&store) {
        assert_eq!((variable.kind(), variable.grad().kind()), (Kind::Float, Kind::Float), "{name}");
    }
}

#[test]
fn precisions_have_names() {
    #[derive(serde::Deserialize)]
    struct Table {
        precision: Precision,
    }
    let read = |text: &str| toml::from_str::<Table>(text).map(|table| table.precision);
    assert_eq!(read("precision = \"bf16\"").unwrap(), Precision::Bf16);
    assert_eq!(read("precision = \"f32\"").unwrap(), Precision::F32);
    assert!(read("precision = \"fp8\"").is_err());
}
