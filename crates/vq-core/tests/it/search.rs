use proptest::prelude::*;
use tch::{Device, Kind, Tensor};
use vq_core::{CoreError, Distance, SearchConfig, nearest_codes};

use crate::support::normal;

/// All distances in f64, sorted by distance, then id.
fn brute_force(vectors: &Tensor, codes: &Tensor, config: SearchConfig) -> (Tensor, Tensor) {
    let [vectors, codes] = [vectors, codes].map(|matrix| matrix.to_kind(Kind::Double));
    let distances = match config.distance {
        Distance::L2 => (vectors.unsqueeze(1) - codes.unsqueeze(0)).square().sum_dim_intlist(2, false, Kind::Double),
        Distance::Cosine => {
            let [vectors, codes] = [vectors, codes].map(|rows| {
                let lengths = rows.norm_scalaropt_dim(2.0, [1_i64], true);
                rows / lengths.clamp_min(1e-300)
            });
            1.0 - vectors.matmul(&codes.transpose(0, 1))
        }
    };
    let (distances, ids) = distances.sort_stable(true, 1, false);
    (distances.narrow(1, 0, config.k), ids.narrow(1, 0, config.k))
}

fn ids(vectors: &Tensor, codes: &Tensor) -> Vec<i64> {
    Vec::try_from(nearest_codes(vectors, codes, SearchConfig::default()).unwrap().indices.flatten(0, 1)).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Tests the public function; the kernels have their own tests with difficult inputs.
    #[test]
    fn ids_and_distances_equal_brute_force(
        seed in 0_u64..1000,
        n in 0_i64..60,
        size in 1_i64..90,
        dim in 1_i64..70,
        k in 1_i64..=16,
        cosine in any::<bool>(),
    ) {
        let distance = if cosine { Distance::Cosine } else { Distance::L2 };
        let search = SearchConfig { k: k.min(size), distance };
        let (vectors, codes) = (normal(seed, &[n, dim]), normal(seed + 1, &[size, dim]));
        let found = nearest_codes(&vectors, &codes, search).unwrap();
        prop_assert_eq!(found.indices.size(), vec![n, search.k]);
        prop_assert_eq!((found.indices.kind(), found.distances.kind()), (Kind::Int64, Kind::Float));
        if n > 0 {
            let (distances, indices) = brute_force(&vectors, &codes, search);
            let error = (found.distances.to_kind(Kind::Double) - &distances).abs().max().double_value(&[]);
            // Rounding to f32 of numbers below 400.
            prop_assert!(error < 2e-5, "distances differ by {error}");
            // In one dimension, all vectors of the same sign have the same cosine up to rounding.
            if dim > 1 || distance == Distance::L2 {
                prop_assert!(found.indices.equal(&indices), "{:?} {indices:?}", found.indices);
            }
        }
    }

    #[test]
    fn every_dtype_and_stride_gives_exact_results(seed in 0_u64..1000, dim in 1_i64..40) {
        let (vectors, codes) = (normal(seed, &[30, dim]), normal(seed + 1, &[50, dim]));
        for kind in [Kind::Half, Kind::BFloat16, Kind::Double] {
            let [low_vectors, low_codes] = [&vectors, &codes].map(|matrix| matrix.to_kind(kind));
            let exact = brute_force(&low_vectors, &low_codes, SearchConfig::default()).1;
            prop_assert_eq!(ids(&low_vectors, &low_codes), Vec::<i64>::try_from(exact.flatten(0, 1)).unwrap());
            // Each input keeps its precision if the dtypes differ.
            let exact = brute_force(&low_vectors, &codes, SearchConfig::default()).1;
            prop_assert_eq!(ids(&low_vectors, &codes), Vec::<i64>::try_from(exact.flatten(0, 1)).unwrap());
        }
        let columns = vectors.transpose(0, 1).contiguous().transpose(0, 1);
        let spread = codes.repeat_interleave_self_int(2, 0, None).slice(0, 0, None, 2);
        prop_assert_eq!(ids(&columns, &spread), ids(&vectors, &codes));
    }

    #[test]
    fn permuted_codes_give_permuted_ids(seed in 0_u64..1000, size in 1_i64..300) {
        let (vectors, codes) = (normal(seed, &[20, 6]), normal(seed + 1, &[size, 6]));
        let order = Tensor::randperm(size, (Kind::Int64, Device::Cpu));
        let found = nearest_codes(&vectors, &codes.index_select(0, &order), SearchConfig::default()).unwrap().indices;
        let back = order.index_select(0, &found.flatten(0, 1));
        prop_assert_eq!(Vec::<i64>::try_from(back).unwrap(), ids(&vectors, &codes));
    }

    #[test]
    fn results_do_not_depend_on_the_position_of_a_row(seed in 0_u64..1000, n in 1_i64..80, position in 0_i64..80) {
        let (vectors, codes) = (normal(seed, &[n, 20]), normal(seed + 1, &[120, 20]));
        let position = position.min(n - 1);
        let search = SearchConfig { k: 3, ..Default::default() };
        let all = nearest_codes(&vectors, &codes, search).unwrap();
        let own = nearest_codes(&vectors.narrow(0, position, 1), &codes, search).unwrap();
        prop_assert!(all.indices.narrow(0, position, 1).equal(&own.indices));
        prop_assert!(all.distances.narrow(0, position, 1).equal(&own.distances));
    }
}

