//! Inception-v3 against pytorch-fid and clean-fid; `tests/data/make_inception.py` makes the file.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{LazyLock, Mutex};

use tch::{Device, Kind, Tensor};
use vq_model::{Inception, InceptionConfig, InceptionOutput, InceptionScale};

use crate::support::relative_error;

/// The script's `noise`.
fn noise(shape: &[i64], offset: i64) -> Tensor {
    let n = Tensor::arange_start(offset, offset + shape.iter().product::<i64>(), (Kind::Int64, Device::Cpu));
    let mixed = ((&n * &n).remainder(65521) * 31 + n * 17).remainder(65521);
    (mixed.to_kind(Kind::Double) / 65521.0 - 0.5).view(shape).to_kind(Kind::Float)
}

/// The script's `drawn`.
fn drawn(name: &str, key: i64, shape: &[i64]) -> Tensor {
    let draw = noise(shape, key * 1000);
    match name.rsplit('.').next() {
        Some("weight") if shape.len() > 1 => draw * (24.0 / shape[1..].iter().product::<i64>() as f64).sqrt(),
        Some("weight") => draw * 0.4 + 1.0,
        Some("running_var") => draw * 0.5 + 1.0,
        _ => draw * 0.2,
    }
}

fn golden() -> HashMap<String, Tensor> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/inception.safetensors");
    Tensor::read_safetensors(path).unwrap().into_iter().collect()
}

/// pytorch-fid's tensors, each drawn by the index of its name; drawn once, since they are 24 million numbers.
static WEIGHTS: LazyLock<Mutex<HashMap<String, Tensor>>> = LazyLock::new(|| {
    let draw = |(key, line): (usize, &str)| {
        let (name, shape) = line.split_once(' ').unwrap();
        let shape: Vec<i64> = shape.split(' ').map(|side| side.parse().unwrap()).collect();
        (name.to_owned(), drawn(name, key as i64, &shape))
    };
    include_str!("../data/inception.txt").lines().enumerate().map(draw).collect::<HashMap<_, _>>().into()
});

/// Shallow copies.
fn weights() -> HashMap<String, Tensor> {
    WEIGHTS.lock().unwrap().iter().map(|(name, tensor)| (name.clone(), tensor.shallow_clone())).collect()
}

fn inception(weights: HashMap<String, Tensor>, scale: InceptionScale) -> Result<Inception, String> {
    Inception::from_tensors(weights, "drawn", scale, Device::Cpu).map_err(|error| error.to_string())
}

#[test]
fn features_and_logits_equal_the_ports() {
    let golden = golden();
    let images = noise(&[2, 3, 40, 56], 7) * 2.0;
    let InceptionOutput { features, logits, unbiased_logits } =
        inception(weights(), InceptionScale::Original).unwrap().forward(&images).unwrap();
    for (ours, theirs) in [(&features, "features"), (&logits, "logits")] {
        let error = relative_error(ours, &golden[theirs]);
        assert!(error < 1e-5, "{theirs}: {error}");
        let worst = (ours - &golden[theirs]).abs().max().double_value(&[]);
        assert!(worst < 1e-4, "{theirs}: {worst}");
    }
    let bias = &weights()["fc.bias"];
    assert!(relative_error(&(unbiased_logits + bias), &golden["logits"]) < 1e-5);
    assert!(bias.abs().max().double_value(&[]) > 0.05, "a zero bias would not distinguish the logits");
    let symmetric = inception(weights(), InceptionScale::Symmetric).unwrap().forward(&images).unwrap().features;
    let worst = (&symmetric - &golden["symmetric"]).abs().max().double_value(&[]);
    assert!(worst < 1e-4, "{worst}");
    let apart = (symmetric - features).abs().max().double_value(&[]);
    assert!(apart > 1e-2, "the scales differ by {apart}");
}

