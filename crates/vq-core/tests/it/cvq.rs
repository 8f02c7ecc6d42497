use proptest::prelude::*;
use tch::{Device, Kind, Tensor, nn};
use vq_core::{
    Anchor, Assignment, Codebook, CvqCodebook, CvqConfig, Distance, Mode, NearestConfig, NearestQuantizer,
    QuantizedBatch, Quantizer, SearchConfig, nearest_codes,
};

use crate::laws::{Laws, check_laws};
use crate::oracle::{assert_close, assign, golden, names};
use crate::support::{ids, normal};

const ANCHORS: [Anchor; 3] = [Anchor::Closest, Anchor::Random, Anchor::Probabilistic];

struct Cvq {
    store: nn::VarStore,
    codebook: CvqCodebook,
}

fn cvq(size: i64, dim: i64, anchor: Anchor) -> Cvq {
    let store = nn::VarStore::new(Device::Cpu);
    let codebook = CvqCodebook::new(&store.root(), size, dim, CvqConfig { anchor, ..Default::default() }).unwrap();
    Cvq { store, codebook }
}

fn assigned(vectors: &Tensor, ids: Tensor) -> Assignment {
    Assignment { vectors: vectors.shallow_clone(), ids, distance: Distance::L2 }
}

#[test]
fn steps_equal_the_equations() {
    let golden = golden("codebooks.safetensors");
    let mut cvq = cvq(10, 3, Anchor::Closest);
    assign(&cvq.store, "weight", &golden["cvq.codes"]);
    for step in 0..golden["cvq.vectors"].size()[0] {
        let vectors = golden["cvq.vectors"].get(step);
        let ids = nearest_codes(&vectors, &cvq.codebook.vectors(Mode::Train), SearchConfig::default()).unwrap().indices;
        cvq.codebook.update(&assigned(&vectors, ids.view(-1))).unwrap();
        assert_close(&cvq.codebook.vectors(Mode::Train), &golden["cvq.after"].get(step), 1e-5, &format!("step {step}"));
    }
    assert_close(&cvq.store.variables()["usage"], &golden["cvq.use"], 1e-7, "usage");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn the_laws_hold(seed in 0_u64..1000, dim in 1_i64..6, size in 1_i64..30, side in 1_i64..4) {
        for anchor in ANCHORS {
            let Cvq { store, codebook } = cvq(size, dim, anchor);
            assign(&store, "weight", &normal(seed + 1, &[size, dim]));
            let mut quantizer = NearestQuantizer::new(Box::new(codebook), NearestConfig::default()).unwrap();
            let latents = normal(seed + 2, &[2, dim, side, side]);
            check_laws(&quantizer, &latents, Laws::ALL);
            let indices = quantizer.quantize(&latents, Mode::Train).unwrap().indices;
            quantizer.update(&QuantizedBatch { latents: &latents, indices: &indices, mask: None }).unwrap();
            check_laws(&quantizer, &normal(seed + 3, &[2, dim, side, side]), Laws::ALL);
        }
    }

    #[test]
    fn unused_codes_move_and_used_codes_stay(seed in 0_u64..1000, size in 2_i64..20) {
        for anchor in ANCHORS {
            let mut cvq = cvq(size, 3, anchor);
            let vectors = normal(seed, &[40, 3]);
            // All vectors are assigned to code 0: its share of one gives alpha = exp(-10 K), which is zero from K = 11
            // on.
            let before = cvq.codebook.vectors(Mode::Train).copy();
            let updated = cvq.codebook.update(&assigned(&vectors, ids(&[0; 40], &[40]))).unwrap();
            prop_assert_eq!(updated.revived, size - 1);
            let after = cvq.codebook.vectors(Mode::Train).detach();
            assert_close(&after.get(0), &before.get(0), (-10.0 * size as f64).exp() * 10.0, "the used code");
            let near = nearest_codes(&after.narrow(0, 1, size - 1), &vectors, SearchConfig::default()).unwrap();
            // About a thousandth of the way is left.
            prop_assert!(near.distances.max().double_value(&[]) < 1e-4, "{anchor:?}: {:?}", near.distances);
            if anchor == Anchor::Random {
                let mut origins = Vec::<i64>::try_from(near.indices.view(-1)).unwrap();
                origins.sort_unstable();
                origins.dedup();
                prop_assert_eq!(origins.len() as i64, size - 1, "two codes got one vector");
            }
        }
    }
}

#[test]
fn probabilistic_anchors_follow_their_probabilities() {
    // Two vectors with squared distances 0.25 and 1 from all codes, which are zero.
    let many = 16_000;
    let mut cvq = cvq(many, 1, Anchor::Probabilistic);
    assign(&cvq.store, "weight", &Tensor::zeros([many, 1], (Kind::Float, Device::Cpu)));
    let vectors = Tensor::from_slice(&[0.5_f32, -1.0]).view([2, 1]);
    cvq.codebook.update(&assigned(&vectors, ids(&[0, 0], &[2]))).unwrap();
    let near = cvq.codebook.vectors(Mode::Train).gt(0.0).narrow(0, 1, many - 1).sum(Kind::Double).double_value(&[]);
    let expected = 1.0 / (1.0 + (-0.75_f64).exp());
    let deviation = (expected * (1.0 - expected) / (many - 1) as f64).sqrt();
    let share = near / (many - 1) as f64;
    assert!((share - expected).abs() < 6.0 * deviation, "{share} of the codes, not {expected}");
}

#[test]
fn gradients_train_the_codes() {
    let Cvq { store, codebook } = cvq(4, 2, Anchor::Closest);
    assert_eq!(names(&store), ["usage", "weight"]);
    assert_eq!(store.trainable_variables().len(), 1);
    let quantizer = NearestQuantizer::new(Box::new(codebook), NearestConfig::default()).unwrap();
    quantizer.quantize(&normal(1, &[1, 2, 2, 2]), Mode::Train).unwrap().loss.backward();
    assert!(store.variables()["weight"].grad().abs().sum(Kind::Float).double_value(&[]) > 0.0);
}

#[test]
fn a_step_without_vectors_changes_nothing() {
    for anchor in ANCHORS {
        let mut cvq = cvq(4, 2, anchor);
        let before = cvq.codebook.vectors(Mode::Train).copy();
        let updated = cvq.codebook.update(&assigned(&normal(1, &[0, 2]), ids(&[], &[0]))).unwrap();
        assert_eq!(updated.revived, 0);
        assert!(cvq.codebook.vectors(Mode::Train).equal(&before));
    }
}

#[test]
fn invalid_options_are_errors() {
    let store = nn::VarStore::new(Device::Cpu);
    let config = CvqConfig { decay: 1.0, ..Default::default() };
    let error = CvqCodebook::new(&store.root(), 3, 2, config).unwrap_err().to_string();
    assert_eq!(error, "CvqCodebook::new: expected a decay in 0..1, got 1");
    assert!(CvqCodebook::new(&store.root(), 3, 0, CvqConfig::default()).is_err());
    let mut cvq = cvq(3, 2, Anchor::Random);
    assert!(cvq.codebook.update(&assigned(&normal(1, &[2, 2]), ids(&[0, 3], &[2]))).is_err());
    assert!(cvq.codebook.update(&assigned(&normal(1, &[2, 1]), ids(&[0, 2], &[2]))).is_err());
}
