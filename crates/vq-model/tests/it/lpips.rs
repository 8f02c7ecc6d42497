//! LPIPS against the lpips package; `tests/data/make_lpips.py` makes the file.

use std::collections::HashMap;
use std::path::Path;
use std::sync::LazyLock;

use tch::{Device, Kind, Tensor};
use vq_model::Lpips;

const CHANNELS: [i64; 5] = [64, 128, 256, 512, 512];
const INDICES: [&[i64]; 5] = [&[0, 2], &[5, 7], &[10, 12, 14], &[17, 19, 21], &[24, 26, 28]];

/// The script's `noise`.
fn noise(shape: &[i64], offset: i64) -> Tensor {
    let n = Tensor::arange_start(offset, offset + shape.iter().product::<i64>(), (Kind::Int64, Device::Cpu));
    let mixed = ((&n * &n).remainder(65521) * 31 + n * 17).remainder(65521);
    (mixed.to_kind(Kind::Double) / 65521.0 - 0.5).view(shape).to_kind(Kind::Float)
}

/// The script's weights, under the names of torchvision and of the lpips package's file.
fn weights() -> HashMap<String, Tensor> {
    let mut weights = HashMap::new();
    let mut inputs = 3;
    for (stage, (indices, outputs)) in INDICES.into_iter().zip(CHANNELS).enumerate() {
        for index in indices {
            let spread = (24.0 / (inputs * 9) as f64).sqrt();
            let weight = noise(&[outputs, inputs, 3, 3], index * 1000) * spread;
            weights.insert(format!("features.{index}.weight"), weight);
            weights.insert(format!("features.{index}.bias"), noise(&[outputs], index * 1000 + 500) * 0.1);
            inputs = outputs;
        }
        let linear = noise(&[1, outputs, 1, 1], 40000 + stage as i64 * 1000) + 0.5;
        weights.insert(format!("lin{stage}.model.1.weight"), linear);
    }
    weights
}

/// Drawn once, since they are 15 million numbers.
static WEIGHTS: LazyLock<std::sync::Mutex<HashMap<String, Tensor>>> = LazyLock::new(|| weights().into());

/// Shallow copies.
fn shared_weights() -> HashMap<String, Tensor> {
    WEIGHTS.lock().unwrap().iter().map(|(name, tensor)| (name.clone(), tensor.shallow_clone())).collect()
}

fn lpips(weights: HashMap<String, Tensor>) -> Result<Lpips, String> {
    Lpips::from_tensors(weights, "drawn", Device::Cpu).map_err(|error| error.to_string())
}

fn images() -> Tensor {
    noise(&[2, 3, 32, 20], 3) * 2.0
}

#[test]
fn distance_and_gradient_equal_the_packages() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/lpips.safetensors");
    let golden: HashMap<_, _> = Tensor::read_safetensors(path).unwrap().into_iter().collect();
    let lpips = lpips(shared_weights()).unwrap();
    let images = images().set_requires_grad(true);
    let references = images.detach() * 0.7 + noise(&[2, 3, 32, 20], 9000) * 0.5;
    let distance = lpips.distance(&images, &references).unwrap();
    distance.sum(Kind::Float).backward();

    let error = ((distance.detach() - &golden["distance"]) / &golden["distance"]).abs().max().double_value(&[]);
    assert!(error < 1e-4, "the distance differs by {error}");
    let theirs = &golden["gradient"];
    let error = (images.grad() - theirs).norm().double_value(&[]) / theirs.norm().double_value(&[]);
    assert!(error < 1e-4, "the gradient differs by {error}");
    let own = lpips.store().variables();
    assert!(own.values().all(|tensor| !tensor.requires_grad() && !tensor.grad().defined()));
}

#[test]
fn the_distance_of_an_image_from_itself_is_zero_with_a_finite_gradient() {
    let lpips = lpips(shared_weights()).unwrap();
    // A white image has equal features at all positions, and after ReLU some features that are zero.
    for images in [images(), Tensor::ones([1, 3, 16, 16], (Kind::Float, Device::Cpu))] {
        let images = images.set_requires_grad(true);
        let distance = lpips.distance(&images, &images.detach()).unwrap();
        assert_eq!(distance.abs().max().double_value(&[]), 0.0);
        distance.sum(Kind::Float).backward();
        assert_eq!(images.grad().abs().max().double_value(&[]), 0.0);
    }
}

