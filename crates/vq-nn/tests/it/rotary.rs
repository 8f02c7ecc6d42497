//! Laws of rotary embeddings.

use tch::{Device, Kind, Tensor};
use vq_nn::{GridPosition, Rotary2d};

fn product(rotary: &Rotary2d, query: (&Tensor, i64), key: (&Tensor, i64)) -> f64 {
    let rotate = |(xs, token): (&Tensor, i64)| rotary.rotate(xs, token, 1);
    (rotate(query) * rotate(key)).sum(Kind::Double).double_value(&[])
}

fn features(shift: f64) -> Tensor {
    (Tensor::arange(8, (Kind::Double, Device::Cpu)) + shift).sin().view([1, 8])
}

#[test]
fn products_depend_on_the_difference_of_positions() {
    let positions: Vec<_> = (0..20).map(|i| Some(GridPosition { row: i / 5, column: i % 5 })).collect();
    let rotary = Rotary2d::new(&positions, 8, Device::Cpu);
    let (query, key) = (features(0.3), features(1.1));
    // From row 1, column 1 to row 2, column 3; and the same offset from row 0, column 0, and from row 2, column 1.
    let one = product(&rotary, (&query, 6), (&key, 13));
    assert!((one - product(&rotary, (&query, 0), (&key, 7))).abs() < 1e-6);
    assert!((one - product(&rotary, (&query, 11), (&key, 18))).abs() < 1e-6);
    // One row down differs from one column to the right.
    let (down, right) = (product(&rotary, (&query, 0), (&key, 5)), product(&rotary, (&query, 0), (&key, 1)));
    assert!((down - right).abs() > 1e-3);
}

#[test]
fn a_token_without_a_position_is_not_rotated() {
    let rotary = Rotary2d::new(&[None, Some(GridPosition { row: 1, column: 2 })], 8, Device::Cpu);
    let xs = features(0.3);
    assert_eq!(rotary.rotate(&xs, 0, 1), xs);
    let rotated = rotary.rotate(&xs, 1, 1);
    assert_ne!(rotated, xs);
    let length = |xs: &Tensor| xs.square().sum(Kind::Double).double_value(&[]);
    assert!((length(&rotated) - length(&xs)).abs() < 1e-6, "a rotation keeps the length");
}
