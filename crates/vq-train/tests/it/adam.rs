//! Against PyTorch's Adam; `tests/data/make_adam.py` makes the file.

use std::collections::HashMap;
use std::path::Path;

use tch::{Device, Kind, Tensor, nn};
use vq_train::{Adam, AdamConfig};

fn golden() -> HashMap<String, Tensor> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/adam.safetensors");
    Tensor::read_safetensors(path).unwrap().into_iter().collect()
}

fn close(ours: &Tensor, theirs: &Tensor, what: &str) {
    let error = ((ours - theirs) / (theirs.abs() + 1e-12)).abs().max().double_value(&[]);
    assert!(error < 1e-5, "{what} differs by {error}, relatively");
}

#[test]
fn parameters_and_moments_equal_pytorchs() {
    let golden = golden();
    let store = nn::VarStore::new(Device::Cpu);
    let parameters = ["a", "b"].map(|name| (name, store.root().var_copy(name, &golden[&format!("{name}.start")])));
    let mut adam = Adam::new(&store, AdamConfig { beta1: 0.5, beta2: 0.9, epsilon: 1e-8 });
    for step in 0..5 {
        adam.zero_grad();
        // A linear loss has the wanted gradient.
        let terms = parameters
            .iter()
            .map(|(name, parameter)| (parameter * golden[&format!("{name}.gradients")].get(step)).sum(Kind::Float));
        terms.reduce(|sum, term| sum + term).unwrap().backward();
        adam.step(0.01);
    }
    let state: HashMap<String, Tensor> = adam.state().into_iter().collect();
    for (name, parameter) in &parameters {
        close(parameter, &golden[&format!("{name}.end")], name);
        for moment in ["first", "second"] {
            close(&state[&format!("{moment}.{name}")], &golden[&format!("{name}.{moment}")], moment);
        }
    }
    assert_eq!(adam.steps(), 5);
}

#[test]
fn a_parameter_without_a_gradient_stays() {
    let store = nn::VarStore::new(Device::Cpu);
    let used = store.root().ones("used", &[2]);
    let idle = store.root().ones("idle", &[2]);
    let mut adam = Adam::new(&store, AdamConfig::default());
    used.sum(Kind::Float).backward();
    adam.step(0.1);
    assert!(idle.equal(&Tensor::ones([2], (Kind::Float, Device::Cpu))));
    assert!(used.double_value(&[0]) < 1.0);
}
