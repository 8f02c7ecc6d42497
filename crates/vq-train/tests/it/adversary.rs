//! The adversarial terms compared with PyTorch; `tests/data/make_adversary.py` makes the goldens.

use std::collections::HashMap;
use std::path::Path;

use tch::{Device, Kind, Tensor, nn};
use vq_core::{Mode, Quantized};
use vq_experiment::{AdaptiveWeight, AdversarialConfig, GanLoss, LecamConfig, LossConfig, R1Config};
use vq_model::{Discriminator, ModelError, Reconstruction};
use vq_pipeline::RngGuard;
use vq_train::Adversary;

pub(crate) fn golden() -> HashMap<String, Tensor> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/adversary.safetensors");
    Tensor::read_safetensors(path).unwrap().into_iter().collect()
}

/// The discriminator of the script.
#[derive(Debug)]
struct Tiny {
    first: nn::Conv2D,
    second: nn::Conv2D,
}

impl Tiny {
    fn new(path: &nn::Path) -> Self {
        let config = |stride| nn::ConvConfig { stride, padding: 1, ..Default::default() };
        Self {
            first: nn::conv2d(path / "first", 3, 4, 4, config(2)),
            second: nn::conv2d(path / "second", 4, 1, 3, config(1)),
        }
    }
}

impl Discriminator for Tiny {
    fn forward(&self, images: &Tensor, _: Mode) -> Result<Tensor, ModelError> {
        Ok(images.apply(&self.first).softplus().apply(&self.second))
    }
}

/// An adversary with the weights of the script.
pub(crate) fn adversary(config: AdversarialConfig) -> Adversary {
    let store = nn::VarStore::new(Device::Cpu);
    let guard = RngGuard::acquire();
    let discriminator = Tiny::new(&store.root());
    drop(guard);
    let golden = golden();
    for (name, mut variable) in store.variables() {
        tch::no_grad(|| variable.copy_(&golden[&format!("critic.{name}")]));
    }
    Adversary::with(config, Box::new(discriminator), store).unwrap()
}

/// The generator of the script: its two weights, its images, and the images that it is to reconstruct.
pub(crate) struct Generator {
    pub(crate) first: Tensor,
    pub(crate) last: Tensor,
    pub(crate) fake: Tensor,
    pub(crate) images: Tensor,
    pub(crate) nll: Tensor,
}

impl Generator {
    pub(crate) fn new() -> Self {
        let golden = golden();
        let leaf = |name: &str| golden[name].copy().set_requires_grad(true);
        let (first, last) = (leaf("generator.first"), leaf("generator.last"));
        let conv = |xs: &Tensor, weight: &Tensor| xs.conv2d(weight, None::<Tensor>, 1, 1, 1, 1);
        let fake = conv(&conv(&golden["hidden"], &first).silu(), &last);
        let images = golden["images"].shallow_clone();
        let error = &fake - &images;
        let nll = error.abs().mean(Kind::Float) + error.square().mean(Kind::Float) * 0.5;
        Self { first, last, fake, images, nll }
    }
}

/// The largest difference, relative to the largest absolute value of `theirs`.
fn error(ours: &Tensor, theirs: &Tensor) -> f64 {
    assert_eq!(ours.size(), theirs.size());
    (ours - theirs).abs().max().double_value(&[]) / theirs.abs().max().double_value(&[]).max(1e-12)
}

fn assert_equal(what: &str, ours: &Tensor, theirs: &Tensor) {
    let error = error(&ours.detach(), theirs);
    assert!(error < 1e-5, "{what} differs by {error}: {ours} {theirs}");
}

const KINDS: [(&str, GanLoss); 3] =
    [("hinge", GanLoss::Hinge), ("vanilla", GanLoss::Vanilla), ("non-saturating", GanLoss::NonSaturating)];

