use std::collections::BTreeMap;

use tch::{Device, Kind, Tensor, nn};
use vq_model::{AutoencoderConfig, Decoder, Encoder};

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

fn shapes(store: &nn::VarStore) -> BTreeMap<String, Vec<i64>> {
    store.variables().into_iter().map(|(name, tensor)| (name, tensor.size())).collect()
}

/// taming-transformers' names, so that its checkpoints fit.
#[test]
fn the_encoder_registers_tamings_names() {
    let store = nn::VarStore::new(Device::Cpu);
    Encoder::new(&store.root(), &small()).unwrap();
    let shapes = shapes(&store);
    let expected = [
        ("conv_in.weight", vec![32, 3, 3, 3]),
        ("down.0.block.0.norm1.weight", vec![32]),
        ("down.0.block.0.conv1.weight", vec![32, 32, 3, 3]),
        ("down.0.downsample.conv.weight", vec![32, 32, 3, 3]),
        ("down.1.block.0.conv1.weight", vec![64, 32, 3, 3]),
        ("down.1.block.0.nin_shortcut.weight", vec![64, 32, 1, 1]),
        ("down.1.attn.0.norm.bias", vec![64]),
        ("down.1.attn.0.q.weight", vec![64, 64, 1, 1]),
        ("mid.block_1.conv2.weight", vec![64, 64, 3, 3]),
        ("mid.attn_1.proj_out.bias", vec![64]),
        ("mid.block_2.norm2.bias", vec![64]),
        ("norm_out.weight", vec![64]),
        ("conv_out.weight", vec![8, 64, 3, 3]),
    ];
    for (name, shape) in expected {
        assert_eq!(shapes.get(name), Some(&shape), "{name}");
    }
    // conv_in, conv_out: 2 each; norm_out: 2; blocks of 8 and 10 (shortcut); downsample: 2; attentions of 10 each;
    // two blocks of 8 at the lowest resolution.
    assert_eq!(shapes.len(), 2 + 2 + 2 + 8 + 10 + 2 + 10 + 10 + 16);
}

#[test]
fn the_decoder_registers_tamings_names() {
    let store = nn::VarStore::new(Device::Cpu);
    Decoder::new(&store.root(), &small()).unwrap();
    let shapes = shapes(&store);
    let expected = [
        ("conv_in.weight", vec![64, 8, 3, 3]),
        ("mid.attn_1.k.weight", vec![64, 64, 1, 1]),
        ("up.1.block.1.conv1.weight", vec![64, 64, 3, 3]),
        ("up.1.attn.1.v.weight", vec![64, 64, 1, 1]),
        ("up.1.upsample.conv.weight", vec![64, 64, 3, 3]),
        ("up.0.block.0.nin_shortcut.weight", vec![32, 64, 1, 1]),
        ("up.0.block.1.conv2.bias", vec![32]),
        ("conv_out.weight", vec![3, 32, 3, 3]),
    ];
    for (name, shape) in expected {
        assert_eq!(shapes.get(name), Some(&shape), "{name}");
    }
    assert!(!shapes.contains_key("up.0.upsample.conv.weight"), "the highest resolution is not upsampled");
}

#[test]
fn sizes_follow_the_factor() {
    let config = AutoencoderConfig { multipliers: vec![1, 1, 2], attention_factors: Vec::new(), ..small() };
    assert_eq!(config.factor(), 4);
    let store = nn::VarStore::new(Device::Cpu);
    let encoder = Encoder::new(&(store.root() / "encoder"), &config).unwrap();
    let decoder = Decoder::new(&(store.root() / "decoder"), &config).unwrap();
    let images = Tensor::zeros([2, 3, 16, 24], (Kind::Float, Device::Cpu));
    let latents = encoder.forward(&images);
    assert_eq!(latents.size(), [2, 8, 4, 6]);
    assert_eq!(decoder.forward(&latents).size(), [2, 3, 16, 24]);
}

/// The highest resolution is that of patches, and attention is possible at multiples of the patch only.
#[test]
fn patches_raise_the_factor() {
    let config = AutoencoderConfig { patch: 4, attention_factors: vec![8], ..small() };
    assert_eq!(config.factor(), 8);
    let store = nn::VarStore::new(Device::Cpu);
    let encoder = Encoder::new(&(store.root() / "encoder"), &config).unwrap();
    let decoder = Decoder::new(&(store.root() / "decoder"), &config).unwrap();
    assert_eq!(shapes(&store)["encoder.conv_in.weight"], [32, 48, 3, 3]);
    assert_eq!(shapes(&store)["decoder.conv_out.weight"], [48, 32, 3, 3]);
    assert!(shapes(&store).contains_key("encoder.down.1.attn.0.q.weight"));
    let latents = encoder.forward(&Tensor::zeros([2, 3, 16, 24], (Kind::Float, Device::Cpu)));
    assert_eq!(latents.size(), [2, 8, 2, 3]);
    assert_eq!(decoder.forward(&latents).size(), [2, 3, 16, 24]);
}

#[test]
fn invalid_configurations_are_rejected() {
    let rejected = |config: AutoencoderConfig| config.check().unwrap_err().to_string();
    assert!(rejected(AutoencoderConfig { patch: 0, ..small() }).contains("`patch`"));
    assert!(rejected(AutoencoderConfig { channels: 40, ..small() }).contains("`channels`"));
    assert!(rejected(AutoencoderConfig { multipliers: vec![], ..small() }).contains("`multipliers`"));
    assert!(rejected(AutoencoderConfig { multipliers: vec![1, 0], ..small() }).contains("`multipliers`"));
    assert!(rejected(AutoencoderConfig { residual_blocks: 0, ..small() }).contains("`residual_blocks`"));
    assert!(rejected(AutoencoderConfig { latent_channels: 0, ..small() }).contains("`latent_channels`"));
    assert_eq!(
        rejected(AutoencoderConfig { attention_factors: vec![16], ..small() }),
        "AutoencoderConfig: expected `attention_factors` among [1, 2], got [16]"
    );
    assert_eq!(
        rejected(AutoencoderConfig { patch: 4, attention_factors: vec![2], ..small() }),
        "AutoencoderConfig: expected `attention_factors` among [4, 8], got [2]"
    );
}

#[test]
fn presets_have_their_factors() {
    for (config, factor) in [(AutoencoderConfig::f4(), 4), (AutoencoderConfig::f8(), 8), (AutoencoderConfig::f16(), 16)]
    {
        config.check().unwrap();
        assert_eq!(config.factor(), factor);
    }
    assert_eq!(AutoencoderConfig::default(), AutoencoderConfig::f16());
}

#[test]
fn a_table_names_a_preset_and_its_differences() {
    let read = |text: &str| toml::from_str::<AutoencoderConfig>(text);
    assert_eq!(read("").unwrap(), AutoencoderConfig::f16());
    assert_eq!(read("preset = \"f8\"").unwrap(), AutoencoderConfig::f8());
    assert_eq!(
        read("preset = \"f4\"\nchannels = 64\nattention_factors = [4]").unwrap(),
        AutoencoderConfig { channels: 64, attention_factors: vec![4], ..AutoencoderConfig::f4() }
    );
    assert_eq!(read("channels = 32").unwrap(), AutoencoderConfig { channels: 32, ..AutoencoderConfig::f16() });
    let written = toml::to_string(&small()).unwrap();
    assert!(!written.contains("preset"));
    assert_eq!(read(&written).unwrap(), small());
    assert!(read("preset = \"f5\"").unwrap_err().to_string().contains("f5"));
    assert!(read("channel = 32").unwrap_err().to_string().contains("channel"));
}
