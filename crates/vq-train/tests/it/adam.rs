//! Adam and the average of weights, compared with PyTorch; `tests/data/make_adam.py` makes the goldens.

use std::collections::HashMap;
use std::path::Path;

use tch::{Device, Kind, Tensor, nn};
use vq_experiment::AdamConfig;
use vq_train::{Adam, WeightAverage};

fn golden() -> HashMap<String, Tensor> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/adam.safetensors");
    Tensor::read_safetensors(path).unwrap().into_iter().collect()
}

fn close(ours: &Tensor, theirs: &Tensor, what: &str) {
    let error = ((ours - theirs) / (theirs.abs() + 1e-12)).abs().max().double_value(&[]);
    assert!(error < 1e-5, "{what} differs by {error}, relatively");
}

/// The `Bool` scalar by which a step is taken or skipped.
fn all_finite(value: bool) -> Tensor {
    Tensor::from(value)
}

/// Copies of all parameters and moments.
fn snapshot(store: &nn::VarStore, adam: &Adam) -> Vec<(String, Tensor)> {
    let mut all: Vec<_> = store.variables().into_iter().chain(adam.state()).collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all.into_iter().map(|(name, tensor)| (name, tensor.detach().copy())).collect()
}

fn check(kind: &str, config: AdamConfig) {
    let golden = golden();
    let store = nn::VarStore::new(Device::Cpu);
    let parameters = ["a", "b"].map(|name| (name, store.root().var_copy(name, &golden[&format!("{name}.start")])));
    let clips = config.clip.is_some();
    let mut adam = Adam::new(&store, config).unwrap();
    for step in 0..5 {
        // The gradient of this linear loss is the golden one.
        let terms = parameters
            .iter()
            .map(|(name, parameter)| (parameter * golden[&format!("{name}.gradients")].get(step)).sum(Kind::Float));
        let loss = terms.reduce(|sum, term| sum + term).unwrap();
        let gradient = adam.gradient(&loss).unwrap();
        if clips {
            close(&gradient.norm(), &golden["norms"].get(step), "norm");
        }
        adam.step(gradient, 0.01, &all_finite(true));
        // A skipped step in between changes nothing.
        let before = snapshot(&store, &adam);
        let nan = adam.gradient(&(parameters[0].1.sum(Kind::Float) * f64::NAN)).unwrap();
        adam.step(nan, 0.01, &all_finite(false));
        for ((name, before), (_, after)) in before.iter().zip(snapshot(&store, &adam)) {
            assert!(before.equal(&after), "{name} changed");
        }
    }
    let state: HashMap<String, Tensor> = adam.state().into_iter().collect();
    for (name, parameter) in &parameters {
        close(parameter, &golden[&format!("{kind}.{name}.end")], name);
        for moment in ["first", "second"] {
            close(&state[&format!("{moment}.{name}")], &golden[&format!("{kind}.{name}.{moment}")], moment);
        }
    }
    assert_eq!(adam.steps(), 5);
}

#[test]
fn parameters_and_moments_equal_those_of_pytorch() {
    let adam = AdamConfig { beta1: 0.5, beta2: 0.9, epsilon: 1e-8, ..AdamConfig::default() };
    check("adam", adam.clone());
    check("clipped", AdamConfig { clip: Some(1.5), ..adam });
}

#[test]
fn weight_decay_equals_adamw_of_pytorch() {
    let adamw = AdamConfig { beta1: 0.9, beta2: 0.999, epsilon: 1e-6, weight_decay: 0.3, clip: None };
    check("adamw", adamw);
}

#[test]
fn skipped_first_step_changes_nothing() {
    let store = nn::VarStore::new(Device::Cpu);
    let parameter = store.root().ones("a", &[3, 2]);
    let mut adam = Adam::new(&store, AdamConfig { weight_decay: 0.1, ..AdamConfig::default() }).unwrap();
    let mut average = WeightAverage::new(&adam, 0.9);
    let gradient = adam.gradient(&(parameter.sum(Kind::Float) * f64::INFINITY)).unwrap();
    adam.step(gradient, 0.1, &all_finite(false));
    average.update(&adam, &all_finite(false));
    let ones = Tensor::ones([3, 2], (Kind::Float, Device::Cpu));
    assert!(parameter.equal(&ones));
    assert!(average.state(&adam)[0].1.equal(&ones));
    assert!(adam.state().iter().all(|(_, moment)| moment.equal(&ones.zeros_like())));
    assert_eq!(adam.steps(), 0);
}

#[test]
fn parameter_without_gradient_is_unchanged() {
    let store = nn::VarStore::new(Device::Cpu);
    let used = store.root().ones("used", &[2]);
    let idle = store.root().ones("idle", &[2]);
    let mut adam = Adam::new(&store, AdamConfig::default()).unwrap();
    let gradient = adam.gradient(&used.sum(Kind::Float)).unwrap();
    adam.step(gradient, 0.1, &all_finite(true));
    assert!(idle.equal(&Tensor::ones([2], (Kind::Float, Device::Cpu))));
    assert!(used.double_value(&[0]) < 1.0);
}

#[test]
fn biases_norms_and_codes_do_not_decay() {
    let store = nn::VarStore::new(Device::Cpu);
    let root = store.root();
    let weight = root.ones("conv", &[2, 2, 3, 3]);
    let kept = [root.ones("bias", &[2]), (&root / "codebook").ones("weight", &[4, 2])];
    let mut adam = Adam::new(&store, AdamConfig { weight_decay: 0.5, ..AdamConfig::default() }).unwrap();
    // The gradient of this loss is zero.
    let gradient = adam.gradient(&(weight.sum(Kind::Float) * 0.0)).unwrap();
    adam.step(gradient, 0.1, &all_finite(true));
    assert!((weight.double_value(&[1, 1, 2, 2]) - 0.95).abs() < 1e-6);
    assert!(kept.iter().all(|parameter| parameter.equal(&parameter.ones_like())));
}

#[test]
fn weight_average_follows_its_decay_schedule() {
    let store = nn::VarStore::new(Device::Cpu);
    let parameter = store.root().zeros("a", &[1]);
    let mut adam = Adam::new(&store, AdamConfig::default()).unwrap();
    let mut average = WeightAverage::new(&adam, 0.5);
    let mut expected = 0.0;
    for step in 1..=12_u32 {
        let gradient = adam.gradient(&parameter.sum(Kind::Float)).unwrap();
        adam.step(gradient, 0.1, &all_finite(true));
        average.update(&adam, &all_finite(true));
        let step = f64::from(step);
        let decay = ((1.0 + step) / (10.0 + step)).min(0.5);
        expected = decay * expected + (1.0 - decay) * parameter.double_value(&[0]);
        let got = average.state(&adam)[0].1.double_value(&[0]);
        assert!((got - expected).abs() < 1e-6, "step {step}: expected {expected}, got {got}");
    }
}