#[test]
fn images_are_resized_as_by_pillow() {
    let inception = inception(weights(), InceptionScale::Symmetric).unwrap();
    for (height, width) in [(40, 56), (410, 320), (299, 77)] {
        let coarse = noise(&[1, 3, (height + 15) / 16, (width + 15) / 16], 5) * 3.0;
        let fine = coarse.repeat_interleave_self_int(16, 2, None).repeat_interleave_self_int(16, 3, None);
        let images = fine.narrow(2, 0, height).narrow(3, 0, width);
        let ours = inception.prepare(&images).unwrap().slice(2, None, None, 13).slice(3, None, None, 13);
        let worst = (ours - &golden()[&format!("{height}x{width}")]).abs().max().double_value(&[]);
        assert!(worst < 1e-6, "{height}x{width}: {worst}");
    }
    let exact = noise(&[1, 3, 299, 299], 3) * 2.0;
    assert!(inception.prepare(&exact).unwrap().equal(&exact.clamp(-1.0, 1.0)));
}

#[test]
fn features_of_an_image_do_not_depend_on_its_batch() {
    let inception = inception(weights(), InceptionScale::Original).unwrap();
    let images = noise(&[2, 3, 20, 20], 70) * 2.0;
    let features = |images: &Tensor| inception.forward(images).unwrap().features;
    let error = relative_error(&features(&images.narrow(0, 1, 1)), &features(&images).narrow(0, 1, 1));
    assert!(error < 1e-5, "{error}");
}

#[test]
fn names_equal_the_ports() {
    let ours = inception(weights(), InceptionScale::Original).unwrap().store().variables();
    let mut ours: Vec<String> = ours.into_keys().collect();
    ours.sort();
    let theirs: Vec<&str> =
        include_str!("../data/inception.txt").lines().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(ours, theirs);
}

#[test]
fn misfits_are_named() {
    let scale = InceptionScale::Original;
    let mut incomplete = weights();
    incomplete.remove("Mixed_7c.branch3x3_2b.bn.running_var");
    let error = inception(incomplete, scale).unwrap_err();
    assert_eq!(
        error,
        "Inception: expected tensor `Mixed_7c.branch3x3_2b.bn.running_var` [384] in drawn, got 471 others such as \
         `Conv2d_1a_3x3.bn.bias`"
    );
    // torchvision's own network has 1000 classes.
    let mut other = weights();
    other.insert("fc.weight".into(), Tensor::zeros([1000, 2048], (Kind::Float, Device::Cpu)));
    let error = inception(other, scale).unwrap_err();
    assert_eq!(error, "Inception: expected tensor `fc.weight` [1008, 2048] in drawn, got [1000, 2048]");
    let inception = inception(weights(), scale).unwrap();
    for shape in [[2, 1, 8, 8], [2, 3, 0, 8]] {
        let error = inception.forward(&Tensor::zeros(shape, (Kind::Float, Device::Cpu))).unwrap_err().to_string();
        assert_eq!(error, format!("Inception: expected shape [B, 3, H, W], got {shape:?}"));
    }
}

#[test]
fn a_file_with_another_hash_is_rejected() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("inception.safetensors");
    let open = |sha256: Option<&str>| {
        let config =
            InceptionConfig { file: file.clone(), sha256: sha256.map(str::to_owned), scale: Default::default() };
        Inception::open(&config, Device::Cpu)
    };
    let error = open(None).unwrap_err().to_string();
    assert!(error.starts_with(&format!("Inception: expected to read {}, got ", file.display())), "{error}");

    let tensors: Vec<(String, Tensor)> = weights().into_iter().collect();
    Tensor::write_safetensors(&tensors, &file).unwrap();
    let read = open(None).unwrap();
    let hash = read.sha256().unwrap().to_owned();
    assert!(hash.len() == 64 && hash.bytes().all(|digit| digit.is_ascii_hexdigit()), "{hash}");
    let image = noise(&[1, 3, 16, 16], 70);
    let features = |inception: &Inception| inception.forward(&image).unwrap().features;
    assert!(features(&read).equal(&features(&inception(weights(), InceptionScale::Original).unwrap())));
    open(Some(&hash.to_uppercase())).unwrap();

    let other = "0".repeat(64);
    let error = open(Some(&other)).unwrap_err().to_string();
    assert_eq!(error, format!("Inception: expected {} to have the SHA-256 {other}, got {hash}", file.display()));

    // A text with a known hash, which is not a safetensors file.
    std::fs::write(&file, "abc").unwrap();
    let hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    let error = open(Some(hash)).unwrap_err().to_string();
    assert!(error.starts_with(&format!("Inception: expected a safetensors file at {}", file.display())), "{error}");
}
