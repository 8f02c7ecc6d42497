//! The options of the discriminator.

use vq_experiment::AdversarialConfig;

#[test]
fn ramp_of_the_weight_is_linear() {
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
fn option_out_of_range_is_named_by_its_key() {
    let refused = |text: &str| {
        let config: AdversarialConfig = toml::from_str(text).unwrap();
        config.check().unwrap_err().to_string()
    };
    assert_eq!(refused("weight = -1.0"), "config `adversarial.weight`: expected a finite number >= 0, got -1");
    assert_eq!(
        refused("start = 3\nwarmup = 4"),
        "config `adversarial.warmup`: expected at most `adversarial.start`, 3, got 4"
    );
    assert!(refused("learning_rate_factor = 0.0").contains("`adversarial.learning_rate_factor`"));
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
fn configuration_is_read_as_it_was_written() {
    let text = "weight = 0.5\nadaptive = \"off\"\nloss = \"non-saturating\"\nstart = 7\nramp = 2\nwarmup = 1\n\
                optimizer = { beta1 = 0.0 }\nlecam = { weight = 0.1 }\nr1 = { gamma = 2.0, every = 4 }";
    let config: AdversarialConfig = toml::from_str(text).unwrap();
    config.check().unwrap();
    assert_eq!(config, toml::from_str(&toml::to_string(&config).unwrap()).unwrap());
    let defaults: AdversarialConfig = toml::from_str("").unwrap();
    defaults.check().unwrap();
    assert_eq!((defaults.weight, defaults.start, defaults.lecam.is_none()), (0.8, 5000, true));
}
