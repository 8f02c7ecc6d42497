//! Retrieval against a full search.

use proptest::prelude::*;
use tch::{Device, Kind, Tensor};
use vq_eval::{Ranking, Retrieval, RetrievalScores};

fn rows(values: &[f64], dimensions: i64) -> Tensor {
    Tensor::from_slice(values).view([-1, dimensions])
}

fn scores(images: &Tensor, captions: &Tensor, image_of: &[usize]) -> RetrievalScores {
    let mut retrieval = Retrieval::default();
    retrieval.update(images, captions, image_of).unwrap();
    retrieval.compute().unwrap()
}

#[test]
fn ranks_are_those_counted_by_hand() {
    // Directions in the plane, in degrees: images 0, 40, 90; captions 5 and 80 (of image 0), 38 (1), 50 (2).
    let at = |degrees: &[f64], length: f64| {
        let points: Vec<f64> =
            degrees.iter().flat_map(|d| [d.to_radians().cos() * length, d.to_radians().sin() * length]).collect();
        rows(&points, 2)
    };
    let scores = scores(&at(&[0.0, 40.0, 90.0], 3.0), &at(&[5.0, 80.0, 38.0, 50.0], 0.5), &[0, 0, 1, 2]);
    // Image 0 finds 5 first; 1 finds 38 first; 2 finds 80, which is wrong, then 50.
    let expected = Ranking { recall_at_1: 2.0 / 3.0, recall_at_5: 1.0, recall_at_10: 1.0, median_rank: 1.0 };
    assert_eq!(scores.image_to_text, expected);
    // 5 finds image 0; 80 finds 90, 40, then 0; 38 finds 40; 50 finds 40, then 90. Ranks 1, 3, 1, 2.
    let expected = Ranking { recall_at_1: 0.5, recall_at_5: 1.0, recall_at_10: 1.0, median_rank: 1.5 };
    assert_eq!(scores.text_to_image, expected);
}

#[test]
fn a_tie_counts_against_the_query() {
    // With equal rows, each right candidate comes after the eleven wrong ones, however the similarities are rounded.
    let same = Tensor::from_slice(&[0.1_f32, 0.7, -0.3]).repeat([12, 1]);
    let scores = scores(&same, &same, &(0..12).collect::<Vec<_>>());
    let expected = Ranking { recall_at_1: 0.0, recall_at_5: 0.0, recall_at_10: 0.0, median_rank: 12.0 };
    assert_eq!(scores.image_to_text, expected);
    assert_eq!(scores.text_to_image, expected);
}

#[test]
fn all_captions_of_an_image_are_right() {
    let images = rows(&[1.0, 0.0, 0.0, 1.0], 2);
    let captions = rows(&[1.0, 0.1, 1.0, 0.1, 1.0, 0.1, 0.1, 1.0], 2);
    let scores = scores(&images, &captions, &[0, 0, 0, 1]);
    assert_eq!(scores.image_to_text.recall_at_1, 1.0);
    assert_eq!(scores.text_to_image.recall_at_1, 1.0);
}

#[test]
fn invalid_inputs_are_rejected() {
    let two = rows(&[1.0, 0.0, 0.0, 1.0], 2);
    let rejected = |images: &Tensor, captions: &Tensor, image_of: &[usize], words: &str| {
        let message = Retrieval::default().update(images, captions, image_of).unwrap_err().to_string();
        assert!(message.starts_with("Retrieval::update: expected ") && message.contains(words), "{message}");
    };
    rejected(&two, &two, &[0], "[2, 2], [2, 2] and 1 indices");
    rejected(&two, &two.view([1, 4]), &[0], "[1, 4]");
    rejected(&two, &two, &[0, 2], "2 of 2 for caption 1");
    rejected(&two, &two, &[0, 0], "none for image 1");
    rejected(&two, &rows(&[1.0, 0.0, 0.0, 0.0], 2), &[0, 1], "length 0 in captions, row 1");
    rejected(&rows(&[f64::NAN, 0.0, 0.0, 1.0], 2), &two, &[0, 1], "length NaN in images, row 0");
    let mut retrieval = Retrieval::default();
    assert_eq!(retrieval.compute(), None);
    retrieval.update(&two, &two, &[0, 1]).unwrap();
    let wide = Tensor::eye(3, (Kind::Float, Device::Cpu));
    let message = retrieval.update(&wide, &wide, &[0, 1, 2]).unwrap_err().to_string();
    assert!(message.contains("3 after 2"), "{message}");
    let mut other = Retrieval::default();
    other.update(&wide, &wide, &[0, 1, 2]).unwrap();
    let message = retrieval.merge(&other).unwrap_err().to_string();
    assert!(message.starts_with("Retrieval::merge: ") && message.ends_with("got 3 after 2"), "{message}");
}

