//! Mass on a thing, against sums by hand.

use proptest::prelude::*;
use tch::Tensor;
use vq_eval::MassInside;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Each score, spread evenly over its pixels, counts as far as they show the thing.
    #[test]
    fn mass_is_that_of_pixels(scores in prop::collection::vec(0_u8..9, 6), thing in prop::collection::vec(any::<bool>(), 48)) {
        prop_assume!(thing.contains(&true));
        let map = Tensor::from_slice(&scores.iter().map(|&score| f32::from(score)).collect::<Vec<_>>()).view([2, 3]);
        let mut mass = MassInside::default();
        mass.update(&map, &Tensor::from_slice(&thing).view([4, 12])).unwrap();
        let total: f64 = scores.iter().map(|&score| f64::from(score)).sum();
        let Some(ours) = mass.compute() else {
            prop_assert_eq!(total, 0.0);
            return Ok(());
        };
        let on = (0..48).filter(|&pixel| thing[pixel]);
        let inside: f64 = on.map(|pixel| f64::from(scores[pixel / 24 * 3 + pixel % 12 / 4]) / 8.0).sum();
        let area = thing.iter().filter(|&&shown| shown).count() as f64 / 48.0;
        prop_assert!((ours.inside - inside / total).abs() < 1e-12);
        prop_assert!((ours.area - area).abs() < 1e-12);
        prop_assert!((ours.lift - inside / total / area).abs() < 1e-9);
    }
}

#[test]
fn what_is_no_map_is_refused() {
    let thing = Tensor::from_slice(&[true, false, false, false]).view([2, 2]);
    let map = |values: &[f32]| Tensor::from_slice(values).view([2, -1]);
    let mut mass = MassInside::default();
    for (scores, thing, expected) in [
        (map(&[1.0; 6]), &thing, "scores [H, W]"),
        (map(&[1.0, -1.0, 0.0, 0.0]), &thing, "0 or more"),
        (map(&[1.0, f32::NAN, 0.0, 0.0]), &thing, "0 or more"),
        (map(&[1.0; 4]), &thing.logical_not().logical_and(&thing), "somewhere"),
        (map(&[1.0; 4]), &thing.to_kind(tch::Kind::Float), "kind Bool"),
    ] {
        let message = mass.update(&scores, thing).unwrap_err().to_string();
        assert!(message.starts_with("MassInside::update: expected") && message.contains(expected), "{message}");
    }
    mass.update(&map(&[0.0; 4]), &thing).unwrap();
    assert_eq!(mass.compute(), None);
    let mut other = MassInside::default();
    other.update(&map(&[1.0; 4]), &thing).unwrap();
    mass.merge(&other);
    let scores = mass.compute().unwrap();
    assert_eq!((scores.inside, scores.lift, scores.words, scores.silent), (0.25, 1.0, 1, 1));
}