#[test]
fn generator_step_equals_pytorch() {
    let golden = golden();
    for (kind, loss) in KINDS {
        // Step 7 is the first of the four steps of the ramp.
        let adversary = adversary(AdversarialConfig { loss, start: 6, ramp: 4, ..Default::default() });
        let generator = Generator::new();
        let Generator { first, last, fake, nll, .. } = &generator;
        let term = adversary.generator_term(7, nll, fake, last).unwrap().unwrap();
        let check = |name: &str, ours: &Tensor| {
            assert_equal(&format!("{kind} {name}"), ours, &golden[&format!("{kind}.generator.{name}")]);
        };
        assert_eq!(term.factor, 0.25);
        check("gan", &term.gan);
        check("weight", &term.adaptive_weight);
        let total = &term.nll + &term.loss;
        check("total", &total);
        total.backward();
        check("first", &first.grad());
        check("last", &last.grad());
        assert!(!term.adaptive_weight.requires_grad() && !term.gan.requires_grad());
    }
}

/// The total and its gradient include the weighted codebook loss.
#[test]
fn step_total_includes_adversarial_term_and_codebook_loss() {
    let adversary = adversary(AdversarialConfig { start: 6, ramp: 4, ..Default::default() });
    let generator = Generator::new();
    let (indices, codes) = (Tensor::zeros([2, 1, 1], (Kind::Int64, Device::Cpu)), generator.fake.detach());
    let quantized = Quantized { codes, indices, loss: generator.first.square().sum(Kind::Float), live: None };
    let (images, latents) = (generator.fake.shallow_clone(), generator.fake.detach());
    let reconstruction = Reconstruction { images, latents, quantized };
    let config = LossConfig { l2: 0.5, codebook: 2.0, ..Default::default() };
    let losses = config.build(Device::Cpu).unwrap().losses(&reconstruction, &generator.images).unwrap();
    let Generator { first, last, fake, .. } = &generator;
    let term = adversary.generator_term(7, &losses.reconstruction, fake, last).unwrap().unwrap();
    let total = term.total(&losses);
    total.backward();

    let golden = golden();
    let squares = first.detach().square().sum(Kind::Float);
    assert_equal("total", &total, &(&golden["hinge.generator.total"] + squares * 2.0));
    assert_equal("nll", &term.nll, &generator.nll.detach());
    assert_equal("first", &first.grad(), &(&golden["hinge.generator.first"] + first.detach() * 4.0));
    assert_equal("last", &last.grad(), &golden["hinge.generator.last"]);
}

#[test]
fn original_nll_has_the_same_gradient() {
    let adversary = adversary(AdversarialConfig { start: 6, ramp: 4, ..Default::default() });
    let Generator { first, last, fake, nll, .. } = Generator::new();
    let term = adversary.generator_term(7, &nll, &fake, &last).unwrap().unwrap();
    (nll + term.loss).backward();
    assert_equal("first", &first.grad(), &golden()["hinge.generator.first"]);
}

#[test]
fn fixed_weight_reaches_generator_only() {
    let adaptive = AdaptiveWeight::Off;
    let adversary = adversary(AdversarialConfig { adaptive, weight: 0.5, start: 6, ramp: 4, ..Default::default() });
    let Generator { first, last, fake, nll, .. } = Generator::new();
    let term = adversary.generator_term(7, &nll, &fake, &last).unwrap().unwrap();
    assert_eq!(term.adaptive_weight.double_value(&[]), 0.5);
    assert_equal("loss", &term.loss, &(&golden()["hinge.generator.gan"] * 0.125));
    (&term.nll + &term.loss).backward();
    assert!(first.grad().defined() && last.grad().defined());
    assert!(adversary.store().variables().values().all(|variable| !variable.grad().defined()));
}

#[test]
fn adaptive_weight_of_blind_discriminator_is_bounded() {
    let golden = golden();
    for (kind, loss) in KINDS {
        let adversary = adversary(AdversarialConfig { loss, start: 0, ..Default::default() });
        let _ = tch::no_grad(|| adversary.store().variables()["second.weight"].shallow_clone().zero_());
        let Generator { first, last, fake, nll, .. } = Generator::new();
        let term = adversary.generator_term(1, &nll, &fake, &last).unwrap().unwrap();
        assert_equal(kind, &term.adaptive_weight, &golden[&format!("{kind}.blind.weight")]);
        let total = term.nll + term.loss;
        assert_equal(kind, &total, &golden[&format!("{kind}.blind.total")]);
        total.backward();
        assert_equal(kind, &first.grad(), &golden[&format!("{kind}.blind.first")]);
    }
    // A larger gradient of the reconstruction loss does not raise the weight further.
    let adversary = adversary(AdversarialConfig { start: 0, ..Default::default() });
    let _ = tch::no_grad(|| adversary.store().variables()["second.weight"].shallow_clone().zero_());
    let Generator { last, fake, nll, .. } = Generator::new();
    let term = adversary.generator_term(1, &(nll * 1e6), &fake, &last).unwrap().unwrap();
    assert_eq!(term.adaptive_weight.double_value(&[]) as f32, 8000.0);
}

