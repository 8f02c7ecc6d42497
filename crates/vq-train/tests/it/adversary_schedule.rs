//! When the adversary counts, what is computed until then, and what a checkpoint holds of it.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tch::{Device, Kind, Tensor, nn};
use vq_core::Mode;
use vq_model::{Discriminator, ModelError};
use vq_train::{AdversarialConfig, Adversary, LecamConfig, R1Config, TrainError};

use crate::adversary::{Generator, adversary};

/// Counts how often it is asked.
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
    let critic = Counting { scale: store.root().ones("scale", &[1]), calls: Arc::clone(&calls) };
    Counted { adversary: Adversary::with(config, Box::new(critic), store).unwrap(), calls }
}

#[test]
fn nothing_runs_before_it_counts() {
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
fn a_weight_of_zero_trains_the_discriminator_alone() {
    let Counted { mut adversary, calls } = counted(AdversarialConfig { weight: 0.0, start: 0, ..Default::default() });
    let Generator { last, fake, images, nll, .. } = Generator::new();
    assert!(adversary.generator_term(1, &nll, &fake, &last).unwrap().is_none());
    assert_eq!(calls.swap(0, Ordering::Relaxed), 0);
    assert!(adversary.discriminator_loss(1, &images, &fake).unwrap().is_some());
}

#[test]
fn the_ramp_is_linear() {
    let factors = |start, ramp| {
        let config = AdversarialConfig { start, ramp, ..Default::default() };
        (1..=8).map(|step| config.factor(step)).collect::<Vec<_>>()
    };
    assert_eq!(factors(2, 4), [0.0, 0.0, 0.25, 0.5, 0.75, 1.0, 1.0, 1.0]);
    assert_eq!(factors(2, 1), [0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]);
    assert_eq!(factors(2, 0), factors(2, 1));
    assert_eq!(factors(0, 0), [1.0; 8]);
}

#[test]
fn lecam_waits_for_its_own_start_and_r1_for_its_turn() {
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

/// A restored adversary goes on as the one that was saved, before LeCAM's averages begin and after.
#[test]
fn a_restored_adversary_goes_on_the_same() {
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
        other.discriminator_loss(2, &images, &(&images * 3.0)).unwrap(); // averages of its own, to be forgotten
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

/// The optimizer skips such a step, and the averages do too.
#[test]
fn a_step_that_is_no_number_leaves_the_averages_alone() {
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
fn what_a_checkpoint_lacks_is_an_error() {
    let mut adversary = adversary(AdversarialConfig { lecam: Some(LecamConfig::default()), ..Default::default() });
    let state: HashMap<String, Tensor> = adversary.state().into_iter().collect();
    for missing in ["discriminator.first.bias", "lecam.real"] {
        let find = |name: &str, _: &[i64]| match name == missing {
            true => Err(TrainError::Option { key: "lacks", expected: name.into(), got: "none".into() }),
            false => Ok(state[name].copy()),
        };
        let error = adversary.restore(find).unwrap_err().to_string();
        assert!(error.contains(missing), "{error}");
    }
}

#[test]
fn options_out_of_range_name_their_key() {
    let refused = |text: &str| {
        let config: AdversarialConfig = toml::from_str(text).unwrap();
        config.check().unwrap_err().to_string()
    };
    assert_eq!(refused("weight = -1.0"), "config `adversarial.weight`: expected a finite number >= 0, got -1");
    assert_eq!(
        refused("start = 3\nwarmup = 4"),
        "config `adversarial.warmup`: expected at most `adversarial.start`, 3, got 4"
    );
    assert!(refused("learning_rate_share = 0.0").contains("`adversarial.learning_rate_share`"));
    for option in ["beta1 = 1.0", "beta2 = 1.0", "epsilon = 0.0", "weight_decay = -1.0", "clip = 0.0"] {
        let key = option.split(' ').next().unwrap();
        let error = refused(&format!("optimizer = {{ {option} }}"));
        assert!(error.starts_with(&format!("config `adversarial.optimizer.{key}`: ")), "{error}");
    }
    assert!(refused("lecam = { weight = inf }").contains("`adversarial.lecam.weight`"));
    assert!(refused("lecam = { decay = 1.0 }").contains("`adversarial.lecam.decay`"));
    assert!(refused("r1 = { gamma = -1.0 }").contains("`adversarial.r1.gamma`"));
    assert!(refused("r1 = { every = 0 }").contains("`adversarial.r1.every`"));
    assert!(toml::from_str::<AdversarialConfig>("wait = 3").unwrap_err().to_string().contains("unknown field `wait`"));
}

#[test]
fn a_configuration_is_written_as_it_is_read() {
    let text = "weight = 0.5\nadaptive = \"off\"\nloss = \"non-saturating\"\nstart = 7\nramp = 2\nwarmup = 1\n\
                optimizer = { beta1 = 0.0 }\nlecam = { weight = 0.1 }\nr1 = { gamma = 2.0, every = 4 }";
    let config: AdversarialConfig = toml::from_str(text).unwrap();
    config.check().unwrap();
    assert_eq!(config, toml::from_str(&toml::to_string(&config).unwrap()).unwrap());
    let defaults: AdversarialConfig = toml::from_str("").unwrap();
    defaults.check().unwrap();
    assert_eq!((defaults.weight, defaults.start, defaults.lecam.is_none()), (0.8, 5000, true));
}
