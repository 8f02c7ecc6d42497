//! Distances between sets of features against torch-fidelity; `tests/data/make_distances.py` makes the file.

use std::path::Path;

use proptest::prelude::*;
use serde_json::Value;
use tch::{Device, Kind, Tensor};
use vq_eval::{
    CovarianceRank, EvalError, FrechetDistance, FrechetScores, InceptionScore, InceptionScoreConfig, InceptionScores,
    KernelConfig, KernelDistance, KernelScores, PrecisionRecall, PrecisionRecallConfig, PrecisionRecallScores, Side,
};

use crate::support::noise;

/// The script's `features`.
fn features(rows: i64, offset: i64, shift: f64) -> Tensor {
    let mixing = noise(&[24, 24], 5) + Tensor::eye(24, (Kind::Double, Device::Cpu));
    noise(&[rows, 24], offset).matmul(&mixing) * 3.0 + 2.0 + shift
}

fn wide() -> Tensor {
    features(150, 100, 0.3)
}

fn narrow() -> Tensor {
    features(150, 90000, 0.0) * 0.8
}

fn few() -> Tensor {
    features(12, 4000, 0.1)
}

fn golden() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/distances.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn check(ours: f64, theirs: &Value, tolerance: f64) {
    let theirs = theirs.as_f64().unwrap();
    assert!((ours - theirs).abs() <= tolerance * theirs.abs(), "{ours} against {theirs}");
}

/// An accumulator of two sides.
trait Distance: Sized {
    type Scores;
    fn empty() -> Self;
    fn add(&mut self, side: Side, features: &Tensor) -> Result<(), EvalError>;
    fn join(&mut self, other: &Self) -> Result<(), EvalError>;
    fn scores(&self) -> Result<Self::Scores, EvalError>;

    fn between(images: &Tensor, references: &Tensor) -> Result<Self::Scores, EvalError> {
        let mut distance = Self::empty();
        distance.add(Side::Images, images)?;
        distance.add(Side::References, references)?;
        distance.scores()
    }
}

macro_rules! distance {
    ($type:ident, $scores:ident, $empty:expr) => {
        impl Distance for $type {
            type Scores = $scores;
            fn empty() -> Self {
                $empty
            }
            fn add(&mut self, side: Side, features: &Tensor) -> Result<(), EvalError> {
                self.update(side, features)
            }
            fn join(&mut self, other: &Self) -> Result<(), EvalError> {
                self.merge(other)
            }
            fn scores(&self) -> Result<$scores, EvalError> {
                self.compute()
            }
        }
    };
}

distance!(FrechetDistance, FrechetScores, Self::default());
distance!(KernelDistance, KernelScores, Self::new(&KernelConfig::default()).unwrap());
distance!(PrecisionRecall, PrecisionRecallScores, Self::new(&PrecisionRecallConfig::default()).unwrap());

#[test]
fn frechet_equals_torch_fidelity() {
    let golden = golden();
    let scores = FrechetDistance::between(&wide(), &narrow()).unwrap();
    check(scores.distance, &golden["frechet"]["distance"], 1e-9);
    let full = CovarianceRank { samples: 150, dimensions: 24, rank: 24 };
    assert_eq!((scores.images, scores.references), (full, full));
    assert!(!scores.rank_deficient);
    let float = |features: Tensor| features.to_kind(Kind::Float);
    let scores = FrechetDistance::between(&float(wide()), &float(narrow())).unwrap();
    check(scores.distance, &golden["frechet"]["distance"], 1e-5);
}

#[test]
fn frechet_of_few_samples_reports_it() {
    let golden = golden();
    let scores = FrechetDistance::between(&few(), &narrow()).unwrap();
    check(scores.distance, &golden["frechet_few"]["distance"], 1e-6);
    assert!(scores.rank_deficient);
    assert_eq!(golden["frechet_few"]["ranks"], serde_json::json!([scores.images.rank, scores.references.rank]));
    assert_eq!(
        scores.to_string(),
        "41.0418 (12 images, 150 references); the covariance of the images is deficient, of rank 11 in 24 dimensions: \
         too few samples"
    );
    // A constant dimension lowers the rank too; the message then does not name too few samples.
    let (images, references) = (narrow(), wide());
    let _ = images.narrow(1, 3, 1).fill_(0.5);
    let _ = references.narrow(1, 3, 1).fill_(0.5);
    let scores = FrechetDistance::between(&images, &references).unwrap();
    assert_eq!((scores.images.rank, scores.references.rank), (23, 23));
    assert!(scores.to_string().ends_with("of rank 23 in 24 dimensions"), "{scores}");
    let text = serde_json::to_string(&scores).unwrap();
    assert_eq!(serde_json::from_str::<FrechetScores>(&text).unwrap(), scores);
}

