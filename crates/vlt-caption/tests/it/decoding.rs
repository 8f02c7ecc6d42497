//! Laws of decoding, over seeded random decoders and images.

use proptest::prelude::*;
use tch::{Kind, Tensor};
use vlt_caption::{
    BeamConfig, Caption, CaptionBatch, CaptionEnd, Captioner, DecodingCache, Memory, SampleConfig, SpecialTokens,
};
use vq_core::Mode;

use crate::support::{SPECIAL, Small, assert_close, codes, small};

const LIMIT: i64 = 8;

/// In `Double`, so that no two tokens are equally likely up to rounding, which depends on the batch size.
fn memory(small: &Small, seed: usize, images: i64) -> Memory {
    small.decoder.encode(&codes(seed, images).to_kind(Kind::Double), Mode::Eval).unwrap()
}

fn captioner(small: &Small) -> Captioner<'_> {
    Captioner::new(&small.decoder, SPECIAL, LIMIT).unwrap()
}

/// One image of a memory.
fn single(memory: &Memory, image: i64) -> Memory {
    Memory { states: memory.states.narrow(0, image, 1) }
}

/// Log-probability of a caption, computed for all tokens at once.
fn probability(small: &Small, memory: &Memory, caption: &Caption) -> f64 {
    let mut ids = vec![SPECIAL.begin];
    ids.extend(&caption.ids);
    if caption.end == CaptionEnd::Complete {
        ids.push(SPECIAL.end);
    }
    let lengths = Tensor::from_slice(&[ids.len() as i64]);
    let batch = CaptionBatch { ids: Tensor::from_slice(&ids).unsqueeze(0), lengths };
    small.decoder.log_probability(memory, &batch).unwrap().double_value(&[0])
}

