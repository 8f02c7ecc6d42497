//! Tests that draw initial weights. They are not in `tests/it`, whose tests train and share libtorch's generator.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use tch::{Device, Kind, Tensor};
use vq_experiment::AdversarialConfig;
use vq_model::Precision;

use crate::Adversary;

/// Each network with all options: both sides have finite gradients.
#[test]
fn configured_discriminators_can_be_trained() {
    for kind in ["patch", "spectral"] {
        let text = format!(
            "start = 0\nloss = \"non-saturating\"\ndiscriminator = {{ kind = \"{kind}\", layers = 2, filters = 4 }}\n\
             lecam = {{ weight = 0.1 }}\nr1 = {{ gamma = 1.0, every = 1 }}"
        );
        let config: AdversarialConfig = toml::from_str(&text).unwrap();
        let mut adversary = Adversary::new(config, Device::Cpu, Precision::default()).unwrap();
        let last = Tensor::randn([3, 4, 3, 3], (Kind::Float, Device::Cpu)).set_requires_grad(true);
        let images = Tensor::rand([2, 3, 32, 32], (Kind::Float, Device::Cpu)) * 2.0 - 1.0;
        let hidden = Tensor::rand([2, 4, 32, 32], (Kind::Float, Device::Cpu));
        let fake = hidden.conv2d(&last, None::<Tensor>, 1, 1, 1, 1);
        let nll = (&fake - &images).abs().mean(Kind::Float);
        let term = adversary.generator_term(1, &nll, &fake, &last).unwrap().unwrap();
        (term.nll + term.loss).backward();
        let length = |tensor: &Tensor| tensor.grad().norm().double_value(&[]);
        assert!(length(&last) > 0.0 && length(&last).is_finite(), "{kind}");
        assert!(term.adaptive_weight.double_value(&[]) > 0.0, "{kind}");
        let term = adversary.discriminator_loss(1, &images, &fake).unwrap().unwrap();
        assert!(term.r1.unwrap().double_value(&[]) > 0.0, "{kind}");
        term.loss.backward();
        for variable in adversary.store().trainable_variables() {
            assert!(variable.grad().defined() && length(&variable).is_finite(), "{kind}");
        }
        // The state includes buffers.
        assert_eq!(adversary.state().len(), adversary.store().variables().len() + 3);
    }
    let odd: AdversarialConfig = toml::from_str("discriminator = { kind = \"patch\", layers = 0 }").unwrap();
    let error = Adversary::new(odd, Device::Cpu, Precision::default()).unwrap_err().to_string();
    assert!(error.contains("`layers` in 1..=8"), "{error}");
}