#[test]
fn frechet_of_constant_sets_is_that_of_their_means() {
    let at = |value: f64| Tensor::full([5, 3], value, (Kind::Float, Device::Cpu));
    let scores = FrechetDistance::between(&at(1.0), &at(3.0)).unwrap();
    assert_eq!((scores.distance, scores.means, scores.images.rank), (12.0, 12.0, 0));
}

#[test]
fn frechet_is_accurate_far_from_the_origin() {
    // A sum of squares would lose all digits of a variance of about 1 beside 1e16.
    let scores = FrechetDistance::between(&(wide() + 1e8), &(narrow() + 1e8)).unwrap();
    check(scores.distance, &golden()["frechet"]["distance"], 1e-5);
}

#[test]
fn kernel_distance_equals_torch_fidelity() {
    let golden = golden();
    let scores = KernelDistance::between(&wide(), &narrow()).unwrap();
    check(scores.distance, &golden["kernel"], 1e-9);
    assert_eq!((scores.subsets, scores.images, scores.references), (None, 150, 150));
    check(KernelDistance::between(&few(), &narrow()).unwrap().distance, &golden["kernel_few"], 1e-9);
}

#[test]
fn a_seed_decides_the_subsets_and_their_mean_is_near_the_whole() {
    let of = |subsets: usize, subset_size: usize, seed: u64| {
        let mut distance =
            KernelDistance::new(&KernelConfig { subsets, subset_size, seed, ..Default::default() }).unwrap();
        distance.update(Side::Images, &wide()).unwrap();
        distance.update(Side::References, &narrow()).unwrap();
        distance.compute().unwrap()
    };
    let whole = KernelDistance::between(&wide(), &narrow()).unwrap().distance;
    let scores = of(400, 40, 1);
    let spread = scores.subsets.unwrap().spread;
    assert_eq!((scores.subsets.unwrap().count, scores.subsets.unwrap().size), (400, 40));
    // Of 400 draws, the mean is within a few twentieths of the spread.
    assert!(spread > 0.0 && (scores.distance - whole).abs() < 4.0 * spread / 20.0, "{scores:?} {whole}");
    assert_eq!(of(400, 40, 1), scores);
    assert_ne!(of(400, 40, 2).distance, scores.distance);
    // The means of one, two and three subsets give the three distances.
    let [one, two, three] = [1, 2, 3].map(|count| of(count, 149, 7));
    let draws = [one.distance, 2.0 * two.distance - one.distance, 3.0 * three.distance - 2.0 * two.distance];
    let variance = draws.iter().map(|draw| (draw - three.distance).powi(2)).sum::<f64>() / 3.0;
    assert!((variance.sqrt() - three.subsets.unwrap().spread).abs() < 1e-9, "{draws:?}");
    assert_eq!(one.subsets.unwrap().spread, 0.0);
    // Subsets as large as a side are not drawn.
    assert_eq!(of(3, 150, 7).subsets, None);
}

#[test]
fn inception_score_equals_torch_fidelity() {
    let golden = golden();
    let logits = noise(&[103, 20], 700) * 12.0;
    for splits in [1, 4, 10] {
        let mut score = InceptionScore::new(&InceptionScoreConfig { splits }).unwrap();
        score.update(&logits.narrow(0, 0, 60)).unwrap();
        let mut rest = InceptionScore::new(&InceptionScoreConfig { splits }).unwrap();
        rest.update(&logits.narrow(0, 60, 43)).unwrap();
        score.merge(&rest).unwrap();
        let InceptionScores { mean, spread, images, .. } = score.compute().unwrap();
        let theirs = &golden["inception_score"][splits.to_string()];
        check(mean, &theirs["inception_score_mean"], 1e-9);
        let error = (spread - theirs["inception_score_std"].as_f64().unwrap()).abs();
        assert!(error < 1e-9, "{error}");
        assert_eq!(images, 103);
    }
}

#[test]
fn inception_score_of_certain_and_of_equal_classes() {
    let of = |logits: &Tensor| {
        let mut score = InceptionScore::new(&InceptionScoreConfig { splits: 1 }).unwrap();
        score.update(logits).unwrap();
        score.compute().unwrap().mean
    };
    // With certain classes, the score is the number of classes that occur.
    let certain = Tensor::eye(7, (Kind::Float, Device::Cpu)).narrow(0, 0, 5) * 1e4;
    assert!((of(&certain) - 5.0).abs() < 1e-9);
    assert!((of(&Tensor::ones([4, 7], (Kind::Float, Device::Cpu))) - 1.0).abs() < 1e-12);
}

