use proptest::prelude::*;
use tch::{Device, Kind, Tensor, nn};
use vq_core::{
    Codebook, CodebookInit, CoreError, EmaCodebook, EmaConfig, FixedCodebook, GradientEstimator, Group,
    GroupedQuantizer, MatchConfig, Mode, NearestConfig, NearestQuantizer, ProductPart, ProductQuantizer,
    QuantizedBatch, Quantizer, ResidualConfig, ResidualQuantizer, SharedCodebook, StageDropoutConfig,
};

use crate::laws::{Laws, check_laws};
use crate::oracle::{assert_close, assign, golden, train};
use crate::support::{codebook, normal};

/// Residual codes are sums: the code nearest to a sum may not be the first code of the sum.
const LAWS: Laws = Laws { fixed_points: false, ..Laws::ALL };

fn nearest(codebook: Box<dyn Codebook>) -> Box<dyn Quantizer> {
    Box::new(NearestQuantizer::new(codebook, NearestConfig::default()).unwrap())
}

fn stages(seed: u64, sizes: &[i64], dim: i64) -> Vec<Box<dyn Quantizer>> {
    sizes.iter().zip(0_u64..).map(|(&size, stage)| nearest(codebook(seed + stage, size, dim))).collect()
}

fn with_dropout(min_stages: i64) -> ResidualConfig {
    ResidualConfig { dropout: Some(StageDropoutConfig { min_stages }), ..Default::default() }
}

struct Emas {
    store: nn::VarStore,
    quantizer: ResidualQuantizer,
}

/// Stages of moving averages with given codes, `[S, K, D]`.
fn emas(books: &Tensor, config: EmaConfig, residual: ResidualConfig) -> Emas {
    let store = nn::VarStore::new(Device::Cpu);
    let &[count, size, dim] = &books.size()[..] else { panic!("[S, K, D]") };
    let stages = (0..count).map(|stage| {
        let path = store.root() / format!("stage{stage}");
        let codebook = EmaCodebook::new(&path, size, dim, config.clone()).unwrap();
        for name in ["weight", "embed_sum"] {
            assign(&store, &format!("stage{stage}.{name}"), &books.get(stage));
        }
        nearest(Box::new(codebook))
    });
    let quantizer = ResidualQuantizer::new(stages.collect(), residual).unwrap();
    Emas { store, quantizer }
}

impl Emas {
    fn weight(&self, stage: i64) -> Tensor {
        self.store.variables()[&format!("stage{stage}.weight")].copy()
    }
}

