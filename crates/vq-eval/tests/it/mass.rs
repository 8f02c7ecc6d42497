//! Mass on an object, against sums over pixels.

use proptest::prelude::*;
use tch::Tensor;
use vq_eval::MassInside;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// A score that is spread evenly over the pixels of its position counts where they belong to the object.
    #[test]
    fn mass_is_that_of_pixels(scores in prop::collection::vec(0_u8..9, 6), object in prop::collection::vec(any::<bool>(), 48)) {
        prop_assume!(object.contains(&true));
        let map = Tensor::from_slice(&scores.iter().map(|&score| f32::from(score)).collect::<Vec<_>>()).view([2, 3]);
        let mut mass = MassInside::default();
        mass.update(&map, &Tensor::from_slice(&object).view([4, 12])).unwrap();
        let total: f64 = scores.iter().map(|&score| f64::from(score)).sum();
        let Some(ours) = mass.compute() else {
            prop_assert_eq!(total, 0.0);
            return Ok(());
        };
        let on = (0..48).filter(|&pixel| object[pixel]);
        let inside: f64 = on.map(|pixel| f64::from(scores[pixel / 24 * 3 + pixel % 12 / 4]) / 8.0).sum();
        let area = object.iter().filter(|&&shown| shown).count() as f64 / 48.0;
        prop_assert!((ours.inside - inside / total).abs() < 1e-12);
        prop_assert!((ours.area - area).abs() < 1e-12);
        prop_assert!((ours.lift - inside / total / area).abs() < 1e-9);
    }
}

#[test]
fn invalid_heat_maps_are_rejected() {
    let mask = Tensor::from_slice(&[true, false, false, false]).view([2, 2]);
    let map = |values: &[f32]| Tensor::from_slice(values).view([2, -1]);
    let mut mass = MassInside::default();
    for (scores, mask, expected) in [
        (map(&[1.0; 6]), &mask, "scores [H, W]"),
        (map(&[1.0, -1.0, 0.0, 0.0]), &mask, "0 or more"),
        (map(&[1.0, f32::NAN, 0.0, 0.0]), &mask, "0 or more"),
        (map(&[1.0; 4]), &mask.logical_not().logical_and(&mask), "at least one pixel"),
        (map(&[1.0; 4]), &mask.to_kind(tch::Kind::Float), "dtype Bool"),
    ] {
        let message = mass.update(&scores, mask).unwrap_err().to_string();
        assert!(message.starts_with("MassInside::update: expected") && message.contains(expected), "{message}");
    }
    mass.update(&map(&[0.0; 4]), &mask).unwrap();
    assert_eq!(mass.compute(), None);
    let mut other = MassInside::default();
    other.update(&map(&[1.0; 4]), &mask).unwrap();
    mass.merge(&other);
    let scores = mass.compute().unwrap();
    assert_eq!((scores.inside, scores.lift, scores.words, scores.silent), (0.25, 1.0, 1, 1));
}