#[test]
fn precision_and_recall_equal_torch_fidelity() {
    let golden = golden();
    for k in [1, 3, 5] {
        let mut distance = PrecisionRecall::new(&PrecisionRecallConfig { neighbours: k }).unwrap();
        distance.update(Side::Images, &wide()).unwrap();
        distance.update(Side::References, &narrow()).unwrap();
        let scores = distance.compute().unwrap();
        let theirs = &golden["precision_recall"][k.to_string()];
        check(scores.precision, &theirs["precision"], 1e-7);
        check(scores.recall, &theirs["recall"], 1e-7);
        assert_eq!((scores.neighbours, scores.images, scores.references), (k as i64, 150, 150));
    }
}

#[test]
fn repeated_features_lie_in_each_others_balls() {
    // Radii are zero: equal features are inside in spite of rounding, and others are not.
    let rows = (noise(&[5, 24], 40) * 100.0 + 1000.0).repeat([6, 1]);
    let scores = PrecisionRecall::between(&rows.flip([0]), &rows).unwrap();
    assert_eq!((scores.precision, scores.recall), (1.0, 1.0));
    let scores = PrecisionRecall::between(&(&rows + 1e-3), &rows).unwrap();
    assert_eq!((scores.precision, scores.recall), (0.0, 0.0));
}

fn rejects<D: Distance>(name: &str, least: &str) {
    let two = Tensor::eye(2, (Kind::Float, Device::Cpu));
    let update = |distance: &mut D, features: &Tensor, words: &str| {
        let message = distance.add(Side::References, features).unwrap_err().to_string();
        assert!(message.starts_with(&format!("{name}::update: expected ")) && message.contains(words), "{message}");
    };
    let mut distance = D::empty();
    update(&mut distance, &two.view([1, 2, 2]), "features [N, D], got [1, 2, 2]");
    update(&mut distance, &two.narrow(1, 0, 0), "features [N, D], got [2, 0]");
    update(&mut distance, &two.to_kind(Kind::Int64), "floating-point features, got Int64");
    update(&mut distance, &(&two / 0.0), "finite features, got others in row 0 of 2");
    let with_nan = Tensor::from_slice(&[0.0, 1.0, 2.0, f64::NAN, 4.0, 5.0]).view([3, 2]);
    update(&mut distance, &with_nan, "finite features, got others in row 1 of 3");
    let message = distance.scores().err().unwrap().to_string();
    assert_eq!(message, format!("{name}::compute: expected {least} images and references or more, got 0 and 0"));
    distance.add(Side::Images, &two).unwrap();
    update(&mut distance, &two.view([1, 4]), "features [N, 2], as before, got [1, 4]");
    let message = distance.scores().err().unwrap().to_string();
    assert!(message.ends_with("got 2 and 0"), "{message}");
    let mut other = D::empty();
    other.add(Side::Images, &two.view([1, 4])).unwrap();
    let message = distance.join(&other).unwrap_err().to_string();
    assert_eq!(message, format!("{name}::merge: expected features [N, 2], as before, got [N, 4]"));
}

#[test]
fn invalid_features_are_rejected() {
    rejects::<FrechetDistance>("FrechetDistance", "2");
    rejects::<KernelDistance>("KernelDistance", "2");
    rejects::<PrecisionRecall>("PrecisionRecall", "4");
    let mut score = InceptionScore::new(&InceptionScoreConfig::default()).unwrap();
    let message = score.update(&Tensor::from_slice(&[0.0, f64::INFINITY]).view([2, 1])).unwrap_err().to_string();
    assert_eq!(message, "InceptionScore::update: expected finite features, got others in row 1 of 2");
    score.update(&Tensor::eye(9, (Kind::Float, Device::Cpu))).unwrap();
    let message = score.compute().unwrap_err().to_string();
    assert_eq!(message, "InceptionScore::compute: expected 10 images or more, one for each split, got 9");
}

