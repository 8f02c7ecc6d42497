//! Means of values per image: given values, PSNR, SSIM and MS-SSIM.

use proptest::prelude::*;
use tch::{Device, Kind, Tensor};
use vq_eval::{Mean, MsSsim, Psnr, Ssim};

use crate::support::noise;

#[test]
fn invalid_values_are_rejected() {
    let mut mean = Mean::default();
    assert_eq!(mean.compute(), None);
    let message = mean.update(&Tensor::ones([2, 2], (Kind::Float, Device::Cpu))).unwrap_err().to_string();
    assert_eq!(message, "Mean::update: expected a value per image, [B], got [2, 2]");
    let message = mean.update(&Tensor::from_slice(&[1.0, f64::NAN])).unwrap_err().to_string();
    assert_eq!(message, "Mean::update: expected finite values, got a sum of NaN over 2 images");
    assert_eq!(mean.compute(), None);
}

#[test]
fn nan_pixels_are_rejected() {
    let images = noise(&[3, 3, 16, 16], 1) * 2.0;
    let with_nan = images.copy();
    let _ = with_nan.get(1).get(2).get(5).narrow(0, 3, 1).fill_(f64::NAN);
    let (mut psnr, mut ssim, mut ms_ssim) = (Psnr::default(), Ssim::default(), MsSsim::default());
    for (images, references) in [(&images, &with_nan), (&with_nan, &images)] {
        let errors = [
            ("Psnr", psnr.update(images, references)),
            ("Ssim", ssim.update(images, references)),
            ("MsSsim", ms_ssim.update(images, references)),
        ];
        for (name, error) in errors {
            let message = error.unwrap_err().to_string();
            assert_eq!(
                message,
                format!("{name}::update: expected pixels that are numbers, got NaN in image 1 of the batch")
            );
        }
    }
    assert_eq!((psnr.compute(), ssim.compute(), ms_ssim.compute()), (None, None, None));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn parts_equal_the_whole(count in 1..9_i64, cut in 0..9_i64, offset in 0..60_000_i64) {
        let cut = cut.min(count);
        let (images, references) = (noise(&[count, 3, 12, 14], offset) * 2.0, noise(&[count, 3, 12, 14], offset + 9));
        let parts = |batch: &Tensor| [batch.narrow(0, 0, cut), batch.narrow(0, cut, count - cut)];
        let pairs = || parts(&images).into_iter().zip(parts(&references));
        macro_rules! check {
            ($metric:ident) => {
                let mut whole = $metric::default();
                whole.update(&images, &references).unwrap();
                let mut joined = $metric::default();
                for (images, references) in pairs() {
                    let mut part = $metric::default();
                    part.update(&images, &references).unwrap();
                    joined.merge(&part);
                }
                let (joined, whole) = (joined.compute().unwrap(), whole.compute().unwrap());
                prop_assert!((joined - whole).abs() < 1e-9, "{joined} and {whole}");
            };
        }
        check!(Psnr);
        check!(Ssim);
        check!(MsSsim);
        let values = images.flatten(1, 3).mean_dim(1, false, Kind::Double);
        let mut joined = Mean::default();
        for part in parts(&values) {
            joined.update(&part).unwrap();
        }
        let expected = values.mean(Kind::Double).double_value(&[]);
        prop_assert!((joined.compute().unwrap() - expected).abs() < 1e-12);
    }
}