#[test]
fn the_lowest_id_is_first_in_a_tie() {
    let codes = normal(1, &[5, 8]).repeat([200, 1]);
    let found = nearest_codes(&normal(2, &[40, 8]), &codes, SearchConfig { k: 3, ..Default::default() }).unwrap();
    for row in 0..40 {
        let ids: Vec<i64> = found.indices.get(row).try_into().unwrap();
        assert!(ids[0] < 5 && ids[1] == ids[0] + 5 && ids[2] == ids[0] + 10, "{ids:?}");
    }
}

#[test]
fn zero_vectors_have_cosine_distance_one() {
    let search = SearchConfig { k: 2, distance: Distance::Cosine };
    let codes = Tensor::from_slice(&[-1.0_f32, -1.0, 0.0, 0.0, 1.0, -1.0]).view([3, 2]);
    let found = nearest_codes(&Tensor::zeros([1, 2], (Kind::Float, Device::Cpu)), &codes, search).unwrap();
    assert_eq!(Vec::<i64>::try_from(found.indices.get(0)).unwrap(), [0, 1]);
    assert_eq!(Vec::<f32>::try_from(found.distances.get(0)).unwrap(), [1.0, 1.0]);
    // The zero code is nearer than the opposite one.
    let found = nearest_codes(&Tensor::from_slice(&[1.0_f32, 1.0]).view([1, 2]), &codes, search).unwrap();
    assert_eq!(Vec::<i64>::try_from(found.indices.get(0)).unwrap(), [1, 2]);
}

#[test]
fn invalid_inputs_are_errors() {
    let search = |vectors: &Tensor, codes: &Tensor, k| {
        nearest_codes(vectors, codes, SearchConfig { k, ..Default::default() }).unwrap_err()
    };
    let error = search(&normal(1, &[4, 3]), &normal(2, &[5, 2]), 1);
    assert_eq!(error.to_string(), "nearest_codes: expected shape [K, 3], as the vectors, got [5, 2]");
    let error = search(&normal(1, &[4, 3]), &normal(2, &[5]), 1);
    assert_eq!(error.to_string(), "nearest_codes: expected shape [N, D] and [K, D], got [5]");
    for shape in [[0, 2], [5, 0]] {
        let error = search(&normal(1, &[4, shape[1]]), &normal(2, &shape), 1);
        assert!(matches!(error, CoreError::Shape { .. }), "{error}");
    }
    for k in [0, 6] {
        let error = search(&normal(1, &[4, 2]), &normal(2, &[5, 2]), k);
        assert!(error.to_string().contains("expected 1 <= k <= 5"), "{error}");
    }
    let error = search(&normal(1, &[4, 2]), &normal(2, &[50, 2]), 17);
    assert!(error.to_string().contains("expected 1 <= k <= 16"), "{error}");
    let error = search(&normal(1, &[4, 2]).to_kind(Kind::Int), &normal(2, &[5, 2]), 1);
    assert!(matches!(error, CoreError::Dtype { .. }), "{error}");
}

#[test]
fn nan_and_infinity_are_errors() {
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let mut numbers = vec![0.5_f32; 30];
        numbers[17] = bad;
        let (bad_matrix, good) = (Tensor::from_slice(&numbers).view([10, 3]), normal(1, &[4, 3]));
        for (vectors, codes, name) in [(&bad_matrix, &good, "vectors"), (&good, &bad_matrix, "codes")] {
            match nearest_codes(vectors, codes, SearchConfig::default()).unwrap_err() {
                CoreError::NotFinite { what, position, got, .. } => {
                    assert_eq!((what, position), (name, vec![5, 2]));
                    assert_eq!(got.to_string(), f64::from(bad).to_string());
                }
                other => panic!("{other}"),
            }
        }
    }
    // A sum beyond f32 is not an error.
    let large = Tensor::full([4, 3], 3e38, (Kind::Float, Device::Cpu));
    assert_eq!(ids(&large, &large), [0, 0, 0, 0]);
}
