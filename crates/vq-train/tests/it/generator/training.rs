//! Training of generators of each condition and order, resumed runs, and codes of words.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use tch::Tensor;
use tempfile::TempDir;
use vq_pipeline::{Conditioner, ImageTokens};
use vq_run::{Record, RunDir};
use vq_train::{GeneratorPlan, GeneratorRun};

use super::{begun, experiment, from_stores, open, segmentation_condition, stores, tokenizer, train};
use crate::support::{StopAfter, assert_equal, records};

/// The log without what depends on the clock.
fn timeless_records(run: &Path) -> Vec<String> {
    let timeless = |record| match record {
        Record::Train { step, loss, learning_rate, gradient_norm, terms, .. } => {
            format!("{step} {loss} {learning_rate} {gradient_norm:?} {terms:?}")
        }
        other => format!("{other:?}"),
    };
    records(run).into_iter().map(timeless).collect()
}

/// Each condition, autoregressive and masked, from stores and from images.
#[test]
fn generator_of_each_condition_and_order_is_trained() {
    let folder = TempDir::new().unwrap();
    let run = tokenizer(folder.path(), "tokenizer", &[]);
    let maps = tokenizer(folder.path(), "maps", &["data.show=segmentations"]);
    let stores = from_stores(&stores(folder.path(), &run, Some(&maps)));
    let segmentation = segmentation_condition(&maps);
    let conditions = [
        "condition={ kind = \"none\" }",
        "condition={ kind = \"class\" }",
        "condition={ kind = \"text\", max_tokens = 20 }",
        &segmentation,
    ];
    for (number, condition) in conditions.into_iter().enumerate() {
        let path = |name: &str| folder.path().join(format!("{name}-{number}"));
        let outcome = train(experiment(&run, &[&stores, condition]), &path("autoregressive"));
        assert_eq!(timeless_records(&path("autoregressive")).len(), 7, "six steps and a validation");
        let page = std::fs::read_to_string(path("autoregressive").join("report.html")).unwrap();
        assert!(page.contains("Samples") && page.contains("Perplexity") && !page.contains("Reconstructions"));
        let nats = outcome.validation.unwrap().nats_per_id;
        assert!(nats > 0.0 && nats < 24_f64.ln() + 0.5, "{condition}: {nats}");
        let masked =
            experiment(&run, &[&stores, condition, "generator.order={ kind = \"masked\" }", "train.ema_decay=0.9"]);
        assert!(train(masked, &path("masked")).validation.unwrap().nats_per_id.is_finite());
        if number != 1 {
            // Classes must be listed without a store. Without augmentation, images have the ids of the store, in the
            // same order.
            train(experiment(&run, &[condition]), &path("images"));
            assert_eq!(timeless_records(&path("images")), timeless_records(&path("autoregressive")), "{condition}");
        }
    }
}

#[test]
fn classes_of_a_store_are_numbered_in_alphabetical_order() {
    let folder = TempDir::new().unwrap();
    let run = tokenizer(folder.path(), "tokenizer", &[]);
    let stores = from_stores(&stores(folder.path(), &run, None));
    let plan = GeneratorPlan::new(experiment(&run, &[&stores, "condition={ kind = \"class\" }"])).unwrap();
    let Conditioner::Class(classes) = &plan.conditioner else { panic!("another condition") };
    let names = classes.names();
    assert!(names.len() >= 2 && names.is_sorted_by(|one, next| one < next), "{names:?}");
    assert_eq!(plan.setup.classes, names);
}

#[test]
fn resumed_run_equals_uninterrupted_run() {
    let folder = TempDir::new().unwrap();
    let run = tokenizer(folder.path(), "tokenizer", &[]);
    let stores = from_stores(&stores(folder.path(), &run, None));
    let experiment = || {
        let more = ["train.ema_decay=0.9", "train.accumulate=2", "generator.order={ kind = \"masked\" }"];
        let text = "condition={ kind = \"text\", max_tokens = 20 }";
        experiment(&run, &[&[stores.as_str(), text], &more[..]].concat())
    };
    let (whole, cut) = (folder.path().join("whole"), folder.path().join("cut"));
    train(experiment(), &whole);
    let outcome = begun(experiment(), &cut).train(&mut StopAfter(3)).unwrap();
    assert_eq!((outcome.step, outcome.validation.is_none()), (3, true));
    let mut resumed = GeneratorRun::resume(RunDir::existing(&cut)).unwrap();
    assert_eq!(resumed.steps_taken(), 3);
    resumed.train(&mut StopAfter(u64::MAX)).unwrap();
    assert_eq!(timeless_records(&cut), timeless_records(&whole));
    assert_equal(&cut.join("checkpoint.safetensors"), &whole.join("checkpoint.safetensors"));
}

