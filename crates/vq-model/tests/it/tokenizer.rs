use proptest::prelude::*;
use tch::{Device, Kind, Tensor, nn};
use vq_core::{
    Group, GroupedQuantizer, LearnedCodebook, MatchConfig, Mode, NearestConfig, NearestQuantizer, Quantizer,
};
use vq_model::{AutoencoderConfig, ImageTokenizer};

fn config() -> AutoencoderConfig {
    AutoencoderConfig {
        patch: 1,
        channels: 32,
        multipliers: vec![1, 1],
        residual_blocks: 1,
        attention_factors: Vec::new(),
        latent_channels: 8,
    }
}

fn nearest(path: &nn::Path) -> Box<dyn Quantizer> {
    let codebook = LearnedCodebook::new(&(path / "codebook"), 16, 4).unwrap();
    Box::new(NearestQuantizer::new(Box::new(codebook), NearestConfig::default()).unwrap())
}

fn grouped(path: &nn::Path) -> Box<dyn Quantizer> {
    let codebook = LearnedCodebook::new(&(path / "codebook"), 30, 4).unwrap();
    let groups = vec![
        Group { name: "adjective".into(), codes: 0..10, top_k: 2 },
        Group { name: "noun".into(), codes: 10..30, top_k: 1 },
    ];
    Box::new(GroupedQuantizer::new(Box::new(codebook), groups, MatchConfig::default()).unwrap())
}

fn images(batch: i64, height: i64, width: i64) -> Tensor {
    let count = batch * 3 * height * width;
    Tensor::arange(count, (Kind::Float, Device::Cpu)).view([batch, 3, height, width]).sin()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn image_to_ids_to_image_equals_the_direct_path(batch in 1_i64..3, rows in 1_i64..5, columns in 1_i64..5) {
        for make in [nearest, grouped] {
            let store = nn::VarStore::new(Device::Cpu);
            let quantizer = make(&store.root());
            let tokenizer = ImageTokenizer::new(&store.root(), &config(), quantizer).unwrap();
            let images = images(batch, rows * 2, columns * 2);
            let ids = tokenizer.encode(&images).unwrap();
            prop_assert_eq!(ids.size(), vec![batch, rows, columns, tokenizer.layout().slots.len() as i64]);
            let direct = tch::no_grad(|| tokenizer.reconstruct(&images, Mode::Eval)).unwrap();
            prop_assert!(direct.quantized.indices.equal(&ids));
            prop_assert!(tokenizer.decode(&ids).unwrap().equal(&direct.images.clamp(-1.0, 1.0)));
        }
    }
}

#[test]
fn the_gradient_reaches_encoder_decoder_and_codes() {
    let store = nn::VarStore::new(Device::Cpu);
    let quantizer = grouped(&store.root());
    let tokenizer = ImageTokenizer::new(&store.root(), &config(), quantizer).unwrap();
    let images = images(2, 8, 8);
    let result = tokenizer.reconstruct(&images, Mode::Train).unwrap();
    (result.images.square().mean(Kind::Float) + result.quantized.loss).backward();
    for (name, variable) in store.variables() {
        let gradient = variable.grad();
        assert!(gradient.defined() && gradient.abs().sum(Kind::Float).double_value(&[]) > 0.0, "no gradient of {name}");
    }
}

#[test]
fn invalid_images_and_ids_are_rejected() {
    let store = nn::VarStore::new(Device::Cpu);
    let quantizer = nearest(&store.root());
    let tokenizer = ImageTokenizer::new(&store.root(), &config(), quantizer).unwrap();
    let error = tokenizer.encode(&images(1, 8, 7)).unwrap_err().to_string();
    assert_eq!(error, "ImageTokenizer: expected shape [B, 3, H, W] with H and W multiples of 2, got [1, 3, 8, 7]");
    assert!(tokenizer.encode(&Tensor::zeros([1, 1, 8, 8], (Kind::Float, Device::Cpu))).is_err());
    let ids = Tensor::full([1, 2, 2, 1], 16_i64, (Kind::Int64, Device::Cpu));
    let error = tokenizer.decode(&ids).unwrap_err().to_string();
    assert!(error.contains("ids of slot 0 (code) in 0..16, got 16"), "{error}");
}

#[test]
fn an_empty_batch_has_empty_ids() {
    let attends = AutoencoderConfig { attention_factors: vec![2], ..config() };
    for config in [config(), attends] {
        let store = nn::VarStore::new(Device::Cpu);
        let quantizer = nearest(&store.root());
        let tokenizer = ImageTokenizer::new(&store.root(), &config, quantizer).unwrap();
        let ids = tokenizer.encode(&images(0, 8, 6)).unwrap();
        assert_eq!(ids.size(), [0, 4, 3, 1]);
        assert_eq!(tokenizer.decode(&ids).unwrap().size(), [0, 3, 8, 6]);
    }
}

#[test]
fn ids_of_an_image_do_not_depend_on_its_batch() {
    let store = nn::VarStore::new(Device::Cpu);
    let quantizer = nearest(&store.root());
    let tokenizer = ImageTokenizer::new(&store.root(), &config(), quantizer).unwrap();
    let images = images(3, 8, 8);
    let together = tokenizer.encode(&images).unwrap();
    for (index, image) in images.split(1, 0).iter().enumerate() {
        assert!(tokenizer.encode(image).unwrap().equal(&together.narrow(0, index as i64, 1)));
    }
}