/// Ranks by a full search, with numbers small enough to be exact.
fn by_hand(images: &[[i32; 3]], captions: &[[i32; 3]], image_of: &[usize]) -> [Vec<usize>; 2] {
    let cosine = |a: &[i32; 3], b: &[i32; 3]| {
        let dot = |a: &[i32; 3], b: &[i32; 3]| f64::from(a.iter().zip(b).map(|(a, b)| a * b).sum::<i32>());
        dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
    };
    let to_text = images.iter().enumerate().map(|(image, query)| {
        let all = || captions.iter().zip(image_of).map(|(caption, &of)| (cosine(query, caption), of == image));
        let best = all().filter(|(_, right)| *right).map(|(cosine, _)| cosine).fold(-2.0, f64::max);
        1 + all().filter(|&(cosine, right)| !right && cosine >= best - 1e-9).count()
    });
    let to_image = captions.iter().zip(image_of).map(|(query, &own)| {
        let best = cosine(query, &images[own]);
        let wrong = images.iter().enumerate().filter(|&(image, _)| image != own);
        1 + wrong.filter(|(_, image)| cosine(query, image) >= best - 1e-9).count()
    });
    [to_text.collect(), to_image.collect()]
}

fn check(ours: Ranking, ranks: &[usize]) {
    let mut ranks = ranks.to_vec();
    ranks.sort_unstable();
    let recall = |k| ranks.iter().filter(|&&rank| rank <= k).count() as f64 / ranks.len() as f64;
    let median = (ranks[(ranks.len() - 1) / 2] + ranks[ranks.len() / 2]) as f64 / 2.0;
    assert_eq!([ours.recall_at_1, ours.recall_at_5, ours.recall_at_10], [recall(1), recall(5), recall(10)]);
    assert_eq!(ours.median_rank, median);
}

fn embedding() -> impl Strategy<Value = [i32; 3]> {
    [-2..3_i32, -2..3_i32, 1..3_i32]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn ranks_equal_a_search_and_cuts_do_not_matter(
        groups in prop::collection::vec((embedding(), prop::collection::vec(embedding(), 1..4)), 1..16),
        cut in 0..16_usize,
    ) {
        let images: Vec<_> = groups.iter().map(|(image, _)| *image).collect();
        let captions: Vec<_> = groups.iter().flat_map(|(_, captions)| captions.clone()).collect();
        let image_of: Vec<_> =
            groups.iter().enumerate().flat_map(|(image, (_, captions))| vec![image; captions.len()]).collect();
        let tensor = |rows: &[[i32; 3]]| Tensor::from_slice(rows.as_flattened()).view([-1, 3]).to_kind(Kind::Float);
        let whole = scores(&tensor(&images), &tensor(&captions), &image_of);
        let [to_text, to_image] = by_hand(&images, &captions, &image_of);
        check(whole.image_to_text, &to_text);
        check(whole.text_to_image, &to_image);

        let cut = cut.min(images.len());
        let split = image_of.partition_point(|&image| image < cut);
        let mut parts = [Retrieval::default(), Retrieval::default()];
        if cut > 0 {
            parts[0].update(&tensor(&images[..cut]), &tensor(&captions[..split]), &image_of[..split]).unwrap();
        }
        if cut < images.len() {
            let rest: Vec<_> = image_of[split..].iter().map(|image| image - cut).collect();
            parts[1].update(&tensor(&images[cut..]), &tensor(&captions[split..]), &rest).unwrap();
        }
        let [mut first, second] = parts;
        first.merge(&second).unwrap();
        prop_assert_eq!(first.compute().unwrap(), whole);
    }
}
