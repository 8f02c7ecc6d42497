//! Attention against loops, and masks.

use proptest::prelude::*;
use tch::{Device, Kind, Tensor, nn};
use vq_core::Mode;
use vq_nn::{Attention, AttentionMask, BlockInputs, CrossAttention, Dropout, Projections};

use crate::support::{any_block, any_rotary, assert_close, inputs, normal, stack};

/// Attention of `width` 4 and 2 heads, one query and head at a time; `visible` decides which keys a query attends to.
fn reference(store: &nn::VarStore, xs: &Tensor, visible: impl Fn(i64, i64) -> bool) -> Tensor {
    let parameter = |name: &str| store.variables()[name].to_kind(Kind::Double);
    let linear =
        |name: &str| xs.linear(&parameter(&format!("{name}.weight")), Some(parameter(&format!("{name}.bias"))));
    let (queries, keys, values) = (linear("query"), linear("key"), linear("value")); // [L, 4]
    let length = xs.size()[0];
    let rows = (0..length).map(|query| {
        let heads = (0..2).map(|head| {
            let part = |xs: &Tensor, row: i64| xs.get(row).narrow(0, head * 2, 2);
            let seen: Vec<i64> = (0..length).filter(|key| visible(query, *key)).collect();
            let score = |key: &i64| (part(&queries, query).dot(&part(&keys, *key)) / 2_f64.sqrt()).double_value(&[]);
            let weights: Vec<f64> = seen.iter().map(score).map(f64::exp).collect();
            let total: f64 = weights.iter().sum();
            let parts = seen.iter().zip(&weights).map(|(key, weight)| part(&values, *key) * (weight / total));
            parts.reduce(|sum, part| sum + part).unwrap()
        });
        Tensor::cat(&heads.collect::<Vec<_>>(), 0)
    });
    let attended = Tensor::stack(&rows.collect::<Vec<_>>(), 0);
    attended.linear(&parameter("output.weight"), Some(parameter("output.bias")))
}

#[test]
fn equals_a_loop_over_queries_and_heads() {
    tch::manual_seed(1);
    let store = nn::VarStore::new(Device::Cpu);
    let attention = Attention::new(&store.root(), 4, 2, Projections::Separate, 0.5);
    let xs = normal(2, &[5, 4]);
    let real = Tensor::from_slice(&[true, false, true, true, false]);
    let keys = real.view([1, 1, 1, 5]);
    let check = |mask: AttentionMask<'_>, expected: Tensor| {
        let got = attention.forward(&xs.unsqueeze(0), None, mask, Dropout::off());
        assert_close(&got.squeeze_dim(0), &expected, 1e-9);
    };
    check(AttentionMask::Full, reference(&store, &xs, |_, _| true));
    check(AttentionMask::Causal, reference(&store, &xs, |query, key| key <= query));
    check(AttentionMask::Keys(&keys), reference(&store, &xs, |_, key| [0, 2, 3].contains(&key)));
    let memory = attention.read(&xs.unsqueeze(0));
    let crossed = attention.cross(&xs.unsqueeze(0), &memory, Dropout::off());
    assert_close(&crossed.squeeze_dim(0), &reference(&store, &xs, |_, _| true), 1e-9);
}

#[test]
fn fused_projections_equal_separate_ones() {
    let make = |projections| {
        let store = nn::VarStore::new(Device::Cpu);
        let attention = Attention::new(&store.root(), 8, 2, projections, 0.5);
        (store, attention)
    };
    let ((separate_store, separate), (fused_store, fused)) = (make(Projections::Separate), make(Projections::Fused));
    let (from, to) = (separate_store.variables(), fused_store.variables());
    for part in ["weight", "bias"] {
        let parts = ["query", "key", "value"].map(|name| from[&format!("{name}.{part}")].shallow_clone());
        tch::no_grad(|| {
            to[&format!("qkv.{part}")].shallow_clone().copy_(&Tensor::cat(&parts, 0));
            to[&format!("output.{part}")].shallow_clone().copy_(&from[&format!("output.{part}")]);
        });
    }
    let xs = normal(3, &[2, 5, 8]);
    for rotary in [None, Some(vq_nn::Rotary2d::new(&positions(5), 4, Device::Cpu))] {
        let forward = |of: &Attention| of.forward(&xs, rotary.as_ref(), AttentionMask::Causal, Dropout::off());
        assert_close(&forward(&fused), &forward(&separate), 1e-9);
    }
    let other = normal(4, &[2, 3, 8]);
    let cross = |of: &Attention| of.cross(&xs, &of.read(&other), Dropout::off());
    assert_close(&cross(&fused), &cross(&separate), 1e-9);
}

