//! When the adversarial terms begin, what is computed before, and what a checkpoint saves of an adversary.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tch::{Device, Kind, Tensor, nn};
use vq_core::Mode;
use vq_experiment::{AdversarialConfig, ConfigError, LecamConfig, R1Config};
use vq_model::{Discriminator, ModelError};
use vq_train::{Adversary, TrainError};

use crate::adversary::{Generator, adversary};

/// A discriminator that counts its forward passes.
#[derive(Debug)]
struct Counting {
    scale: Tensor,
    calls: Arc<AtomicU64>,
}

impl Discriminator for Counting {
    fn forward(&self, images: &Tensor, _: Mode) -> Result<Tensor, ModelError> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        Ok(images.mean_dim([1_i64, 2, 3].as_slice(), true, Kind::Float) * &self.scale)
    }
}

struct Counted {
    adversary: Adversary,
    calls: Arc<AtomicU64>,
}

fn counted(config: AdversarialConfig) -> Counted {
    let store = nn::VarStore::new(Device::Cpu);
    let calls = Arc::<AtomicU64>::default();
    let discriminator = Counting { scale: store.root().ones("scale", &[1]), calls: Arc::clone(&calls) };
    Counted { adversary: Adversary::with(config, Box::new(discriminator), store).unwrap(), calls }
}

#[test]
fn discriminator_does_not_run_before_its_start() {
    let config = AdversarialConfig { start: 5, warmup: 2, ..Default::default() };
    let Counted { mut adversary, calls } = counted(config);
    for step in 1..=7 {
        let Generator { last, fake, images, nll, .. } = Generator::new();
        let generator = adversary.generator_term(step, &nll, &fake, &last).unwrap();
        assert_eq!(calls.swap(0, Ordering::Relaxed), u64::from(step > 5), "step {step}");
        assert_eq!(generator.is_some(), step > 5, "step {step}");
        let discriminator = adversary.discriminator_loss(step, &images, &fake).unwrap();
        assert_eq!(calls.swap(0, Ordering::Relaxed), if step > 3 { 2 } else { 0 }, "step {step}");
        assert_eq!(discriminator.is_some(), step > 3, "step {step}");
    }
}

#[test]
fn weight_of_zero_trains_only_the_discriminator() {
    let Counted { mut adversary, calls } = counted(AdversarialConfig { weight: 0.0, start: 0, ..Default::default() });
    let Generator { last, fake, images, nll, .. } = Generator::new();
    assert!(adversary.generator_term(1, &nll, &fake, &last).unwrap().is_none());
    assert_eq!(calls.swap(0, Ordering::Relaxed), 0);
    assert!(adversary.discriminator_loss(1, &images, &fake).unwrap().is_some());
}

#[test]
fn lecam_and_r1_follow_their_own_schedules() {
    let lecam = Some(LecamConfig { start: 4, ..Default::default() });
    let r1 = Some(R1Config { gamma: 1.0, every: 3 });
    let mut adversary = adversary(AdversarialConfig { start: 0, lecam, r1, ..Default::default() });
    let Generator { fake, images, .. } = Generator::new();
    for step in 1..=6 {
        let term = adversary.discriminator_loss(step, &images, &fake).unwrap().unwrap();
        assert_eq!(term.lecam.is_some(), step > 4, "step {step}");
        assert_eq!(term.r1.is_some(), step % 3 == 0, "step {step}");
    }
}

/// Saved before and after the averages of LeCAM begin.
#[test]
fn restored_adversary_equals_saved_one() {
    let config = || AdversarialConfig {
        start: 0,
        lecam: Some(LecamConfig { weight: 0.5, decay: 0.5, start: 1 }),
        ..Default::default()
    };
    let Generator { fake, images, .. } = Generator::new();
    for saved_after in [1, 2] {
        let mut one = adversary(config());
        for step in 1..=saved_after {
            one.discriminator_loss(step, &images, &(&fake * step as f64)).unwrap();
        }
        let state: HashMap<String, Tensor> = one.state().into_iter().map(|(name, t)| (name, t.copy())).collect();
        let mut names: Vec<&str> = state.keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(
            names,
            [
                "discriminator.first.bias",
                "discriminator.first.weight",
                "discriminator.second.bias",
                "discriminator.second.weight",
                "lecam.begun",
                "lecam.fake",
                "lecam.real"
            ]
        );
        let mut other = adversary(config());
        other.discriminator_loss(2, &images, &(&images * 3.0)).unwrap(); // other averages, which are overwritten
        for mut variable in other.store().trainable_variables() {
            let _ = tch::no_grad(|| variable.zero_());
        }
        let find = |name: &str, shape: &[i64]| {
            let tensor = state[name].shallow_clone();
            assert_eq!(tensor.size(), shape);
            Ok(tensor)
        };
        other.restore(find).unwrap();
        let next = |adversary: &mut Adversary| {
            let term = adversary.discriminator_loss(3, &images, &(&fake * 7.0)).unwrap().unwrap();
            [term.loss.double_value(&[]), term.lecam.unwrap().double_value(&[])]
        };
        assert_eq!(next(&mut other), next(&mut one));
    }
}

/// The optimizer skips such a step; the averages must skip it too.
#[test]
fn step_that_is_not_finite_does_not_change_the_averages() {
    let lecam = LecamConfig { weight: 0.5, decay: 0.5, start: 0 };
    let config = || AdversarialConfig { start: 0, lecam: Some(lecam.clone()), ..Default::default() };
    let Generator { fake, images, .. } = Generator::new();
    let run = |broken_at: u64| {
        let (mut adversary, mut last) = (adversary(config()), None);
        for step in 1..=3 {
            if step == broken_at {
                adversary.discriminator_loss(step, &images, &(&fake * f64::NAN)).unwrap();
            } else {
                last = adversary.discriminator_loss(step, &images, &fake).unwrap();
            }
        }
        last.unwrap().loss.double_value(&[])
    };
    let (whole, first, second) = (run(0), run(1), run(2));
    assert!(whole.is_finite());
    assert_eq!([first, second], [whole; 2]);
}

#[test]
fn missing_tensor_of_a_checkpoint_is_an_error() {
    let mut adversary = adversary(AdversarialConfig { lecam: Some(LecamConfig::default()), ..Default::default() });
    let state: HashMap<String, Tensor> = adversary.state().into_iter().collect();
    for missing in ["discriminator.first.bias", "lecam.real"] {
        let find = |name: &str, _: &[i64]| match name == missing {
            true => Err(TrainError::from(ConfigError::value("missing", name, "none"))),
            false => Ok(state[name].copy()),
        };
        let error = adversary.restore(find).unwrap_err().to_string();
        assert!(error.contains(missing), "{error}");
    }
}