fn step(small: &Small, cache: &mut DecodingCache, id: i64) -> Tensor {
    small.decoder.step(cache, &Tensor::from_slice(&[id])).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..Default::default() })]

    #[test]
    fn cached_steps_equal_uncached_ones(seed in 0_usize..1000, ids in prop::collection::vec(0_i64..12, 1..9)) {
        let small = small(seed, 3.0);
        let memory = memory(&small, seed, 1);
        let all = small.decoder.log_probabilities(&memory, &Tensor::from_slice(&ids).unsqueeze(0)).unwrap();
        let mut cache = small.decoder.start(&memory, 1).unwrap();
        for (position, id) in ids.iter().enumerate() {
            let next = step(&small, &mut cache, *id);
            assert_close(&next, &all.select(1, position as i64), 1e-9, "log-probabilities");
        }
        prop_assert_eq!(cache.length(), ids.len() as i64);
    }

    #[test]
    fn the_probability_of_a_sequence_is_the_product_of_its_steps(seed in 0_usize..1000, ids in prop::collection::vec(0_i64..12, 2..9)) {
        let small = small(seed, 3.0);
        let memory = memory(&small, seed, 1);
        let mut cache = small.decoder.start(&memory, 1).unwrap();
        let pairs = ids.iter().zip(&ids[1..]);
        let product: f64 = pairs.map(|(id, next)| step(&small, &mut cache, *id).double_value(&[0, *next])).sum();
        let batch = CaptionBatch {
            ids: Tensor::from_slice(&ids).unsqueeze(0),
            lengths: Tensor::from_slice(&[ids.len() as i64]),
        };
        let whole = small.decoder.log_probability(&memory, &batch).unwrap().double_value(&[0]);
        prop_assert!((whole - product).abs() < 1e-9 * product.abs().max(1.0), "{whole} and {product}");
    }

    #[test]
    fn captions_report_their_probability(seed in 0_usize..1000) {
        let small = small(seed, 3.0);
        let memory = memory(&small, seed, 3);
        let captioner = captioner(&small);
        let beams = captioner.beam(&memory, &BeamConfig { beams: 3, length_penalty: 0.6 }).unwrap();
        let sampled = captioner.sample(&memory, &[1, 2, 3], &SampleConfig::default()).unwrap();
        for captions in [captioner.greedy(&memory).unwrap(), beams, sampled] {
            prop_assert_eq!(captions.len(), 3);
            for (image, caption) in captions.iter().enumerate() {
                let whole = probability(&small, &single(&memory, image as i64), caption);
                prop_assert!((whole - caption.log_probability).abs() < 1e-9, "{whole} and {caption:?}");
                prop_assert!(caption.ids.iter().all(|id| (4..12).contains(id)), "{caption:?}");
                let cut = caption.ids.len() as i64 == LIMIT;
                prop_assert_eq!(caption.end == CaptionEnd::Truncated, cut, "{:?}", caption);
            }
        }
    }

    #[test]
    fn one_beam_is_greedy(seed in 0_usize..1000, length_penalty in 0.0..2.0) {
        let small = small(seed, 3.0);
        let memory = memory(&small, seed, 3);
        let beam = captioner(&small).beam(&memory, &BeamConfig { beams: 1, length_penalty }).unwrap();
        prop_assert_eq!(beam, captioner(&small).greedy(&memory).unwrap());
    }

    #[test]
    fn beams_are_never_worse_than_greedy(seed in 0_usize..1000, beams in 2_i64..6, length_penalty in 0.0..1.0) {
        let small = small(seed, 3.0);
        let memory = memory(&small, seed, 3);
        let greedy = captioner(&small).greedy(&memory).unwrap();
        for config in [BeamConfig { beams, length_penalty: 0.0 }, BeamConfig { beams, length_penalty }] {
            let found = captioner(&small).beam(&memory, &config).unwrap();
            for (found, greedy) in found.iter().zip(&greedy) {
                prop_assert!(config.score(found) >= config.score(greedy), "{found:?} and {greedy:?}");
            }
        }
    }

    #[test]
    fn a_caption_does_not_depend_on_its_batch(seed in 0_usize..1000) {
        let small = small(seed, 3.0);
        let memory = memory(&small, seed, 4);
        let captioner = captioner(&small);
        let sampling = SampleConfig { temperature: 0.8, top_k: Some(6), top_p: 0.95 };
        let beaming = BeamConfig { beams: 3, length_penalty: 0.6 };
        let seeds = [7, 8, 9, 10];
        let greedy = captioner.greedy(&memory).unwrap();
        let beams = captioner.beam(&memory, &beaming).unwrap();
        let sampled = captioner.sample(&memory, &seeds, &sampling).unwrap();
        for image in 0..4 {
            let one = single(&memory, image as i64);
            // Rows that end early equal those of a batch of one, whatever the longest row of the batch is.
            prop_assert_eq!(&captioner.greedy(&one).unwrap()[0].ids, &greedy[image].ids);
            prop_assert_eq!(&captioner.beam(&one, &beaming).unwrap()[0].ids, &beams[image].ids);
            let seed = &seeds[image..=image];
            prop_assert_eq!(&captioner.sample(&one, seed, &sampling).unwrap()[0].ids, &sampled[image].ids);
        }
    }

    #[test]
    fn sampling_from_one_token_is_greedy(seed in 0_usize..1000, draw in 0_u64..1000) {
        let small = small(seed, 3.0);
        let memory = memory(&small, seed, 2);
        let greedy = captioner(&small).greedy(&memory).unwrap();
        let top_k = SampleConfig { top_k: Some(1), ..Default::default() };
        let top_p = SampleConfig { top_p: 1e-9, ..Default::default() };
        let cold = SampleConfig { temperature: 1e-9, ..Default::default() };
        for config in [top_k, top_p, cold] {
            let sampled = captioner(&small).sample(&memory, &[draw, draw + 1], &config).unwrap();
            prop_assert_eq!(&sampled, &greedy);
        }
    }
}

/// The best score of all captions of at most `limit` tokens, by scoring each.
fn best_of_all(small: &Small, memory: &Memory, limit: usize, config: &BeamConfig) -> f64 {
    let mut all = vec![Caption { ids: Vec::new(), log_probability: 0.0, end: CaptionEnd::Complete }];
    let mut next = 0;
    while next < all.len() {
        let ids = all[next].ids.clone();
        next += 1;
        if ids.len() == limit {
            continue;
        }
        let end = if ids.len() + 1 == limit { CaptionEnd::Truncated } else { CaptionEnd::Complete };
        all.extend((4..12).map(|id| Caption { ids: [ids.clone(), vec![id]].concat(), log_probability: 0.0, end }));
    }
    let rows: Vec<i64> = all
        .iter()
        .flat_map(|caption| {
            let padding = std::iter::repeat_n(SPECIAL.end, limit + 1 - caption.ids.len());
            [SPECIAL.begin].into_iter().chain(caption.ids.clone()).chain(padding)
        })
        .collect();
    let complete = |caption: &Caption| i64::from(caption.end == CaptionEnd::Complete);
    let lengths: Vec<i64> = all.iter().map(|caption| 1 + caption.ids.len() as i64 + complete(caption)).collect();
    let count = all.len() as i64;
    let ids = Tensor::from_slice(&rows).view([count, -1]);
    let batch = CaptionBatch { ids, lengths: Tensor::from_slice(&lengths) };
    let memory = Memory { states: memory.states.expand([count, -1, -1], false).contiguous() };
    let scores = Vec::<f64>::try_from(small.decoder.log_probability(&memory, &batch).unwrap()).unwrap();
    let scored = all.into_iter().zip(scores);
    let scores = scored.map(|(caption, log_probability)| config.score(&Caption { log_probability, ..caption }));
    scores.max_by(f64::total_cmp).unwrap()
}

