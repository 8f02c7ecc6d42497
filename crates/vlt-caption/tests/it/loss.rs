//! Laws of the translation loss.

use tch::{Device, Kind, Tensor, nn};
use vlt_caption::{CaptionBatch, CaptionConfig, CaptionDecoder};
use vq_core::{FixedCodebook, Mode, NearestConfig, NearestQuantizer, Quantizer};

use crate::support::{assert_close, codes, formula, names, small};

fn batch(ids: &[i64], lengths: &[i64]) -> CaptionBatch {
    let lengths = Tensor::from_slice(lengths);
    CaptionBatch { ids: Tensor::from_slice(ids).view([lengths.size()[0], -1]), lengths }
}

#[test]
fn parameters_have_literal_names() {
    let config =
        CaptionConfig { width: 8, heads: 2, layers: 1, encoder_layers: 1, max_tokens: 4, ..Default::default() };
    let store = nn::VarStore::new(Device::Cpu);
    CaptionDecoder::new(&store.root(), 3, &config, &Tensor::ones([7, 5], (Kind::Float, Device::Cpu))).unwrap();
    let with_bias = |name: &str| vec![format!("{name}.bias"), format!("{name}.weight")];
    let attention = |name: &str| ["key", "output", "query", "value"].map(|part| with_bias(&format!("{name}.{part}")));
    let mlp = |name: &str| ["down", "up"].map(|part| with_bias(&format!("{name}.{part}")));
    let mut expected: Vec<String> = [
        attention("blocks.0.cross_attention").concat(),
        mlp("blocks.0.mlp").concat(),
        with_bias("blocks.0.norm1"),
        with_bias("blocks.0.norm2"),
        with_bias("blocks.0.norm3"),
        attention("blocks.0.self_attention").concat(),
        with_bias("norm"),
        vec!["positions".into()],
        attention("source.blocks.0.attention").concat(),
        mlp("source.blocks.0.mlp").concat(),
        with_bias("source.blocks.0.norm1"),
        with_bias("source.blocks.0.norm2"),
        vec!["source.columns".into(), "source.rows".into()],
        with_bias("source.norm_in"),
        with_bias("source.norm_out"),
        with_bias("source.projection"),
        vec!["tokens.bias".into(), "tokens.input.weight".into(), "tokens.output.weight".into()],
    ]
    .concat();
    expected.sort();
    assert_eq!(names(&store), expected);

    let store = nn::VarStore::new(Device::Cpu);
    CaptionDecoder::new(&store.root(), 3, &config, &Tensor::ones([7, 8], (Kind::Float, Device::Cpu))).unwrap();
    assert!(!names(&store).contains(&"tokens.input.weight".to_owned()), "equal widths need no projection");
}

#[test]
fn the_gradient_reaches_every_code_and_every_parameter() {
    let small = small(1, 2.0);
    let codes = codes(3, 2).set_requires_grad(true);
    let batch = batch(&[0, 5, 6, 1, 0, 7, 1, 2], &[4, 3]);
    small.decoder.loss(&codes, &batch, Mode::Train).unwrap().loss.backward();
    let reached = codes.grad().abs().sum_dim_intlist(1, false, Kind::Float); // [B, H, W]
    assert!(reached.min().double_value(&[]) > 0.0, "{reached}");
    for (name, variable) in small.store.variables() {
        assert!(variable.grad().defined(), "{name}");
    }
}

#[test]
fn detached_codes_get_no_gradient() {
    let small = small(1, 2.0);
    let codes = codes(3, 2).set_requires_grad(true);
    let batch = batch(&[0, 5, 6, 1, 0, 7, 1, 2], &[4, 3]);
    small.decoder.loss(&codes.detach(), &batch, Mode::Train).unwrap().loss.backward();
    assert!(!codes.grad().defined());
}

