//! Parameters are registered under the documented names, and initialised as documented.

use tch::{Device, Kind, nn};
use vq_nn::{BlockConfig, BlockStack, CrossAttention, Linear, Projections, ResidualInit};

fn check(projections: Projections, cross_attention: CrossAttention, expected: &[&str]) {
    let config = BlockConfig {
        width: 8,
        heads: 2,
        hidden: 16,
        projections,
        cross_attention,
        residual_init: ResidualInit::Standard,
    };
    let store = nn::VarStore::new(Device::Cpu);
    BlockStack::new(&store.root(), 1, &config, None);
    let mut names: Vec<String> = store.variables().into_keys().collect();
    names.sort();
    let layers = expected.iter().map(|layer| format!("blocks.0.{layer}")).chain(["norm".to_owned()]);
    let mut expected: Vec<String> =
        layers.flat_map(|layer| [format!("{layer}.bias"), format!("{layer}.weight")]).collect();
    expected.sort();
    assert_eq!(names, expected);
}

#[test]
fn of_a_block_with_fused_projections() {
    let expected = ["attention.output", "attention.qkv", "mlp.down", "mlp.up", "norm1", "norm2"];
    check(Projections::Fused, CrossAttention::Without, &expected);
}

#[test]
fn of_a_block_with_separate_projections() {
    let attention = ["attention.key", "attention.output", "attention.query", "attention.value"];
    check(
        Projections::Separate,
        CrossAttention::Without,
        &[&attention[..], &["mlp.down", "mlp.up", "norm1", "norm2"]].concat(),
    );
}

#[test]
fn of_a_block_with_cross_attention() {
    let expected = [
        "cross_attention.key",
        "cross_attention.output",
        "cross_attention.query",
        "cross_attention.value",
        "mlp.down",
        "mlp.up",
        "norm1",
        "norm2",
        "norm3",
        "self_attention.key",
        "self_attention.output",
        "self_attention.query",
        "self_attention.value",
    ];
    check(Projections::Separate, CrossAttention::Memory, &expected);
}

#[test]
fn residual_layers_start_smaller_if_scaled_by_depth() {
    let std = |residual_init: ResidualInit, name: &str| {
        tch::manual_seed(0);
        let config = BlockConfig {
            width: 64,
            heads: 2,
            hidden: 256,
            projections: Projections::Fused,
            cross_attention: CrossAttention::Without,
            residual_init,
        };
        let store = nn::VarStore::new(Device::Cpu);
        BlockStack::new(&store.root(), 1, &config, None);
        store.variables()[name].square().mean(Kind::Double).sqrt().double_value(&[])
    };
    let scaled = ResidualInit::DepthScaled { layers: 8 };
    for (name, input) in [("blocks.0.attention.output.weight", 64_f64), ("blocks.0.mlp.down.weight", 256.0)] {
        assert!((std(ResidualInit::Standard, name) * input.sqrt() - 1.0).abs() < 0.05, "{name}");
        assert!((std(scaled, name) * (16.0 * input).sqrt() - 1.0).abs() < 0.05, "{name}");
    }
    let up = "blocks.0.mlp.up.weight";
    assert!((std(scaled, up) * 8.0 - 1.0).abs() < 0.05, "{up}");
}

#[test]
fn packed_layers_compute_the_same() {
    let store = nn::VarStore::new(Device::Cpu);
    for (input, output) in [(8, 24), (24, 8)] {
        let layer = Linear::new(&(store.root() / input), input, output);
        let xs = crate::support::normal(input, &[3, input]);
        let packed = layer.packed(Kind::Double);
        crate::support::assert_close(&packed.forward(&xs), &layer.forward(&xs), 1e-9);
        assert!(!packed.forward(&xs).requires_grad(), "a packed layer is not trained");
    }
}
