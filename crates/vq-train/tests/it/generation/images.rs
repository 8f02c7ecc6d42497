//! Images of trained generators.

use tempfile::TempDir;
use vq_generate::{Condition, GenerationConfig, Known, RoundsConfig, SampleRequest};
use vq_train::Conditioner;

use super::{experiment, open, tokenizer, train};

#[test]
fn an_image_is_made_by_its_seed_whatever_the_batch() {
    let folder = TempDir::new().unwrap();
    let run = tokenizer(folder.path(), "tokenizer", &[]);
    let place = folder.path().join("run");
    train(experiment(&run, &["condition={ kind = \"text\", max_tokens = 20 }"]), &place);
    let generator = open(&place);
    let Conditioner::Text(texts) = &generator.conditioner else { panic!("another condition") };
    let make = |seeds: &[u64]| {
        let condition = texts.condition(&vec!["a red apple".to_owned(); seeds.len()]).unwrap();
        let request = SampleRequest { seeds, condition: &condition, known: None };
        generator.generate(&request, &GenerationConfig::default(), &mut |_| {}).unwrap()
    };
    let both = make(&[3, 4]);
    assert_eq!(both.images.size(), [2, 3, 32, 32]);
    for (place, seed) in [3, 4].into_iter().enumerate() {
        let alone = make(&[seed]);
        assert!(alone.sampled.ids.get(0).equal(&both.sampled.ids.get(place as i64)), "seed {seed}");
        let decoded = generator.tokens.decode(&alone.sampled.ids).unwrap();
        assert!(decoded.equal(&alone.images));
    }
    assert!(!both.sampled.ids.get(0).equal(&both.sampled.ids.get(1)), "two seeds, one image");
}

#[test]
fn what_is_known_stays() {
    let folder = TempDir::new().unwrap();
    let run = tokenizer(folder.path(), "tokenizer", &[]);
    for (name, order) in [("rows", "autoregressive\", depth_layers = 1"), ("masked", "masked\"")] {
        let place = folder.path().join(name);
        train(experiment(&run, &[&format!("generator.order={{ kind = \"{order} }}"), "train.steps=1"]), &place);
        let generator = open(&place);
        let validation = generator.validation_images().unwrap();
        assert_eq!(validation.len(), 5);
        let ids = validation.get(2, &generator).unwrap().ids;
        let known = Known::upper(&ids, 4).unwrap();
        let rounds = (name == "masked").then(RoundsConfig::default);
        let config = GenerationConfig { rounds, ..GenerationConfig::default() };
        let request = SampleRequest { seeds: &[9], condition: &Condition::None, known: Some(&known) };
        let made = generator.generate(&request, &config, &mut |_| {}).unwrap().sampled.ids;
        assert!(made.narrow(1, 0, 4).equal(&ids.narrow(1, 0, 4)), "{name}");
        assert!(!made.narrow(1, 4, 4).equal(&ids.narrow(1, 4, 4)), "{name}: a generator of one step has learned it");
    }
}

/// The same image of the validation set, by its own ids or by the tokenizer's.
#[test]
fn validation_images_are_those_of_training() {
    let folder = TempDir::new().unwrap();
    let run = tokenizer(folder.path(), "tokenizer", &[]);
    let maps = tokenizer(folder.path(), "maps", &["data.show=segmentations"]);
    let segmentation = format!(
        "condition={{ kind = \"segmentation\", tokenizer = {{ run = {} }} }}",
        toml::Value::String(maps.display().to_string())
    );
    let stores = super::stored(&super::stores(folder.path(), &run, Some(&maps)));
    let (stored, direct) = (folder.path().join("stored"), folder.path().join("direct"));
    train(experiment(&run, &[&segmentation, &stores, "train.steps=1"]), &stored);
    train(experiment(&run, &[&segmentation, "train.steps=1"]), &direct);
    let (stored, direct) = (open(&stored), open(&direct));
    let images = [&stored, &direct].map(|generator| generator.validation_images().unwrap());
    for index in 0..5 {
        let [one, other] = [images[0].get(index, &stored).unwrap(), images[1].get(index, &direct).unwrap()];
        assert!(one.ids.equal(&other.ids));
        assert!(one.segmentation.unwrap().equal(&other.segmentation.unwrap()));
        assert_eq!((one.captions, one.labels), (other.captions, other.labels));
    }
}