#[test]
fn the_gradient_passes_the_quantizer_and_reaches_the_latents() {
    // The commitment term is left out, so the gradient to the latents comes from the caption alone.
    let small = small(1, 2.0);
    let codebook = FixedCodebook::new(&formula(9, &[5, 6], 1.0, 0.0)).unwrap();
    let quantizer = NearestQuantizer::new(Box::new(codebook), NearestConfig::default()).unwrap();
    let latents = codes(3, 1).set_requires_grad(true);
    let quantized = quantizer.quantize(&latents, Mode::Train).unwrap();
    small.decoder.loss(&quantized.codes, &batch(&[0, 5, 1], &[3]), Mode::Train).unwrap().loss.backward();
    assert!(latents.grad().abs().max().double_value(&[]) > 0.0);

    let direct = small.decoder.encode(&quantized.codes, Mode::Eval).unwrap();
    let stored = small.decoder.encode_ids(&quantizer, &quantized.indices).unwrap();
    assert!(direct.states.equal(&stored.states), "ids and codes are encoded equally");
}

#[test]
fn padding_changes_nothing() {
    let small = small(2, 2.0);
    let codes = codes(4, 2);
    let short = small.decoder.loss(&codes, &batch(&[0, 5, 1, 0, 7, 1], &[3, 3]), Mode::Eval).unwrap();
    let padded = batch(&[0, 5, 1, 2, 11, 0, 7, 1, 9, 2], &[3, 3]);
    let long = small.decoder.loss(&codes, &padded, Mode::Eval).unwrap();
    assert_close(&long.loss, &short.loss, 1e-6, "loss");
    assert_eq!(long.tokens, short.tokens);
}

#[test]
fn a_batch_without_captions_has_zero_loss_and_zero_gradients() {
    let small = small(2, 2.0);
    let codes = codes(4, 2).set_requires_grad(true);
    let none = small.decoder.loss(&codes, &batch(&[0, 1, 0, 1], &[0, 1]), Mode::Train).unwrap();
    assert_eq!(none.loss.double_value(&[]), 0.0);
    assert_eq!(none.tokens.int64_value(&[]), 0);
    none.loss.backward();
    assert_eq!(codes.grad().abs().max().double_value(&[]), 0.0);
}

#[test]
fn an_image_without_caption_does_not_count() {
    let small = small(2, 2.0);
    let both = small.decoder.loss(&codes(4, 2), &batch(&[0, 5, 1, 0, 7, 1], &[3, 0]), Mode::Eval).unwrap();
    let one = small.decoder.loss(&codes(4, 2).narrow(0, 0, 1), &batch(&[0, 5, 1], &[3]), Mode::Eval).unwrap();
    assert_close(&both.loss, &one.loss, 1e-6, "loss");
}

#[test]
fn a_few_steps_memorize_captions() {
    tch::manual_seed(0);
    let store = nn::VarStore::new(Device::Cpu);
    let config =
        CaptionConfig { width: 16, heads: 2, layers: 1, dropout: 0.0, label_smoothing: 0.0, ..Default::default() };
    let decoder = CaptionDecoder::new(&store.root(), 6, &config, &formula(8, &[12, 16], 0.1, 0.0)).unwrap();
    let codes = codes(6, 2);
    let captions = batch(&[0, 5, 6, 1, 0, 7, 1, 2], &[4, 3]);
    let mut optimizer = nn::OptimizerConfig::build(nn::Adam::default(), &store, 1e-2).unwrap();
    for _ in 0..60 {
        optimizer.backward_step(&decoder.loss(&codes, &captions, Mode::Train).unwrap().loss);
    }
    let learned = decoder.loss(&codes, &captions, Mode::Eval).unwrap();
    assert!(learned.loss.double_value(&[]) < 0.1, "{:?}", learned.loss);
    assert_eq!(learned.accuracy.double_value(&[]), 1.0);
}

#[test]
fn bf16_codes_give_about_the_same_loss() {
    let small = small(2, 2.0);
    let captions = batch(&[0, 5, 1, 0, 7, 1], &[3, 3]);
    let full = small.decoder.loss(&codes(4, 2), &captions, Mode::Eval).unwrap().loss;
    let half = small.decoder.loss(&codes(4, 2).to_kind(Kind::BFloat16), &captions, Mode::Eval).unwrap().loss;
    assert_eq!(half.kind(), Kind::Float);
    assert_close(&half, &full, 0.05, "loss");
}
