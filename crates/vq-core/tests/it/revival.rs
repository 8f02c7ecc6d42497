use std::collections::HashSet;

use proptest::prelude::*;
use tch::{Device, Kind, Tensor, nn};
use vq_core::{
    Assignment, Codebook, Distance, EmaCodebook, EmaConfig, LearnedCodebook, Mode, RevivalConfig, RevivalSource,
};

use crate::oracle::names;
use crate::support::normal;

const SIZE: i64 = 8;
const WIDTH: i64 = 3;

/// Unused codes are replaced at the second consecutive step.
fn config(source: RevivalSource) -> RevivalConfig {
    RevivalConfig { threshold: 0.5, decay: 0.6, source }
}

/// The two codebooks with revival, and their stores.
fn codebooks(config: &RevivalConfig) -> Vec<(nn::VarStore, Box<dyn Codebook>)> {
    let (learned, ema) = (nn::VarStore::new(Device::Cpu), nn::VarStore::new(Device::Cpu));
    let a = LearnedCodebook::with_revival(&learned.root(), SIZE, WIDTH, config.clone()).unwrap();
    let options = EmaConfig { decay: 0.9, revival: Some(config.clone()), ..Default::default() };
    let b = EmaCodebook::new(&ema.root(), SIZE, WIDTH, options).unwrap();
    vec![(learned, Box::new(a)), (ema, Box::new(b))]
}

/// Vectors that are all assigned to code 0.
fn step(seed: u64, n: i64) -> Assignment {
    let ids = Tensor::zeros([n], (Kind::Int64, Device::Cpu));
    Assignment { vectors: normal(seed, &[n, WIDTH]) + 10.0, ids, distance: Distance::L2 }
}

/// The index of the vector that each code equals.
fn origins(codes: &Tensor, vectors: &Tensor) -> Vec<Option<i64>> {
    let same = codes.unsqueeze(1).eq_tensor(&vectors.unsqueeze(0)).all_dim(2, false); // [K, N]
    let hit = |id| same.get(id).any().int64_value(&[]) == 1;
    let count = codes.size()[0];
    (0..count).map(|id| hit(id).then(|| same.get(id).to_kind(Kind::Int64).argmax(0, false).int64_value(&[]))).collect()
}

#[test]
fn dead_codes_move_to_distinct_vectors_of_the_batch() {
    for (_store, mut codebook) in codebooks(&config(RevivalSource::Batch)) {
        let before = codebook.vectors(Mode::Train).copy();
        assert_eq!(codebook.update(&step(1, 20)).unwrap().revived, 0, "within the grace period");
        let moved = step(2, 20);
        assert_eq!(codebook.update(&moved).unwrap().revived, SIZE - 1);
        let codes = codebook.vectors(Mode::Train).detach();
        let mut origins = origins(&codes, &moved.vectors);
        assert_eq!(origins.remove(0), None, "code 0 was used");
        origins.sort_unstable();
        origins.dedup();
        assert!(origins.iter().all(Option::is_some), "a code is not a vector of the batch: {codebook:?}");
        assert_eq!(origins.len() as i64, SIZE - 1, "two codes got the same vector");
        if codebook.learns_by_gradient() {
            assert!(codes.get(0).equal(&before.get(0)), "the used code moved");
            assert!(codebook.vectors(Mode::Train).requires_grad());
        }
        // Revived codes have a new grace period.
        assert_eq!(codebook.update(&step(3, 20)).unwrap().revived, 0);
        assert_eq!(codebook.update(&step(4, 20)).unwrap().revived, SIZE - 1);
    }
}

#[test]
fn usage_is_a_moving_average_of_assignments_per_step() {
    for (store, mut codebook) in codebooks(&config(RevivalSource::Batch)) {
        codebook.update(&step(1, 20)).unwrap();
        let usage = Vec::<f32>::try_from(&store.variables()["revival.usage"]).unwrap();
        // All usages are initialized with twice the threshold of 0.5.
        assert!((usage[0] - (0.6 + 0.4 * 20.0)).abs() < 1e-5 && (usage[1] - 0.6).abs() < 1e-6, "{usage:?}");
    }
}

