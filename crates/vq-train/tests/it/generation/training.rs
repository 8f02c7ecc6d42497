//! Training of generators.

use std::path::Path;

use tch::Tensor;
use tempfile::TempDir;
use vq_train::{GeneratorTrainer, MetricsLog, Record, RunDir};

use super::{experiment, open, stored, stores, tokenizer, train, trainer};
use crate::support::StopAfter;

/// All that does not depend on the clock.
fn figures(run: &Path) -> Vec<String> {
    let timeless = |record| match record {
        Record::Train { step, loss, learning_rate, gradient_norm, terms, .. } => {
            format!("{step} {loss} {learning_rate} {gradient_norm:?} {terms:?}")
        }
        other => format!("{other:?}"),
    };
    MetricsLog::read(&run.join("metrics.jsonl")).unwrap().into_iter().map(timeless).collect()
}

fn same_tensors(one: &Path, other: &Path) {
    let tensors = |run: &Path| {
        let mut tensors = Tensor::read_safetensors(run.join("checkpoint.safetensors")).unwrap();
        tensors.sort_by(|a, b| a.0.cmp(&b.0));
        tensors
    };
    for ((name, ours), (_, theirs)) in tensors(one).iter().zip(&tensors(other)) {
        assert!(ours.equal(theirs), "{name} differs");
    }
}

/// Each kind of condition in either order, out of stores and of images as they come.
#[test]
fn every_kind_of_generator_is_trained() {
    let folder = TempDir::new().unwrap();
    let run = tokenizer(folder.path(), "tokenizer", &[]);
    let maps = tokenizer(folder.path(), "maps", &["data.show=segmentations"]);
    let stores = stored(&stores(folder.path(), &run, Some(&maps)));
    let segmentation = format!(
        "condition={{ kind = \"segmentation\", tokenizer = {{ run = {} }} }}",
        toml::Value::String(maps.display().to_string())
    );
    let conditions = [
        "condition={ kind = \"none\" }",
        "condition={ kind = \"class\" }",
        "condition={ kind = \"text\", max_tokens = 20 }",
        &segmentation,
    ];
    for (number, condition) in conditions.into_iter().enumerate() {
        let place = |name: &str| folder.path().join(format!("{name}-{number}"));
        let rows = train(experiment(&run, &[&stores, condition]), &place("rows"));
        let first = figures(&place("rows")).len();
        assert_eq!(first, 7, "six steps and a validation");
        let page = std::fs::read_to_string(place("rows").join("report.html")).unwrap();
        assert!(page.contains("Samples") && page.contains("Perplexity") && !page.contains("Reconstructions"));
        let nats = rows.validation.unwrap().nats_per_id;
        assert!(nats > 0.0 && nats < 24_f64.ln() + 0.5, "{condition}: {nats}");
        let masked = experiment(&run, &[&stores, condition, "generator.order={ kind = \"masked\" }", "train.ema=0.9"]);
        assert!(train(masked, &place("masked")).validation.unwrap().nats_per_id.is_finite());
        if number != 1 {
            // Without augmentation, images as they come are those of the store, in the same order.
            train(experiment(&run, &[condition]), &place("images"));
            assert_eq!(figures(&place("images")), figures(&place("rows")), "{condition}");
        }
    }
}

#[test]
fn a_stopped_run_goes_on_as_if_nothing_had_been() {
    let folder = TempDir::new().unwrap();
    let run = tokenizer(folder.path(), "tokenizer", &[]);
    let stores = stored(&stores(folder.path(), &run, None));
    let of = || {
        let more = ["train.ema=0.9", "train.accumulate=2", "generator.order={ kind = \"masked\" }"];
        let text = "condition={ kind = \"text\", max_tokens = 20 }";
        experiment(&run, &[&[stores.as_str(), text], &more[..]].concat())
    };
    let (whole, cut) = (folder.path().join("whole"), folder.path().join("cut"));
    train(of(), &whole);
    let outcome = trainer(of(), &cut).run(&mut StopAfter(3)).unwrap();
    assert_eq!((outcome.step, outcome.validation.is_none()), (3, true));
    let mut resumed = GeneratorTrainer::resume(RunDir::existing(&cut)).unwrap();
    assert_eq!(resumed.steps_taken(), 3);
    resumed.run(&mut StopAfter(u64::MAX)).unwrap();
    assert_eq!(figures(&cut), figures(&whole));
    same_tensors(&cut, &whole);
}

/// The codes of words, two adjectives and a noun, and those of plain VQ: ids are read by them, and the generator is
/// opened with them again.
#[test]
fn ids_are_read_by_the_codes_of_their_tokenizer() {
    let folder = TempDir::new().unwrap();
    let words =
        "quantizer={ kind = \"vqct\", prior = { source = \"embedded\", adjectives = 12, nouns = 9 }, width = 4 }";
    for (name, quantizer, codes) in [("words", words, &[[12, 8], [12, 8], [9, 8]][..]), ("plain", "seed=1", &[[24, 4]])]
    {
        let folder = folder.path().join(name);
        std::fs::create_dir(&folder).unwrap();
        let run = tokenizer(&folder, "tokenizer", &[quantizer]);
        let place = folder.join("generator");
        train(experiment(&run, &["generator.ids=codes"]), &place);
        let made = open(&place);
        let tokens = &made.tokens;
        let found = tokens.codes().unwrap();
        assert_eq!(found.iter().map(Tensor::size).collect::<Vec<_>>(), codes);
        // Another first id moves a position by the difference of the codes.
        let ids = |first: i64| {
            let firsts: Vec<i64> = tokens.grid.layout.slots.iter().map(|slot| slot.codes.start).collect();
            let ids = Tensor::from_slice(&firsts).view([1, 1, 1, -1]);
            let _ = ids.select(-1, 0).fill_(first);
            tokens.state.tokenizer.codes(&ids).unwrap().flatten(0, -1)
        };
        let moved = (ids(5) - ids(0)) - (found[0].get(5) - found[0].get(0));
        assert!(moved.abs().max().double_value(&[]) < 1e-6);
        let parameters = Tensor::read_safetensors(place.join("checkpoint.safetensors")).unwrap();
        assert!(parameters.iter().any(|(name, _)| name.ends_with("tokens.0.codes.up.weight")));
    }
}

/// What is learned is in the ids: of images that are all alike a generator becomes sure.
#[test]
fn the_loss_falls() {
    let folder = TempDir::new().unwrap();
    let run = tokenizer(folder.path(), "tokenizer", &["data.source.train=1"]);
    let stores = stored(&stores(folder.path(), &run, None));
    let place = folder.path().join("run");
    train(experiment(&run, &[&stores, "train.steps=60", "generator.transformer.dropout=0"]), &place);
    let losses: Vec<f64> = MetricsLog::read(&place.join("metrics.jsonl"))
        .unwrap()
        .into_iter()
        .filter_map(|record| match record {
            Record::Train { loss, .. } => Some(loss),
            _ => None,
        })
        .collect();
    assert!(losses[59] < losses[0] / 4.0, "{} after {}", losses[59], losses[0]);
}