/// What reads checkpoints beside a run, in the same process, draws initial parameters too: the run does not change.
#[test]
fn opened_models_do_not_change_a_run_beside() {
    let folder = TempDir::new().unwrap();
    let run = tokenizer(folder.path(), "tokenizer", &[]);
    let stores = from_stores(&stores(folder.path(), &run, None));
    let path = |name: &str| folder.path().join(name);
    let trained = |name: &str| {
        train(experiment(&run, &[&stores, "train.steps=40", "train.validate_every=40"]), &path(name));
    };
    trained("alone");
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                open(&path("alone"));
            }
        });
        let beside = std::panic::catch_unwind(|| trained("beside"));
        done.store(true, Ordering::Relaxed);
        beside.unwrap();
    });
    assert_eq!(timeless_records(&path("beside")), timeless_records(&path("alone")));
}

/// Codes of words, two adjectives and a noun, and codes of plain VQ: ids are embedded by them, and the generator can be
/// opened.
#[test]
fn ids_are_embedded_by_the_codes_of_their_tokenizer() {
    let folder = TempDir::new().unwrap();
    let words = "quantizer={ kind = \"vqct\", prior = { source = \"embedded\", max_adjectives = 12, max_nouns = 9 }, \
                 codebook_dim = 4 }";
    for (name, quantizer, codes) in [("words", words, &[[12, 8], [12, 8], [9, 8]][..]), ("plain", "seed=1", &[[24, 4]])]
    {
        let folder = folder.path().join(name);
        std::fs::create_dir(&folder).unwrap();
        let run = tokenizer(&folder, "tokenizer", &[quantizer]);
        let trained = folder.join("generator");
        train(experiment(&run, &["generator.ids=codes"]), &trained);
        let generator = open(&trained);
        let tokens: &ImageTokens = &generator.tokens;
        let found = tokens.codes().unwrap();
        assert_eq!(found.iter().map(Tensor::size).collect::<Vec<_>>(), codes);
        // Another id of the first slot moves the code of a position by the difference of the slot's codes.
        let code_of = |first: i64| {
            let firsts: Vec<i64> = tokens.grid.layout.slots.iter().map(|slot| slot.codes.start).collect();
            let ids = Tensor::from_slice(&firsts).view([1, 1, 1, -1]);
            let _ = ids.select(-1, 0).fill_(first);
            tokens.state.tokenizer.codes(&ids).unwrap().flatten(0, -1)
        };
        let moved = (code_of(5) - code_of(0)) - (found[0].get(5) - found[0].get(0));
        assert!(moved.abs().max().double_value(&[]) < 1e-6);
        let parameters = Tensor::read_safetensors(trained.join("checkpoint.safetensors")).unwrap();
        assert!(parameters.iter().any(|(name, _)| name.ends_with("tokens.0.codes.up.weight")));
    }
}

#[test]
fn loss_on_one_image_falls() {
    let folder = TempDir::new().unwrap();
    let run = tokenizer(folder.path(), "tokenizer", &["data.source.train=1"]);
    let stores = from_stores(&stores(folder.path(), &run, None));
    let trained = folder.path().join("run");
    train(experiment(&run, &[&stores, "train.steps=60", "generator.transformer.dropout=0"]), &trained);
    let losses: Vec<f64> = records(&trained)
        .into_iter()
        .filter_map(|record| match record {
            Record::Train { loss, .. } => Some(loss),
            _ => None,
        })
        .collect();
    assert!(losses[59] < losses[0] / 4.0, "{} after {}", losses[59], losses[0]);
}