#[test]
fn averages_of_a_revived_code_are_reset() {
    let (store, mut codebook) = codebooks(&config(RevivalSource::Batch)).remove(1);
    for seed in 0..2 {
        codebook.update(&step(seed, 20)).unwrap();
    }
    let variables = store.variables();
    assert!(variables["embed_sum"].narrow(0, 1, SIZE - 1).equal(&variables["weight"].narrow(0, 1, SIZE - 1)));
    assert_eq!(Vec::<f32>::try_from(variables["cluster_size"].narrow(0, 1, SIZE - 1)).unwrap(), [1.0; 7]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn no_two_codes_get_the_same_vector(seed in 0_u64..1000, n in 0_i64..12) {
        for (_store, mut codebook) in codebooks(&config(RevivalSource::Batch)) {
            codebook.update(&step(seed, 5)).unwrap();
            let before = codebook.vectors(Mode::Train).copy();
            let moved = step(seed + 1, n);
            let revived = codebook.update(&moved).unwrap().revived;
            prop_assert_eq!(revived, n.min(SIZE - 1));
            let codes = codebook.vectors(Mode::Train).detach();
            let mut found: Vec<i64> = origins(&codes, &moved.vectors).into_iter().flatten().collect();
            found.sort_unstable();
            let count = found.len();
            found.dedup();
            // With one vector, the average of code 0 can equal that vector.
            prop_assert!(found.len() == count || n == 1);
            prop_assert!(found.len() as i64 >= revived);
            if n == 0 {
                prop_assert!(codes.equal(&before), "an empty batch changes codes");
            }
        }
    }

    #[test]
    fn used_codes_are_not_replaced(seed in 0_u64..1000, steps in 1_u64..20) {
        for (_store, mut codebook) in codebooks(&config(RevivalSource::Batch)) {
            for number in 0..steps {
                let ids = Tensor::arange(2 * SIZE, (Kind::Int64, Device::Cpu)).remainder(SIZE);
                let vectors = normal(seed + number, &[2 * SIZE, WIDTH]);
                let updated = codebook.update(&Assignment { vectors, ids, distance: Distance::L2 }).unwrap();
                prop_assert_eq!(updated.revived, 0);
            }
        }
    }
}

#[test]
fn the_dead_codes_that_wait_are_random() {
    // One vector for seven dead codes, 40 times: always the same code with probability 7^-39.
    let revived: HashSet<usize> = (0..40)
        .map(|_| {
            let (_store, mut codebook) = codebooks(&config(RevivalSource::Batch)).remove(0);
            codebook.update(&step(1, 1)).unwrap();
            codebook.update(&step(2, 1)).unwrap();
            origins(&codebook.vectors(Mode::Train).detach(), &step(2, 1).vectors)
                .iter()
                .position(Option::is_some)
                .unwrap()
        })
        .collect();
    assert!(revived.len() > 1, "always code {revived:?}");
}

#[test]
fn a_reservoir_holds_the_vectors_of_the_last_steps() {
    let source = RevivalSource::Reservoir { size: 7, per_step: 3 };
    for (store, mut codebook) in codebooks(&RevivalConfig { threshold: 0.01, ..config(source) }) {
        let steps: Vec<Assignment> = (0..5).map(|seed| step(seed, 3)).collect();
        for (number, step) in steps.iter().enumerate() {
            codebook.update(step).unwrap();
            // The last seven of three vectors per step.
            let seen = Tensor::cat(&steps[..=number].iter().map(|step| &step.vectors).collect::<Vec<_>>(), 0);
            let held = 7.min(seen.size()[0]);
            let reservoir = store.variables()["revival.reservoir"].narrow(0, 0, held);
            let mut found: Vec<i64> = origins(&reservoir, &seen).into_iter().flatten().collect();
            found.sort_unstable();
            found.dedup();
            assert_eq!(found.len() as i64, held, "step {number}: the reservoir holds {found:?}");
            // The last two steps are complete, for every order within a step.
            let whole = (seen.size()[0] - 6).max(0);
            assert!((whole..seen.size()[0]).all(|position| found.contains(&position)), "step {number}: {found:?}");
        }
    }
}

#[test]
fn a_reservoir_revives_from_previous_steps() {
    // One vector per step and seven dead codes: the batch alone could revive only one.
    let source = RevivalSource::Reservoir { size: 7, per_step: 1 };
    let config = RevivalConfig { threshold: 0.5, decay: 0.9, source };
    for (_store, mut codebook) in codebooks(&config) {
        // 1 * 0.9^7 < 0.5 <= 1 * 0.9^6
        for seed in 0..6 {
            assert_eq!(codebook.update(&step(seed, 1)).unwrap().revived, 0, "step {seed}");
        }
        assert_eq!(codebook.update(&step(6, 1)).unwrap().revived, 7);
        let seen = Tensor::cat(&(0..7).map(|seed| step(seed, 1).vectors).collect::<Vec<_>>(), 0);
        let mut found: Vec<i64> =
            origins(&codebook.vectors(Mode::Train).detach().narrow(0, 1, 7), &seen).into_iter().flatten().collect();
        found.sort_unstable();
        assert_eq!(found, [0, 1, 2, 3, 4, 5, 6]);
    }
}

#[test]
fn a_resumed_run_has_the_same_reservoir_and_grace() {
    // Whole batches are added and whole reservoirs drawn, so that only the order is random.
    let source = RevivalSource::Reservoir { size: 7, per_step: 1 };
    let config = RevivalConfig { threshold: 0.5, decay: 0.9, source };
    for kind in 0..2 {
        let run = |resume_at: Option<u64>| {
            let (mut store, mut codebook) = codebooks(&config).remove(kind);
            for seed in 0..7 {
                if resume_at == Some(seed) {
                    let (mut fresh, other) = codebooks(&config).remove(kind);
                    fresh.copy(&store).unwrap();
                    (store, codebook) = (fresh, other);
                }
                codebook.update(&step(seed, 1)).unwrap();
            }
            let codes = store.variables()["weight"].detach().narrow(0, 1, 7);
            let state = ["revival.reservoir", "revival.reservoir_taken", "revival.usage"];
            (codes.sort(0, false).0, state.map(|name| store.variables()[name].copy()))
        };
        let (codes, state) = run(None);
        for resume_at in 1..7 {
            let (resumed, resumed_state) = run(Some(resume_at));
            assert!(codes.equal(&resumed), "resumed at {resume_at}");
            assert!(state.iter().zip(&resumed_state).all(|(one, other)| one.equal(other)), "resumed at {resume_at}");
        }
    }
}

#[test]
fn variables_have_their_documented_names_and_invalid_options_are_errors() {
    let source = RevivalSource::Reservoir { size: 4, per_step: 4 };
    let (store, _) = codebooks(&config(source)).remove(0);
    assert_eq!(names(&store), ["revival.reservoir", "revival.reservoir_taken", "revival.usage", "weight"]);
    assert_eq!(store.trainable_variables().len(), 1);
    let refused = |config: RevivalConfig| {
        let store = nn::VarStore::new(Device::Cpu);
        LearnedCodebook::with_revival(&store.root(), 3, 2, config).unwrap_err().to_string()
    };
    let sized =
        |size, per_step| RevivalConfig { source: RevivalSource::Reservoir { size, per_step }, ..Default::default() };
    assert_eq!(
        refused(RevivalConfig { decay: 1.5, ..Default::default() }),
        "LearnedCodebook::with_revival: expected a revival decay in 0..1, got 1.5"
    );
    assert!(refused(RevivalConfig { threshold: -1.0, ..Default::default() }).contains("threshold > 0, got -1"));
    assert!(refused(sized(0, 1)).contains("1 to 16777216 vectors, got 0"));
    assert!(refused(sized(4, 0)).contains("got 0"));
    assert!(refused(sized(4, 5)).contains("got 5"));
    let store = nn::VarStore::new(Device::Cpu);
    assert!(LearnedCodebook::with_revival(&store.root(), 0, 2, RevivalConfig::default()).is_err());
}
