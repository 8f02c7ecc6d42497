//! Decoding token by token equals reading all tokens at once.

use proptest::prelude::*;
use tch::{Kind, Tensor};
use vq_nn::{AttentionMask, CrossAttention};

use crate::support::{any_block, any_rotary, assert_close, inputs, normal, stack};

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..Default::default() })]

    #[test]
    fn cached_equals_uncached(
        seed in 0_i64..1000, config in any_block(), rotation in any_rotary(), prefix in 1_i64..6, length in 6_i64..12,
    ) {
        let stack = stack(seed, &config, rotation);
        let tokens = normal(seed, &[4, length, 16]);
        let memory = normal(seed + 1, &[4, 5, 16]);
        let all = stack.forward(&tokens, &inputs(Some(&memory), AttentionMask::Causal));
        for stack in [&stack, &stack.packed(Kind::Double)] {
            let mut cache = stack.start(4, length, Some(&memory));
            let state = stack.advance(&mut cache, &tokens.narrow(1, 0, prefix));
            assert_close(&state, &all.select(1, prefix - 1), 1e-9);
            for token in prefix..length {
                let state = stack.advance(&mut cache, &tokens.narrow(1, token, 1));
                assert_close(&state, &all.select(1, token), 1e-9);
            }
            prop_assert_eq!((cache.length(), cache.capacity(), cache.rows()), (length, length, 4));
        }
    }

    #[test]
    fn rows_that_share_a_memory_equal_rows_with_copies_of_it(seed in 0_i64..1000, mut config in any_block()) {
        config.cross_attention = CrossAttention::Memory;
        let stack = stack(seed, &config, crate::support::Rotation::Without);
        let tokens = normal(seed, &[6, 3, 16]);
        let memory = normal(seed + 1, &[2, 5, 16]);
        let mut shared = stack.start(6, 3, Some(&memory));
        let mut copied = stack.start(6, 3, Some(&memory.repeat_interleave_self_int(3, 0, 6)));
        for token in 0..3 {
            let token = tokens.narrow(1, token, 1);
            assert_close(&stack.advance(&mut shared, &token), &stack.advance(&mut copied, &token), 1e-9);
        }
    }

    #[test]
    fn a_reordered_row_continues_the_row_that_it_copies(
        seed in 0_i64..1000, config in any_block(), from in prop::collection::vec(0_i64..3, 3),
    ) {
        let stack = stack(seed, &config, crate::support::Rotation::Grid);
        let tokens = normal(seed, &[3, 4, 16]);
        let memory = normal(seed + 1, &[1, 5, 16]);
        let from = Tensor::from_slice(&from);
        let mut cache = stack.start(3, 4, Some(&memory));
        for token in 0..3 {
            let _ = stack.advance(&mut cache, &tokens.narrow(1, token, 1));
        }
        cache.reorder(&from);
        let state = stack.advance(&mut cache, &tokens.narrow(1, 3, 1));

        let reordered = Tensor::cat(&[tokens.narrow(1, 0, 3).index_select(0, &from), tokens.narrow(1, 3, 1)], 1);
        let copies = memory.expand([3, 5, 16], false);
        let all = stack.forward(&reordered, &inputs(Some(&copies), AttentionMask::Causal));
        assert_close(&state, &all.select(1, 3), 1e-9);
    }

    #[test]
    fn a_cleared_cache_is_as_new(seed in 0_i64..1000, config in any_block()) {
        let stack = stack(seed, &config, crate::support::Rotation::Without);
        let memory = normal(seed + 1, &[2, 5, 16]);
        let mut cache = stack.start(2, 3, Some(&memory));
        let read = |cache: &mut vq_nn::KeyValueCache| {
            let states = (0..3).map(|token| stack.advance(cache, &normal(seed + token, &[2, 1, 16])));
            Tensor::stack(&states.collect::<Vec<_>>(), 1)
        };
        let first = read(&mut cache);
        cache.clear();
        prop_assert_eq!(read(&mut cache), first);
    }
}