fn positions(count: i64) -> Vec<Option<vq_nn::GridPosition>> {
    (0..count).map(|token| Some(vq_nn::GridPosition { row: token / 2, column: token % 2 })).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..Default::default() })]

    #[test]
    fn a_causal_stack_does_not_see_later_tokens(
        seed in 0_i64..1000, config in any_block(), rotation in any_rotary(), changed in 1_i64..6,
    ) {
        let stack = stack(seed, &config, rotation);
        let memory = normal(seed + 1, &[2, 3, 16]);
        let tokens = normal(seed, &[2, 6, 16]);
        let other = tokens.copy();
        let _ = other.select(1, changed).fill_(0.7);
        let forward = |tokens: &Tensor| stack.forward(tokens, &inputs(Some(&memory), AttentionMask::Causal));
        let (before, after) = (forward(&tokens), forward(&other));
        assert_close(&after.narrow(1, 0, changed), &before.narrow(1, 0, changed), 1e-9);
        prop_assert!((after - before).select(1, changed).abs().max().double_value(&[]) > 1e-6);
    }

    #[test]
    fn masked_keys_do_not_matter(seed in 0_i64..1000, config in any_block(), rotation in any_rotary()) {
        let stack = stack(seed, &config, rotation);
        let memory = normal(seed + 1, &[2, 3, 16]);
        let tokens = normal(seed, &[2, 6, 16]);
        let real = Tensor::from_slice(&[true, true, true, true, false, false]).view([1, 1, 1, 6]).repeat([2, 1, 1, 1]);
        let masked = stack.forward(&tokens, &inputs(Some(&memory), AttentionMask::Keys(&real)));
        let short = stack.forward(&tokens.narrow(1, 0, 4), &inputs(Some(&memory), AttentionMask::Full));
        assert_close(&masked.narrow(1, 0, 4), &short, 1e-9);
    }

    #[test]
    fn only_cross_attention_reads_the_memory(seed in 0_i64..1000, config in any_block()) {
        let stack = stack(seed, &config, crate::support::Rotation::Without);
        let tokens = normal(seed, &[2, 4, 16]);
        let forward = |memory: &Tensor| stack.forward(&tokens, &inputs(Some(memory), AttentionMask::Full));
        let (one, other) = (forward(&normal(seed + 1, &[2, 3, 16])), forward(&normal(seed + 2, &[2, 3, 16])));
        prop_assert_eq!(one != other, config.cross_attention == CrossAttention::Memory);
    }
}

#[test]
fn dropout_acts_in_training_only() {
    let config = vq_nn::BlockConfig {
        width: 16,
        heads: 2,
        hidden: 24,
        projections: Projections::Fused,
        cross_attention: CrossAttention::Without,
        residual_init: vq_nn::ResidualInit::Standard,
    };
    let stack = stack(1, &config, crate::support::Rotation::Without);
    let tokens = normal(2, &[2, 4, 16]);
    let forward = |probability, mode| {
        let dropout = Dropout { probability, mode };
        stack.forward(&tokens, &BlockInputs { memory: None, mask: AttentionMask::Full, dropout })
    };
    let plain = forward(0.0, Mode::Eval);
    assert_eq!(forward(0.5, Mode::Eval), plain);
    assert_eq!(forward(0.0, Mode::Train), plain);
    assert_ne!(forward(0.5, Mode::Train), plain);
}
