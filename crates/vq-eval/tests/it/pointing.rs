use proptest::prelude::*;
use tch::{Device, Kind, Tensor};
use vq_eval::{Pointing, PointingScores};

/// The mask of an object on the pixels from (2, 2) to (5, 3) of 8x8: on a grid of 4x4, positions (1, 1) and (2, 1).
fn mask() -> Tensor {
    let mask = Tensor::zeros([8, 8], (Kind::Bool, Device::Cpu));
    let _ = mask.narrow(0, 2, 4).narrow(1, 2, 2).fill_(1);
    mask
}

fn scores(highest: &[[i64; 2]]) -> Tensor {
    let scores = Tensor::zeros([4, 4], (Kind::Float, Device::Cpu));
    for &[row, column] in highest {
        let _ = scores.get(row).get(column).fill_(1.0);
    }
    scores
}

#[test]
fn a_word_hits_on_its_object() {
    let mut pointing = Pointing::default();
    assert_eq!(pointing.compute(), None);
    pointing.update(&scores(&[[2, 1]]), &mask()).unwrap();
    pointing.update(&scores(&[[2, 2]]), &mask()).unwrap();
    let expected = PointingScores { accuracy: 0.5, chance: 0.125, words: 2, unseen: 0 };
    assert_eq!(pointing.compute(), Some(expected));
}

#[test]
fn ties_share_a_hit_and_small_objects_are_left_out() {
    let mut pointing = Pointing::default();
    pointing.update(&scores(&[[1, 1], [0, 0], [3, 3], [2, 1]]), &mask()).unwrap();
    assert_eq!(pointing.compute().unwrap().accuracy, 0.5);
    let nothing = Tensor::zeros([8, 8], (Kind::Bool, Device::Cpu));
    pointing.update(&scores(&[[1, 1]]), &nothing).unwrap();
    assert_eq!((pointing.compute().unwrap().words, pointing.compute().unwrap().unseen), (1, 1));
}

#[test]
fn invalid_inputs_are_rejected() {
    let error = |scores: &Tensor, mask: &Tensor| Pointing::default().update(scores, mask).unwrap_err().to_string();
    assert!(error(&scores(&[]).narrow(0, 0, 3), &mask()).contains("[3, 4] and [8, 8]"));
    assert!(error(&scores(&[]), &mask().to_kind(Kind::Float)).contains("Bool, got Float"));
    assert!(error(&(scores(&[]) * f64::NAN), &mask()).contains("got NaN"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Equal scores hit by chance for any object, and merging is adding.
    #[test]
    fn equal_scores_give_chance(pixels in prop::collection::vec(any::<bool>(), 64)) {
        let mask = Tensor::from_slice(&pixels).view([8, 8]);
        let (mut one, mut two) = (Pointing::default(), Pointing::default());
        one.update(&scores(&[]), &mask).unwrap();
        two.update(&scores(&[[1, 1]]), &mask).unwrap();
        if let Some(scores) = one.compute() {
            prop_assert!((scores.accuracy - scores.chance).abs() < 1e-12);
        }
        let mut both = one;
        both.merge(&two);
        one.update(&scores(&[[1, 1]]), &mask).unwrap();
        prop_assert_eq!(one, both);
    }
}