#[test]
fn names_equal_torchvisions_and_the_packages() {
    let ours = lpips(shared_weights()).unwrap().store().variables();
    let mut ours: Vec<String> = ours.into_keys().collect();
    let mut theirs: Vec<String> = shared_weights().into_keys().collect();
    ours.sort();
    theirs.sort();
    assert_eq!(ours, theirs);
}

#[test]
fn the_state_of_the_package_is_read_too() {
    let slice = |name: &str| -> String {
        let Some(rest) = name.strip_prefix("features.") else { return name.replace(".model.1", "") };
        let index: i64 = rest.split('.').next().unwrap().parse().unwrap();
        let stage = INDICES.iter().position(|indices| indices.contains(&index)).unwrap() + 1;
        format!("net.slice{stage}.{rest}")
    };
    let renamed = shared_weights().into_iter().map(|(name, tensor)| (slice(&name), tensor)).collect();
    let (ours, renamed) = (lpips(shared_weights()).unwrap(), lpips(renamed).unwrap());
    let distance = |lpips: &Lpips| lpips.distance(&images(), &(images() * 0.5)).unwrap();
    assert!(distance(&ours).equal(&distance(&renamed)));
}

#[test]
fn misfits_are_named() {
    let without = |name: &str| shared_weights().into_iter().filter(|(other, _)| other != name).collect();
    let error = lpips(without("features.12.bias")).unwrap_err();
    assert_eq!(
        error,
        "Lpips: expected tensor `features.12.bias` or `net.slice3.12.bias` [256] in drawn, got 30 others such as \
         `features.0.bias`"
    );
    let error = lpips(without("lin3.model.1.weight")).unwrap_err();
    assert!(error.contains("`lin3.model.1.weight` or `lin3.weight` [1, 512, 1, 1]"), "{error}");
    let mut misfit: HashMap<_, _> = shared_weights();
    misfit.insert("features.2.weight".into(), Tensor::zeros([64, 64, 5, 5], (Kind::Float, Device::Cpu)));
    let error = lpips(misfit).unwrap_err();
    assert_eq!(error, "Lpips: expected tensor `features.2.weight` [64, 64, 3, 3] in drawn, got [64, 64, 5, 5]");
    let error = lpips(HashMap::new()).unwrap_err();
    assert!(error.contains("`features.0.weight`") && error.ends_with("got no tensor"), "{error}");
}

#[test]
fn files_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("vgg.safetensors");
    let error = Lpips::open(&[&missing], Device::Cpu).unwrap_err().to_string();
    assert!(error.starts_with(&format!("Lpips: expected a safetensors file at {}, got", missing.display())));
    assert!(!error.contains('\n'), "{error}");

    // Of two files, the second has precedence, and a tensor that it lacks is looked for in both.
    let (first, second) = (folder.path().join("a.safetensors"), folder.path().join("b.safetensors"));
    let tensor = |side| Tensor::zeros([64, 3, side, side], (Kind::Float, Device::Cpu));
    Tensor::write_safetensors(&[("features.0.weight", tensor(5))], &first).unwrap();
    Tensor::write_safetensors(&[("features.0.weight", tensor(3))], &second).unwrap();
    let error = Lpips::open(&[&first, &second], Device::Cpu).unwrap_err().to_string();
    assert!(error.contains("a.safetensors, ") && error.contains("`features.0.bias`"), "{error}");
    let error = Lpips::open(&[&second, &first], Device::Cpu).unwrap_err().to_string();
    assert!(error.ends_with("a.safetensors, got [64, 3, 5, 5]"), "{error}");
}

#[test]
fn invalid_images_are_rejected() {
    let lpips = lpips(shared_weights()).unwrap();
    let rejected = |images: &Tensor, references: &Tensor| lpips.distance(images, references).unwrap_err().to_string();
    let small = images().narrow(3, 0, 15);
    let error = rejected(&small, &small);
    assert!(error.contains("H, W >= 16") && error.ends_with("got [2, 3, 32, 15]"), "{error}");
    let error = rejected(&images(), &images().narrow(0, 0, 1));
    assert!(error.contains("images [2, 3, 32, 20]") && error.ends_with("got [1, 3, 32, 20]"), "{error}");
    assert!(rejected(&images().narrow(1, 0, 1), &images()).contains("Lpips::distance"));
}
