//! Quantizers of an experiment: training, checkpoint, and use.

use tch::{Device, Kind, Tensor};
use tempfile::TempDir;
use vq_core::Mode;
use vq_experiment::Experiment;
use vq_pipeline::{Checkpoint, RngGuard, TokenizerState};

use crate::support::{StopAfter, begun, plain, tiny};

/// Trains an experiment, loads the tokenizer from its checkpoint, and compares groups, ids and reconstructions.
#[track_caller]
fn check(experiment: Experiment, slots: &[(&str, i64)]) {
    let folder = TempDir::new().unwrap();
    let run = folder.path().join("run");
    let outcome = begun(&run, experiment).train(&mut StopAfter(u64::MAX)).unwrap();
    assert!(outcome.validation.unwrap().image_metric("psnr").is_finite());
    let checkpoint = Checkpoint::open(&run.join("checkpoint.safetensors")).unwrap();
    let TokenizerState { tokenizer, .. } = TokenizerState::load(&checkpoint, Device::Cpu).unwrap();
    let found: Vec<(&str, i64)> =
        tokenizer.layout().slots.iter().map(|slot| (slot.group.as_str(), slot.codes.end - slot.codes.start)).collect();
    assert_eq!(found, slots);
    let guard = RngGuard::acquire();
    let images = Tensor::rand([2, 3, 16, 16], (Kind::Float, Device::Cpu)) * 2.0 - 1.0;
    drop(guard);
    let whole = tch::no_grad(|| tokenizer.reconstruct(&images, Mode::Eval)).unwrap();
    let ids = tokenizer.encode(&images).unwrap();
    assert!(ids.equal(&whole.quantized.indices));
    assert!(tokenizer.decode(&ids).unwrap().equal(&whole.images.clamp(-1.0, 1.0)));
}

fn learned(quantizer: &str) -> Experiment {
    plain(&["train.steps=2", &format!("quantizer={quantizer}")])
}

#[test]
fn learned_codebooks_are_trained() {
    check(learned("{ kind = \"ema\", codebook_size = 24, codebook_dim = 4, ema = { decay = 0.9 } }"), &[("code", 24)]);
    check(
        learned("{ kind = \"simvq\", codebook_size = 24, codebook_dim = 4, simvq = { bias = true } }"),
        &[("code", 24)],
    );
    check(learned("{ kind = \"ibq\", codebook_size = 24, codebook_dim = 4 }"), &[("code", 24)]);
}

#[test]
fn quantizers_without_codebook_are_trained() {
    check(learned("{ kind = \"fsq\", levels = [5, 4, 3] }"), &[("code", 60)]);
    check(learned("{ kind = \"lfq\", lfq = { bits = 6, bits_per_id = 6 } }"), &[("code", 64)]);
}

#[test]
fn codebooks_of_words_are_trained() {
    let words = |quantizer: &str| tiny(&["train.steps=2", "train.validate_every=100", quantizer]);
    let prior = "prior = { source = \"embedded\", max_adjectives = 20, max_nouns = 30 }";
    check(words(&format!("quantizer={{ kind = \"vqgan-lc\", {prior}, codebook_dim = 4 }}")), &[("code", 50)]);
    let both = [("adjective", 20), ("adjective", 20), ("noun", 30)];
    check(words("quantizer.transfer.edges={ kind = \"none\" }"), &both);
    check(words("quantizer.transfer.edges={ kind = \"random\", seed = 3 }"), &both);
    check(words("quantizer.transfer.features={ kind = \"random\", seed = 3 }"), &both);
    check(words("quantizer.word_groups=adjectives-only"), &both[..2]);
    check(words("quantizer.word_groups=single"), &[("word", 50)]);
    check(words("quantizer.prior.refinement=unit"), &both);
}
