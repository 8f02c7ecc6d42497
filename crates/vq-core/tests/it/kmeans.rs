use proptest::prelude::*;
use tch::{Kind, Tensor};
use vq_core::{Distance, SearchConfig, kmeans, nearest_codes};

use crate::oracle::{assert_close, golden};
use crate::support::normal;

const DISTANCES: [(&str, Distance); 2] = [("l2", Distance::L2), ("cosine", Distance::Cosine)];

#[test]
fn means_equal_vector_quantize_pytorch() {
    let golden = golden("vector_quantize.safetensors");
    for (name, distance) in DISTANCES {
        let found = kmeans(&golden["kmeans.samples"], &golden["kmeans.start"], 4, distance).unwrap();
        assert_close(&found.means, &golden[&format!("kmeans.{name}.means")], 1e-5, name);
        assert_close(&found.counts, &golden[&format!("kmeans.{name}.counts")], 0.0, name);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn rounds_never_increase_the_cost(seed in 0_u64..1000, n in 1_i64..80, size in 1_i64..12, dim in 1_i64..6) {
        let (vectors, start) = (normal(seed, &[n, dim]), normal(seed + 1, &[size, dim]));
        for (name, distance) in DISTANCES {
            let cost = |rounds| {
                let means = kmeans(&vectors, &start, rounds, distance).unwrap().means;
                let found = nearest_codes(&vectors, &means, SearchConfig { k: 1, distance }).unwrap();
                // Costs by dot products, independent of the distances of the search.
                let unit = |rows: &Tensor| match distance {
                    Distance::L2 => rows.to_kind(Kind::Double),
                    Distance::Cosine => {
                        rows.to_kind(Kind::Double) / rows.to_kind(Kind::Double).norm_scalaropt_dim(2.0, [1_i64], true)
                    }
                };
                let near = unit(&means).index_select(0, &found.indices.view(-1));
                (unit(&vectors) - near).square().sum(Kind::Double).double_value(&[])
            };
            let costs: Vec<f64> = (0..5).map(cost).collect();
            prop_assert!(costs.windows(2).all(|pair| pair[1] <= pair[0] + 1e-4), "{}: {:?}", name, costs);
        }
    }
}

#[test]
fn a_mean_without_vectors_does_not_move() {
    let vectors = Tensor::from_slice(&[0.0_f32, 2.0]).view([2, 1]);
    let start = Tensor::from_slice(&[0.5_f32, 100.0]).view([2, 1]);
    let found = kmeans(&vectors, &start, 3, Distance::L2).unwrap();
    assert_eq!(Vec::<f32>::try_from(found.means.view(-1)).unwrap(), [1.0, 100.0]);
    assert_eq!(Vec::<f32>::try_from(found.counts).unwrap(), [2.0, 0.0]);
}

#[test]
fn a_mean_of_opposite_directions_does_not_move() {
    let vectors = Tensor::from_slice(&[2.0_f32, 0.0, -3.0, 0.0]).view([2, 2]);
    let start = Tensor::from_slice(&[0.0_f32, 5.0]).view([1, 2]);
    let found = kmeans(&vectors, &start, 3, Distance::Cosine).unwrap();
    assert_eq!(Vec::<f32>::try_from(found.means.view(-1)).unwrap(), [0.0, 1.0]);
}

#[test]
fn invalid_options_are_errors() {
    let vectors = normal(1, &[4, 2]);
    let error = kmeans(&vectors, &vectors, -1, Distance::L2).unwrap_err().to_string();
    assert_eq!(error, "kmeans: expected a number of rounds >= 0, got -1");
    assert!(kmeans(&vectors, &normal(1, &[3, 5]), 1, Distance::L2).is_err());
    assert!(kmeans(&vectors, &normal(1, &[0, 2]), 1, Distance::L2).is_err());
}
