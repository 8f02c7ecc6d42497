//! The adversary against PyTorch; `tests/data/make_adversary.py` makes the file.

use std::collections::HashMap;
use std::path::Path;

use tch::{Device, Kind, Tensor, nn};
use vq_core::{Mode, Quantized};
use vq_model::{Discriminator, ModelError, Reconstruction};
use vq_train::{AdversarialConfig, Adversary, GanLoss, LecamConfig, LossConfig, R1Config};

pub(crate) fn golden() -> HashMap<String, Tensor> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/adversary.safetensors");
    Tensor::read_safetensors(path).unwrap().into_iter().collect()
}

/// The script's critic.
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

/// The adversary with the script's weights.
pub(crate) fn adversary(config: AdversarialConfig) -> Adversary {
    let store = nn::VarStore::new(Device::Cpu);
    let critic = Tiny::new(&store.root());
    let golden = golden();
    for (name, mut variable) in store.variables() {
        tch::no_grad(|| variable.copy_(&golden[&format!("critic.{name}")]));
    }
    Adversary::with(config, Box::new(critic), store).unwrap()
}

/// The script's generator, and what it is to be.
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

/// Largest difference, relative to the largest number of `theirs`.
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
fn a_generators_step_equals_pytorchs() {
    let golden = golden();
    for (kind, loss) in KINDS {
        // The first of four steps of the ramp.
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

/// Through the configured loss: the total and its gradient are those of the sum, codebook included.
#[test]
fn a_steps_losses_take_the_term_in() {
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
    let losses = losses.with_adversary(&term);
    losses.total.backward();

    let golden = golden();
    let squares = first.detach().square().sum(Kind::Float);
    assert_equal("total", &losses.total, &(&golden["hinge.generator.total"] + squares * 2.0));
    assert_equal("nll", &losses.reconstruction, &generator.nll.detach());
    assert_equal("first", &first.grad(), &(&golden["hinge.generator.first"] + first.detach() * 4.0));
    assert_equal("last", &last.grad(), &golden["hinge.generator.last"]);
}

#[test]
fn the_nll_that_was_given_can_be_minimized_as_well() {
    let adversary = adversary(AdversarialConfig { start: 6, ramp: 4, ..Default::default() });
    let Generator { first, last, fake, nll, .. } = Generator::new();
    let term = adversary.generator_term(7, &nll, &fake, &last).unwrap().unwrap();
    (nll + term.loss).backward();
    assert_equal("first", &first.grad(), &golden()["hinge.generator.first"]);
}

#[test]
fn a_fixed_weight_asks_for_no_gradients() {
    let adaptive = vq_train::AdaptiveWeight::Off;
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
fn a_critic_that_sees_nothing_raises_the_weight_to_its_bound() {
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
    // However long the other gradient is.
    let adversary = adversary(AdversarialConfig { start: 0, ..Default::default() });
    let _ = tch::no_grad(|| adversary.store().variables()["second.weight"].shallow_clone().zero_());
    let Generator { last, fake, nll, .. } = Generator::new();
    let term = adversary.generator_term(1, &(nll * 1e6), &fake, &last).unwrap().unwrap();
    assert_eq!(term.adaptive_weight.double_value(&[]) as f32, 8000.0);
}

#[test]
fn without_a_reconstruction_loss_the_weight_is_zero() {
    let adversary = adversary(AdversarialConfig { start: 0, ..Default::default() });
    // One that is constant, one whose slope is zero, and one that has nothing to do with the images.
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
fn what_is_not_on_the_graph_is_an_error() {
    let adversary = adversary(AdversarialConfig { start: 0, ..Default::default() });
    let Generator { last, fake, nll, .. } = Generator::new();
    let refused = |fake: &Tensor, last: &Tensor| adversary.generator_term(1, &nll, fake, last).unwrap_err().to_string();
    assert!(refused(&fake.detach(), &last).starts_with("libtorch: "));
    assert!(refused(&fake, &last.detach()).starts_with("libtorch: "));
    // And the discriminator learns still.
    assert!(adversary.store().trainable_variables().iter().all(Tensor::requires_grad));
}

#[test]
fn the_discriminators_steps_equal_pytorchs() {
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
fn gradients_reach_only_whom_they_should() {
    let r1 = Some(R1Config { gamma: 1.0, every: 1 });
    let mut adversary = adversary(AdversarialConfig { start: 0, r1, ..Default::default() });
    let generator = Generator::new();
    let Generator { first, last, fake, images, nll } = &generator;
    let term = adversary.generator_term(1, nll, fake, last).unwrap().unwrap();
    (term.nll + term.loss).backward();
    let variables = adversary.store().variables();
    assert!(variables.values().all(|variable| variable.requires_grad() && !variable.grad().defined()));

    let before = [first.grad().copy(), last.grad().copy()];
    // Not even if the caller forgets to detach.
    let term = adversary.discriminator_loss(1, images, fake).unwrap().unwrap();
    term.loss.backward();
    assert!(variables.values().all(|variable| variable.grad().defined()));
    assert!(first.grad().equal(&before[0]) && last.grad().equal(&before[1]));
    assert!(!images.requires_grad() && !images.grad().defined());
}
