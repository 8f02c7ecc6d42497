//! Generated images: a function of the seed, with known ids kept, and validation images from stores or from images.

use tempfile::TempDir;
use vq_generate::{Condition, GenerationConfig, Known, RoundsConfig, SampleRequest};
use vq_pipeline::Conditioner;

use crate::support::{from_stores, generator, opened, segmentation_condition, stores, tokenizer};

#[test]
fn image_is_a_function_of_its_seed_whatever_the_batch() {
    let folder = TempDir::new().unwrap();
    let run = tokenizer(folder.path(), "tokenizer", &[]);
    let text = "condition={ kind = \"text\", max_tokens = 20 }";
    let generator = opened(&generator(folder.path(), "generator", &run, &[text]));
    let Conditioner::Text(texts) = &generator.conditioner else { panic!("another condition") };
    let generate = |seeds: &[u64]| {
        let condition = texts.condition(&vec!["a red apple".to_owned(); seeds.len()]).unwrap();
        let request = SampleRequest { seeds, condition: &condition, known: None };
        generator.generate(&request, &GenerationConfig::default(), &mut |_| {}).unwrap()
    };
    let both = generate(&[3, 4]);
    assert_eq!(both.images.size(), [2, 3, 32, 32]);
    for (row, seed) in (0..).zip([3, 4]) {
        let alone = generate(&[seed]);
        assert!(alone.sampled.ids.get(0).equal(&both.sampled.ids.get(row)), "seed {seed}");
        let decoded = generator.tokens.decode(&alone.sampled.ids).unwrap();
        assert!(decoded.equal(&alone.images));
    }
    assert!(!both.sampled.ids.get(0).equal(&both.sampled.ids.get(1)), "two seeds gave one image");
}

#[test]
fn known_ids_are_kept() {
    let folder = TempDir::new().unwrap();
    let run = tokenizer(folder.path(), "tokenizer", &[]);
    for (name, order) in [("autoregressive", "autoregressive\", depth_layers = 1"), ("masked", "masked\"")] {
        let order = format!("generator.order={{ kind = \"{order} }}");
        let generator = opened(&generator(folder.path(), name, &run, &[&order]));
        let validation = generator.validation_images().unwrap();
        assert_eq!(validation.len(), 5);
        let ids = validation.get(2, &generator).unwrap().ids;
        let known = Known::upper(&ids, 4).unwrap();
        let rounds = (name == "masked").then(RoundsConfig::default);
        let config = GenerationConfig { rounds, ..GenerationConfig::default() };
        let request = SampleRequest { seeds: &[9], condition: &Condition::None, known: Some(&known) };
        let sampled = generator.generate(&request, &config, &mut |_| {}).unwrap().sampled.ids;
        assert!(sampled.narrow(1, 0, 4).equal(&ids.narrow(1, 0, 4)), "{name}");
        assert!(!sampled.narrow(1, 4, 4).equal(&ids.narrow(1, 4, 4)), "{name}: the other ids are known too");
    }
}

#[test]
fn validation_images_of_a_store_equal_those_of_its_data_set() {
    let folder = TempDir::new().unwrap();
    let run = tokenizer(folder.path(), "tokenizer", &[]);
    let maps = tokenizer(folder.path(), "maps", &["data.show=segmentations"]);
    let segmentation = segmentation_condition(&maps);
    let from_stores = from_stores(&stores(folder.path(), &run, Some(&maps)));
    let stored = opened(&generator(folder.path(), "stored", &run, &[&segmentation, &from_stores]));
    let direct = opened(&generator(folder.path(), "direct", &run, &[&segmentation]));
    let images = [&stored, &direct].map(|generator| generator.validation_images().unwrap());
    for index in 0..5 {
        let [one, other] = [images[0].get(index, &stored).unwrap(), images[1].get(index, &direct).unwrap()];
        assert!(one.ids.equal(&other.ids));
        assert!(one.segmentation.unwrap().equal(&other.segmentation.unwrap()));
        assert_eq!((one.captions, one.labels), (other.captions, other.labels));
    }
}
