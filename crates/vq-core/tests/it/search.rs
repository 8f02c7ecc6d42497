use proptest::prelude::*;
use tch::{Kind, Tensor};
use vq_core::{CoreError, Search, nearest_codes};

use crate::support::normal;

/// All distances in f64, sorted.
fn brute_force(vectors: &Tensor, codes: &Tensor, k: i64) -> Tensor {
    let (vectors, codes) = (vectors.to_kind(Kind::Double), codes.to_kind(Kind::Double));
    let distances = (vectors.unsqueeze(1) - codes.unsqueeze(0)).square().sum_dim_intlist(2, false, Kind::Double);
    distances.sort(1, false).0.narrow(1, 0, k)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn finds_what_brute_force_finds(seed in 0_u64..1000, n in 1_i64..40, size in 1_i64..60, width in 1_i64..17, k in 1_i64..6) {
        let k = k.min(size);
        let (vectors, codes) = (normal(seed, &[n, width]), normal(seed + 1, &[size, width]));
        let found = nearest_codes(&vectors, &codes, Search { k, ..Default::default() }).unwrap();
        prop_assert_eq!(found.indices.size(), vec![n, k]);
        let expected = brute_force(&vectors, &codes, k);
        let error = (found.distances.to_kind(Kind::Double) - &expected).abs().max().double_value(&[]);
        prop_assert!(error < 1e-4, "distances differ by {error}");
        // The ids belong to those distances.
        let picked = codes.index_select(0, &found.indices.view(-1)).view([n, k, width]);
        let own = (vectors.unsqueeze(1) - picked).square().sum_dim_intlist(2, false, Kind::Double);
        let error = (own - expected).abs().max().double_value(&[]);
        prop_assert!(error < 1e-4, "the distances of the ids differ by {error}");
    }

    #[test]
    fn a_code_is_nearest_to_itself(seed in 0_u64..1000, size in 1_i64..200) {
        let codes = normal(seed, &[size, 8]);
        let found = nearest_codes(&codes, &codes, Search { k: 1, ..Default::default() }).unwrap();
        prop_assert!(found.indices.view(-1).equal(&Tensor::arange(size, (Kind::Int64, tch::Device::Cpu))));
    }

    #[test]
    fn permuted_codes_give_permuted_ids(seed in 0_u64..1000, size in 2_i64..60) {
        let (vectors, codes) = (normal(seed, &[20, 6]), normal(seed + 1, &[size, 6]));
        let reversed = codes.flip([0]);
        let ids = nearest_codes(&vectors, &codes, Search { k: 1, ..Default::default() }).unwrap().indices;
        let mirrored = nearest_codes(&vectors, &reversed, Search { k: 1, ..Default::default() }).unwrap().indices;
        prop_assert!((mirrored * -1 + (size - 1)).equal(&ids));
    }
}

#[test]
fn many_vectors_are_searched_in_parts() {
    // 2^24 distances at once: 5000 codes leave 3355 vectors per part.
    let (vectors, codes) = (normal(1, &[4000, 4]), normal(2, &[5000, 4]));
    let whole = nearest_codes(&vectors, &codes, Search { k: 2, ..Default::default() }).unwrap();
    let last = nearest_codes(&vectors.narrow(0, 3990, 10), &codes, Search { k: 2, ..Default::default() }).unwrap();
    assert!(whole.indices.narrow(0, 3990, 10).equal(&last.indices));
}

#[test]
fn what_does_not_fit_is_refused() {
    let error =
        nearest_codes(&normal(1, &[4, 3]), &normal(2, &[5, 2]), Search { k: 1, ..Default::default() }).unwrap_err();
    assert_eq!(error.to_string(), "nearest_codes: expected shape [K, 3], the width of the vectors, got [5, 2]");
    for k in [0, 6] {
        let error =
            nearest_codes(&normal(1, &[4, 2]), &normal(2, &[5, 2]), Search { k, ..Default::default() }).unwrap_err();
        assert!(matches!(error, CoreError::Option { .. }), "{error}");
    }
}