#[test]
fn enough_beams_find_the_best_of_all_captions() {
    let mut searched = 0;
    for (seed, length_penalty) in (0..24).zip([0.0, 0.6, 1.0, 2.0].into_iter().cycle()) {
        let small = small(seed, 1.0);
        // The end token is likely from the start, so that the search has to continue past complete captions.
        let bias = small.store.variables().remove("tokens.bias").unwrap();
        let _ = tch::no_grad(|| bias.get(SPECIAL.end).fill_(1.5));
        let memory = memory(&small, seed, 1);
        let captioner = Captioner::new(&small.decoder, SPECIAL, 3).unwrap();
        // More beams than captions of two tokens, so that none is dropped and the search does not end early.
        let config = BeamConfig { beams: 80, length_penalty };
        let found = captioner.beam(&memory, &config).unwrap();
        let (got, best) = (config.score(&found[0]), best_of_all(&small, &memory, 3, &config));
        assert!((got - best).abs() < 1e-9, "{found:?} scores {got}, the best {best}");
        let greedy = captioner.greedy(&memory).unwrap();
        searched += usize::from(!found[0].ids.is_empty() && config.score(&greedy[0]) < got - 1e-9);
    }
    assert!(searched >= 1, "some best captions are neither greedy nor the first to end");
}

#[test]
fn draws_follow_the_probabilities() {
    let small = small(3, 2.0);
    let one = memory(&small, 3, 1);
    let count = 2000;
    let many = Memory { states: one.states.expand([count, -1, -1], false).contiguous() };
    let captioner = Captioner::new(&small.decoder, SpecialTokens { unknown: None, ..SPECIAL }, 1).unwrap();
    let seeds: Vec<u64> = (0..count as u64).collect();
    let sampled = captioner.sample(&many, &seeds, &SampleConfig::default()).unwrap();
    let next = small.decoder.log_probabilities(&one, &Tensor::from_slice(&[SPECIAL.begin]).view([1, 1])).unwrap();
    let probability = |token: i64| next.double_value(&[0, 0, token]).exp();
    let allowed: Vec<i64> = (0..12).filter(|token| ![SPECIAL.begin, SPECIAL.pad].contains(token)).collect();
    let total: f64 = allowed.iter().map(|token| probability(*token)).sum();
    for token in allowed {
        let hits =
            sampled.iter().filter(|caption| caption.ids.first().copied().unwrap_or(SPECIAL.end) == token).count();
        let (expected, got) = (probability(token) / total, hits as f64 / count as f64);
        // Four standard deviations.
        let spread = 4.0 * (expected * (1.0 - expected) / count as f64).sqrt();
        assert!((got - expected).abs() <= spread + 1e-3, "token {token}: {got}, expected {expected}");
    }
}

#[test]
fn some_rows_end_before_others() {
    // Otherwise the laws above would not cover rows that end early.
    let mut lengths = std::collections::BTreeSet::new();
    for seed in 0..12 {
        let small = small(seed, 3.0);
        let captions = captioner(&small).greedy(&memory(&small, seed, 4)).unwrap();
        lengths.extend(captions.iter().map(|caption| (caption.ids.len(), caption.end == CaptionEnd::Truncated)));
    }
    assert!(lengths.len() >= 3, "{lengths:?}");
}

#[test]
fn scores_equal_gnmts() {
    let caption = Caption { ids: vec![4; 6], log_probability: -3.0, end: CaptionEnd::Complete };
    let score = |length_penalty, caption: &Caption| BeamConfig { beams: 1, length_penalty }.score(caption);
    assert_eq!(score(0.0, &caption), -3.0);
    assert_eq!(score(1.0, &caption), -1.5, "seven steps: ((5 + 7) / 6)^1");
    assert_eq!(score(2.0, &caption), -0.75);
    let cut = Caption { ids: vec![4; 7], end: CaptionEnd::Truncated, ..caption };
    assert_eq!(score(1.0, &cut), -1.5, "no end token, and one more word");
}