#[test]
fn a_step_equals_vector_quantize_pytorch() {
    let golden = golden("vector_quantize.safetensors");
    let books = &golden["residual.books"];
    let config = EmaConfig { decay: 0.8, ..Default::default() };
    let mut emas = emas(books, config, ResidualConfig::default());
    let latents = &golden["latents"];
    let size = books.size()[1];

    let none = Tensor::zeros_like(latents);
    let pass = train(&emas.quantizer, latents, &none);
    let offsets = Tensor::from_slice(&[0, size, 2 * size]);
    assert!((&pass.indices - offsets).equal(&golden["residual.ids"]));
    assert_close(&pass.codes, &golden["residual.quantized"], 1e-5, "codes");
    assert_close(&pass.loss, &golden["residual.loss"], 1e-5, "loss");
    assert_close(&pass.latents_grad, &golden["residual.loss.latents.grad"], 1e-5, "gradient of the loss");

    // The reference adds the gradient of the codes at each of three stages; here it is the identity, once.
    let upstream = &golden["upstream"];
    assert_close(&golden["residual.codes.latents.grad"], &(upstream * 3.0), 1e-5, "gradient of the reference");
    let ours = train(&emas.quantizer, latents, upstream).latents_grad - &pass.latents_grad;
    assert_close(&ours, upstream, 1e-6, "our gradient");

    emas.quantizer.update(&QuantizedBatch { latents, indices: &pass.indices, mask: None }).unwrap();
    for stage in 0..3 {
        assert_close(&emas.weight(stage), &golden["residual.books.after"].get(stage), 1e-5, "codes after the step");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_laws_hold(
        seed in 0_u64..1000,
        sizes in prop::collection::vec(1_i64..20, 1..4),
        dim in 1_i64..6,
        side in 1_i64..4,
        dropout in any::<bool>(),
    ) {
        let config = if dropout { with_dropout(1) } else { ResidualConfig::default() };
        let quantizer = ResidualQuantizer::new(stages(seed, &sizes, dim), config).unwrap();
        let laws = Laws { fixed_points: sizes.len() == 1, ..Laws::ALL };
        check_laws(&quantizer, &normal(seed + 9, &[2, dim, side, side]), laws);
    }

    #[test]
    fn more_stages_never_increase_the_residual(seed in 0_u64..1000, count in 1_usize..5) {
        // With a zero code in each stage, no stage can increase the residual.
        let with_zero = |stage: u64| {
            let codes = normal(seed + stage, &[9, 3]);
            let _ = codes.get(4).zero_();
            nearest(Box::new(FixedCodebook::new(&codes).unwrap()))
        };
        let latents = normal(seed + 9, &[1, 3, 4, 4]);
        let residual = |count: usize| {
            let stages = (0..count as u64).map(with_zero).collect();
            let quantizer = ResidualQuantizer::new(stages, ResidualConfig::default()).unwrap();
            let codes = quantizer.quantize(&latents, Mode::Eval).unwrap().codes;
            (&latents - codes).square().sum_dim_intlist(1, false, Kind::Float)
        };
        prop_assert!((residual(count + 1) - residual(count)).max().double_value(&[]) <= 1e-5);
    }

    #[test]
    fn skipped_stages_decode_to_zero(seed in 0_u64..1000, min_stages in 1_i64..4) {
        let quantizer = ResidualQuantizer::new(stages(seed, &[7, 5, 6], 3), with_dropout(min_stages)).unwrap();
        let latents = normal(seed + 9, &[20, 3, 2, 2]);
        // `train` checks the round trip.
        let pass = train(&quantizer, &latents, &Tensor::zeros_like(&latents));
        let skipped_ids = [7, 13, 20];
        let whole = quantizer.quantize(&latents, Mode::Eval).unwrap();
        for (stage, &skipped_id) in skipped_ids.iter().enumerate() {
            let own = |ids: &Tensor| ids.select(3, stage as i64);
            prop_assert!(own(&whole.indices).ne(skipped_id).all().int64_value(&[]) == 1, "evaluation skips a stage");
            let skipped = own(&pass.indices).eq(skipped_id);
            // A stage is skipped for whole images; the other ids equal those of evaluation.
            prop_assert!(skipped.flatten(1, 2).all_dim(1, false).equal(&skipped.flatten(1, 2).any_dim(1, false)));
            let same = own(&pass.indices).eq_tensor(&own(&whole.indices)).logical_or(&skipped);
            prop_assert!(same.all().int64_value(&[]) == 1);
            prop_assert!((stage as i64) >= min_stages || skipped.any().int64_value(&[]) == 0, "too few stages");
        }
        // After `keep_stages`, the codes are those of a quantizer with so many stages.
        for count in 0..4_usize {
            let cut = quantizer.keep_stages(&whole.indices, count as i64).unwrap();
            let codes = quantizer.lookup(&cut).unwrap();
            if count == 0 {
                prop_assert!(codes.count_nonzero(None).int64_value(&[]) == 0);
            } else {
                let short = stages(seed, &[7, 5, 6][..count], 3);
                let short = ResidualQuantizer::new(short, ResidualConfig::default()).unwrap();
                prop_assert!(codes.equal(&short.quantize(&latents, Mode::Eval).unwrap().codes));
            }
        }
    }
}

#[test]
fn every_number_of_stages_is_drawn() {
    let quantizer = ResidualQuantizer::new(stages(1, &[4, 4, 4], 2), with_dropout(1)).unwrap();
    let ids = quantizer.quantize(&normal(1, &[600, 2, 1, 1]), Mode::Train).unwrap().indices;
    let kept = ids.ne_tensor(&Tensor::from_slice(&[4, 9, 14])).sum_dim_intlist(3, false, Kind::Int64);
    let counts = Vec::<i64>::try_from(kept.view(-1).bincount::<Tensor>(None, 4)).unwrap();
    assert_eq!(counts[0], 0);
    // 200 each, within six standard deviations of 11.5.
    assert!(counts[1..].iter().all(|count| (131..270).contains(count)), "{counts:?}");
}

#[test]
fn the_loss_of_a_stage_ignores_images_that_skip_it() {
    let quantizer = ResidualQuantizer::new(stages(1, &[4, 4], 2), with_dropout(1)).unwrap();
    let latents = normal(3, &[12, 2, 2, 2]);
    let drawn = quantizer.quantize(&latents, Mode::Train).unwrap();
    let alone = stages(1, &[4, 4], 2);
    let first = alone[0].quantize(&latents, Mode::Train).unwrap();
    let kept = drawn.indices.select(3, 1).ne(9);
    let second = alone[1].quantize_masked(&(&latents - &first.codes), Some(&kept), Mode::Train).unwrap();
    assert_close(&drawn.loss, &(first.loss + second.loss), 1e-6, "the loss");
}

#[test]
fn updates_of_a_stage_ignore_images_that_skip_it() {
    let books = normal(1, &[2, 6, 3]);
    let latents = normal(2, &[2, 3, 4, 4]);
    let config = EmaConfig { decay: 0.5, ..Default::default() };
    let mut dropped = emas(&books, config.clone(), with_dropout(1));
    let whole = dropped.quantizer.quantize(&latents, Mode::Eval).unwrap().indices;
    let first = dropped.quantizer.keep_stages(&whole, 1).unwrap();
    // Image 0 with both stages, image 1 with one.
    let mixed = Tensor::cat(&[whole.narrow(0, 0, 1), first.narrow(0, 1, 1)], 0);
    dropped.quantizer.update(&QuantizedBatch { latents: &latents, indices: &mixed, mask: None }).unwrap();

    let mut both = emas(&books, config.clone(), ResidualConfig::default());
    let indices = both.quantizer.quantize(&latents, Mode::Eval).unwrap().indices;
    both.quantizer.update(&QuantizedBatch { latents: &latents, indices: &indices, mask: None }).unwrap();
    assert_close(&dropped.weight(0), &both.weight(0), 1e-6, "the first stage");

    let mut one = emas(&books, config, ResidualConfig::default());
    let (latents, indices) = (latents.narrow(0, 0, 1), indices.narrow(0, 0, 1));
    one.quantizer.update(&QuantizedBatch { latents: &latents, indices: &indices, mask: None }).unwrap();
    assert_close(&dropped.weight(1), &one.weight(1), 1e-6, "the second stage");
}

#[test]
fn updates_ignore_padding() {
    let books = normal(1, &[2, 6, 3]);
    let latents = normal(2, &[2, 3, 4, 4]);
    let mask = Tensor::zeros([2, 4, 4], (Kind::Bool, Device::Cpu));
    let _ = mask.select(0, 1).fill_(1);
    let updated = |latents: &Tensor, mask: Option<&Tensor>, config: &ResidualConfig| {
        let mut emas = emas(&books, EmaConfig::default(), config.clone());
        let indices = emas.quantizer.quantize(latents, Mode::Eval).unwrap().indices;
        emas.quantizer.update(&QuantizedBatch { latents, indices: &indices, mask }).unwrap();
        Tensor::stack(&[emas.weight(0), emas.weight(1)], 0)
    };
    for config in [ResidualConfig::default(), with_dropout(1)] {
        let cut = updated(&latents.narrow(0, 1, 1), None, &config);
        assert_close(&updated(&latents, Some(&mask), &config), &cut, 1e-6, "the codes");
    }
}

#[test]
fn kmeans_runs_stage_by_stage() {
    // As many codes as vectors: the residual of the first stage is zero, so the codes of the second are zero.
    let config = EmaConfig { init: CodebookInit::KMeans { rounds: 5 }, ..Default::default() };
    let mut emas = emas(&normal(1, &[2, 9, 3]), config, ResidualConfig::default());
    let latents = normal(2, &[1, 3, 3, 3]);
    emas.quantizer.initialize(&latents).unwrap();
    let codes = emas.quantizer.quantize(&latents, Mode::Eval).unwrap().codes;
    assert_close(&codes, &latents, 1e-5, "codes");
    assert_close(&emas.weight(1), &Tensor::zeros([9, 3], (Kind::Float, Device::Cpu)), 1e-5, "the second stage");
}

#[test]
fn stages_can_share_a_codebook() {
    let store = nn::VarStore::new(Device::Cpu);
    let config = EmaConfig { decay: 0.0, epsilon: 1e-12, ..Default::default() };
    let shared = SharedCodebook::new(Box::new(EmaCodebook::new(&store.root(), 3, 1, config).unwrap()));
    let codes = Tensor::from_slice(&[-1.0_f32, 0.1, 4.0]).view([3, 1]);
    assign(&store, "weight", &codes);
    let stages = vec![nearest(Box::new(shared.clone())), nearest(Box::new(shared.clone()))];
    let mut quantizer = ResidualQuantizer::new(stages, ResidualConfig::default()).unwrap();
    assert!(!shared.learns_by_gradient());
    assert_eq!(quantizer.layout().codes, 6, "each stage has its own id range");

    // 3.2 = 4 - 1 + 0.2 and 0.2 = 0.1 + 0.1: stage 0 chooses codes 2 and 1, stage 1 codes 0 and 1.
    let latents = Tensor::from_slice(&[3.2_f32, 0.2]).view([1, 1, 1, 2]);
    let indices = quantizer.quantize(&latents, Mode::Train).unwrap().indices;
    assert_eq!(Vec::<i64>::try_from(indices.view(-1)).unwrap(), [2, 3, 1, 4]);
    quantizer.update(&QuantizedBatch { latents: &latents, indices: &indices, mask: None }).unwrap();
    // Two steps without decay. The last is that of stage 1: 3.2 - 4 and 0.2 - 0.1, with the codes before the first
    // step. Code 2 has no vectors then: 0 / 0 up to smoothing.
    let after = Vec::<f32>::try_from(shared.vectors(Mode::Eval).view(-1)).unwrap();
    assert!((after[0] + 0.8).abs() < 1e-5 && (after[1] - 0.1).abs() < 1e-5, "{after:?}");
    drop(codes);
    check_laws(&quantizer, &normal(1, &[2, 1, 3, 3]), LAWS);
}

#[test]
fn stages_can_be_any_quantizers() {
    let grouped = |seed| {
        let group = |name: &str, codes, top_k| Group { name: name.into(), codes, top_k };
        let groups = vec![group("adjective", 0..5, 2), group("noun", 5..9, 1)];
        GroupedQuantizer::new(codebook(seed, 9, 2), groups, MatchConfig::default()).unwrap()
    };
    let product = |seed| {
        let part = |name: &str, dim| ProductPart { name: name.into(), quantizer: nearest(codebook(seed, 6, dim)) };
        ProductQuantizer::new(vec![part("left", 1), part("right", 3)]).unwrap()
    };
    let stages: Vec<Box<dyn Quantizer>> = vec![Box::new(grouped(1)), Box::new(product(2)), nearest(codebook(3, 5, 4))];
    let quantizer = ResidualQuantizer::new(stages, ResidualConfig::default()).unwrap();
    let layout = quantizer.layout();
    let groups: Vec<_> = layout.groups().iter().map(|slot| (slot.group.as_str(), slot.codes.clone())).collect();
    let expected = [
        ("stage 0 adjective", 0..5),
        ("stage 0 noun", 5..9),
        ("stage 1 left code", 9..15),
        ("stage 1 right code", 15..21),
        ("stage 2 code", 21..26),
    ];
    assert_eq!(groups, expected);
    assert_eq!((layout.slots.len(), layout.codes, layout.channels), (6, 26, 4));
    check_laws(&quantizer, &normal(4, &[2, 4, 3, 3]), LAWS);
}

#[test]
fn rotation_applies_to_the_sum() {
    let gradient = GradientEstimator::Rotation;
    let quantizer =
        ResidualQuantizer::new(stages(1, &[8, 8], 4), ResidualConfig { gradient, ..Default::default() }).unwrap();
    check_laws(&quantizer, &normal(2, &[2, 4, 3, 3]), Laws { identity_gradient: false, ..LAWS });
    let latents = normal(2, &[2, 4, 3, 3]).set_requires_grad(true);
    let codes = quantizer.quantize(&latents, Mode::Train).unwrap().codes;
    let upstream = normal(3, &[2, 4, 3, 3]);
    (&codes * &upstream).sum(Kind::Float).backward();
    let length = |grid: &Tensor| grid.detach().norm_scalaropt_dim(2.0, [1_i64], false);
    let ratio = length(&latents.grad()) / length(&upstream);
    assert_close(&ratio, &(length(&codes) / length(&latents)), 1e-3, "the length");
}

#[test]
fn invalid_inputs_are_errors() {
    let refused = |stages, config| ResidualQuantizer::new(stages, config).unwrap_err().to_string();
    assert!(refused(Vec::new(), ResidualConfig::default()).contains("at least one stage, got 0"));
    let mut mixed = stages(1, &[3], 2);
    mixed.extend(stages(1, &[3], 3));
    assert_eq!(
        refused(mixed, ResidualConfig::default()),
        "ResidualQuantizer::new: expected stages with 2 channels, got 3"
    );
    assert!(refused(stages(1, &[3, 3], 2), with_dropout(0)).contains("min_stages in 1..=2, got 0"));
    assert!(refused(stages(1, &[3, 3], 2), with_dropout(3)).contains("got 3"));
    let part = |name: &str| ProductPart { name: name.into(), quantizer: nearest(codebook(1, 3, 1)) };
    let product = || Box::new(ProductQuantizer::new(vec![part("a"), part("b")]).unwrap());
    assert!(
        refused(vec![product()], with_dropout(1)).contains("stages with one group of codes for dropout, got 2 groups")
    );

    let quantizer = ResidualQuantizer::new(stages(1, &[3, 3], 2), with_dropout(1)).unwrap();
    let ids = quantizer.quantize(&normal(1, &[1, 2, 2, 2]), Mode::Eval).unwrap().indices;
    assert!(quantizer.keep_stages(&ids, 3).is_err());
    assert!(quantizer.keep_stages(&(&ids + 100), 1).is_err());
    let whole = ResidualQuantizer::new(stages(1, &[3, 3], 2), ResidualConfig::default()).unwrap();
    assert!(whole.keep_stages(&ids, 1).is_err());
    let error = whole.lookup(&(ids + 100)).unwrap_err();
    assert!(matches!(error, CoreError::Id { .. }), "{error}");
}