#[test]
fn adaptive_weight_is_zero_without_reconstruction_gradient() {
    let adversary = adversary(AdversarialConfig { start: 0, ..Default::default() });
    // A constant, a loss whose gradient is zero, and a loss that does not depend on the images.
    for case in 0..3 {
        let Generator { first, last, fake, .. } = Generator::new();
        let nll = match case {
            0 => Tensor::from(1.5_f32),
            1 => &fake.sum(Kind::Float) * 0.0,
            _ => last.sum(Kind::Float),
        };
        let term = adversary.generator_term(1, &nll, &fake, &last).unwrap().unwrap();
        assert_eq!(term.adaptive_weight.double_value(&[]), 0.0);
        assert_eq!(term.nll.double_value(&[]), nll.double_value(&[]));
        (term.nll + term.loss).backward();
        assert_eq!(first.grad().abs().max().double_value(&[]), 0.0);
    }
}

#[test]
fn tensor_without_graph_is_an_error() {
    let adversary = adversary(AdversarialConfig { start: 0, ..Default::default() });
    let Generator { last, fake, nll, .. } = Generator::new();
    let refused = |fake: &Tensor, last: &Tensor| adversary.generator_term(1, &nll, fake, last).unwrap_err().to_string();
    assert!(refused(&fake.detach(), &last).starts_with("libtorch: "));
    assert!(refused(&fake, &last.detach()).starts_with("libtorch: "));
    // The discriminator is not left frozen.
    assert!(adversary.store().trainable_variables().iter().all(Tensor::requires_grad));
}

#[test]
fn discriminator_steps_equal_pytorch() {
    let golden = golden();
    for (kind, loss) in KINDS {
        let lecam = Some(LecamConfig { weight: 0.3, decay: 0.9, start: 0 });
        let r1 = Some(R1Config { gamma: 3.0, every: 2 });
        let mut adversary = adversary(AdversarialConfig { loss, lecam, r1, start: 0, ..Default::default() });
        let Generator { fake, images, .. } = Generator::new();
        for step in 1..=3 {
            let at = |name: &str| &golden[&format!("{kind}.discriminator.{step}.{name}")];
            let term = adversary.discriminator_loss(step, &images, &(&fake * step as f64)).unwrap().unwrap();
            assert_equal("loss", &term.loss, at("loss"));
            assert_equal("lecam", &term.lecam.unwrap(), at("lecam"));
            assert_eq!(term.r1.is_some(), step == 2);
            if let Some(r1) = term.r1 {
                assert_equal("r1", &r1, at("r1"));
            }
            term.loss.backward();
            for (name, mut variable) in adversary.store().variables() {
                assert_equal(&format!("{kind} {step} {name}"), &variable.grad(), at(&format!("critic.{name}")));
                variable.zero_grad();
            }
        }
    }
}

#[test]
fn each_side_trains_only_its_own_parameters() {
    let r1 = Some(R1Config { gamma: 1.0, every: 1 });
    let mut adversary = adversary(AdversarialConfig { start: 0, r1, ..Default::default() });
    let generator = Generator::new();
    let Generator { first, last, fake, images, nll } = &generator;
    let term = adversary.generator_term(1, nll, fake, last).unwrap().unwrap();
    (term.nll + term.loss).backward();
    let variables = adversary.store().variables();
    assert!(variables.values().all(|variable| variable.requires_grad() && !variable.grad().defined()));

    let before = [first.grad().copy(), last.grad().copy()];
    // The reconstruction is passed with its graph, and still gets no gradient.
    let term = adversary.discriminator_loss(1, images, fake).unwrap().unwrap();
    term.loss.backward();
    assert!(variables.values().all(|variable| variable.grad().defined()));
    assert!(first.grad().equal(&before[0]) && last.grad().equal(&before[1]));
    assert!(!images.requires_grad() && !images.grad().defined());
}