#[test]
fn invalid_configurations_are_rejected() {
    let rejected = |error: EvalError, words: &str| assert_eq!(error.to_string(), words);
    let kernel = |config: KernelConfig| KernelDistance::new(&config).unwrap_err();
    let usual = KernelConfig::default();
    rejected(kernel(KernelConfig { degree: 0, ..usual }), "check KernelConfig: degree: expected 1 or more, got 0");
    rejected(kernel(KernelConfig { subsets: 0, ..usual }), "check KernelConfig: subsets: expected 1 or more, got 0");
    let small = KernelConfig { subset_size: 1, ..usual };
    rejected(kernel(small), "check KernelConfig: subset_size: expected 2 or more, got 1");
    let gamma = KernelConfig { gamma: Some(f64::NAN), ..usual };
    rejected(kernel(gamma), "check KernelConfig: gamma: expected a number above 0, got NaN");
    let constant = KernelConfig { constant: -1.0, ..usual };
    rejected(kernel(constant), "check KernelConfig: constant: expected 0 or more, got -1");
    let message = "check InceptionScoreConfig: splits: expected 1 or more, got 0";
    rejected(InceptionScore::new(&InceptionScoreConfig { splits: 0 }).unwrap_err(), message);
    let message = "check PrecisionRecallConfig: neighbours: expected 1 or more, got 0";
    rejected(PrecisionRecall::new(&PrecisionRecallConfig { neighbours: 0 }).unwrap_err(), message);
    assert!(serde_json::from_str::<KernelConfig>(r#"{"degre": 3}"#).is_err());
    assert_eq!(serde_json::from_str::<KernelConfig>(r#"{"seed": 4}"#).unwrap(), KernelConfig { seed: 4, ..usual });
}

/// Both sides in two parts of two batches each.
fn in_parts<D: Distance>(images: &Tensor, references: &Tensor, cuts: [i64; 2]) -> D {
    let mut parts = [D::empty(), D::empty()];
    for (side, features, cut) in [(Side::Images, images, cuts[0]), (Side::References, references, cuts[1])] {
        let count = features.size()[0];
        for (part, [from, to]) in parts.iter_mut().zip([[0, cut], [cut, count]]) {
            let middle = (from + to) / 2;
            for [from, to] in [[from, middle], [middle, to]] {
                part.add(side, &features.narrow(0, from, to - from)).unwrap();
            }
        }
    }
    let [mut first, second] = parts;
    first.join(&second).unwrap();
    first
}

fn same(parts: f64, whole: f64, scale: f64) -> Result<(), TestCaseError> {
    prop_assert!((parts - whole).abs() <= 1e-9 * scale, "{parts} and {whole}");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn parts_equal_the_whole(
        counts in [4..40_i64, 4..40_i64],
        cuts in [0..40_i64, 0..40_i64],
        offset in 0..30_000_i64,
    ) {
        let (images, references) = (features(counts[0], offset, 0.4), features(counts[1], offset + 30_000, 0.0));
        let cuts = [cuts[0].min(counts[0]), cuts[1].min(counts[1])];
        let whole = FrechetDistance::between(&images, &references).unwrap();
        let parts = in_parts::<FrechetDistance>(&images, &references, cuts).compute().unwrap();
        same(parts.distance, whole.distance, 100.0)?;
        prop_assert_eq!((parts.images, parts.references), (whole.images, whole.references));
        prop_assert!(whole.images.rank <= 24.min(counts[0] - 1), "{whole}");

        let whole = KernelDistance::between(&images, &references).unwrap();
        let parts = in_parts::<KernelDistance>(&images, &references, cuts).compute().unwrap();
        same(parts.distance, whole.distance, 100.0)?;

        let whole = PrecisionRecall::between(&images, &references).unwrap();
        let parts = in_parts::<PrecisionRecall>(&images, &references, cuts).compute().unwrap();
        prop_assert_eq!(parts, whole);
        prop_assert!((0.0..=1.0).contains(&whole.precision) && (0.0..=1.0).contains(&whole.recall));
    }

    #[test]
    fn swapping_the_sides_swaps_precision_and_recall(counts in [4..40_i64, 4..40_i64], offset in 0..30_000_i64) {
        let (images, references) = (features(counts[0], offset, 0.4), features(counts[1], offset + 30_000, 0.0));
        let frechet = |ours, theirs| FrechetDistance::between(ours, theirs).unwrap().distance;
        same(frechet(&images, &references), frechet(&references, &images), 100.0)?;
        let [one, other] = [(&images, &references), (&references, &images)]
            .map(|(ours, theirs)| PrecisionRecall::between(ours, theirs).unwrap());
        prop_assert_eq!((one.precision, one.recall), (other.recall, other.precision));
    }

    #[test]
    fn the_distance_of_a_set_from_itself_is_zero(count in 2..60_i64, offset in 0..60_000_i64) {
        let set = features(count, offset, 0.0);
        let scores = FrechetDistance::between(&set, &set.flip([0])).unwrap();
        prop_assert!(scores.distance < 1e-6, "{scores}");
        if count >= 4 {
            let scores = PrecisionRecall::between(&set, &set.flip([0])).unwrap();
            prop_assert_eq!((scores.precision, scores.recall), (1.0, 1.0));
        }
    }
}
