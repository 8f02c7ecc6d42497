//! The optional loss terms, against PyTorch; `tests/data/make_terms.py` writes the file.

use proptest::prelude::*;
use tch::{Device, Kind, Tensor, nn};
use vlt_caption::{
    CaptionBatch, CaptionConfig, GlobalAlignment, GlobalAlignmentConfig, MaskedText, MaskedTextConfig, Memory,
    RelationAlignment, RelationAlignmentConfig, TargetCodes, WordSupervisionConfig,
};

use vq_core::Mode;

use crate::support::{assert_close, formula, golden, names, set_by_formula};

/// Gives `projection` the values of the script, from two seeds.
fn set_projection(store: &nn::VarStore, weight: usize) {
    assert_eq!(names(store), ["projection.bias", "projection.weight"]);
    for (name, seed) in [("projection.weight", weight), ("projection.bias", weight + 1)] {
        let mut variable = store.variables().remove(name).unwrap();
        tch::no_grad(|| variable.copy_(&formula(seed, &variable.size(), 0.4, 0.0)));
    }
}

fn check(term: &str, loss: &Tensor, inputs: &[(&str, Tensor)]) {
    let golden = golden("terms.safetensors");
    loss.backward();
    assert_close(loss, &golden[&format!("{term}.loss")], 1e-5, term);
    for (name, input) in inputs {
        assert_close(&input.grad(), &golden[&format!("{term}.{name}.grad")], 1e-4, name);
    }
}

fn leaf(seed: usize, size: &[i64], scale: f64) -> Tensor {
    formula(seed, size, scale, 0.0).set_requires_grad(true)
}

fn projection(store: &nn::VarStore) -> [(&'static str, Tensor); 2] {
    ["weight", "bias"].map(|name| (name, store.variables().remove(&format!("projection.{name}")).unwrap()))
}

#[test]
fn global_alignment_equals_pytorchs() {
    let store = nn::VarStore::new(Device::Cpu);
    let term = GlobalAlignment::new(&store.root(), 8, 5, &GlobalAlignmentConfig::default()).unwrap();
    set_projection(&store, 3);
    let states = leaf(1, &[4, 6, 8], 1.5);
    let texts = leaf(2, &[4, 5], 2.0);
    let loss = term.loss(&Memory { states: states.shallow_clone() }, &texts).unwrap();
    let [weight, bias] = projection(&store);
    check("global", &loss, &[("states", states), weight, bias]);
    assert!(!texts.grad().defined(), "the text is frozen");
}

#[test]
fn relation_alignment_equals_pytorchs() {
    let store = nn::VarStore::new(Device::Cpu);
    let term = RelationAlignment::new(&store.root(), 6, 5, &RelationAlignmentConfig::default()).unwrap();
    set_projection(&store, 7);
    let codes = leaf(5, &[2, 6, 3, 2], 1.5);
    let words = leaf(6, &[2, 4, 5], 2.0);
    let loss = term.loss(&codes, &words, &Tensor::from_slice(&[4_i64, 2])).unwrap();
    let [weight, bias] = projection(&store);
    check("relation", &loss, &[("codes", codes), weight, bias]);
    assert!(!words.grad().defined(), "the words are frozen");

    let codes = leaf(5, &[2, 6, 3, 2], 1.5);
    let none = term.loss(&codes, &words, &Tensor::from_slice(&[1_i64, 0])).unwrap();
    none.backward();
    assert_eq!(none.double_value(&[]), 0.0);
    assert_eq!(codes.grad().abs().max().double_value(&[]), 0.0, "one word has no pair");
}

#[test]
fn word_supervision_equals_pytorchs() {
    let config = WordSupervisionConfig { weight: 0.1, sharpness: 3.0 };
    let (latents, codebook) = (leaf(9, &[2, 4, 3, 2], 1.0), leaf(10, &[12, 4], 1.0));
    let ids = Tensor::from_slice(&[4_i64, 9, 3, 7, -1, -1]).view([2, 3]);
    let loss = config.loss(&latents, &codebook, &TargetCodes { group: 3..10, ids }).unwrap();
    check("words", &loss, &[("latents", latents), ("codebook", codebook)]);
}

struct Masked {
    store: nn::VarStore,
    term: MaskedText,
}

fn masked_text() -> Masked {
    let decoder = CaptionConfig { width: 8, heads: 2, expansion: 2, max_tokens: 5, ..Default::default() };
    let store = nn::VarStore::new(Device::Cpu);
    let table = formula(77, &[11, 5], 3.0, 0.0);
    let term = MaskedText::new(&store.root(), &decoder, &MaskedTextConfig::default(), &table).unwrap();
    set_by_formula(&store);
    Masked { store, term }
}

fn captions() -> CaptionBatch {
    let ids = [0_i64, 4, 7, 9, 8, 1, 0, 3, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2];
    CaptionBatch { ids: Tensor::from_slice(&ids).view([3, 6]), lengths: Tensor::from_slice(&[6_i64, 3, 0]) }
}

#[test]
fn masked_text_equals_pytorchs() {
    let Masked { store, term } = masked_text();
    let states = leaf(11, &[3, 6, 8], 1.5);
    let masked = Tensor::zeros([3, 6], (Kind::Bool, Device::Cpu));
    for (image, position) in [(0, 2), (0, 4), (1, 1)] {
        let _ = masked.get(image).get(position).fill_(1);
    }
    let loss =
        term.loss_with_mask(&Memory { states: states.shallow_clone() }, &captions(), &masked, Mode::Eval).unwrap();
    let names = names(&store);
    let checked = names.iter().filter(|name| !name.ends_with("key.bias"));
    let mut inputs: Vec<(&str, Tensor)> =
        checked.map(|name| (name.as_str(), store.variables().remove(name).unwrap())).collect();
    assert_eq!(inputs.len(), 31, "all parameters but the biases of keys");
    inputs.push(("states", states));
    check("masked", &loss, &inputs);
}

#[test]
fn words_are_masked_and_nothing_else() {
    let Masked { term, .. } = masked_text();
    for _ in 0..50 {
        let masked = term.draw_mask(&captions()).unwrap();
        let count = |image| masked.get(image).sum(Kind::Int64).int64_value(&[]);
        // Of four words, 0.4 to 1.2, rounded up; of one word, one; of none, none.
        assert!((1..=2).contains(&count(0)), "{masked}");
        assert_eq!((count(1), count(2)), (1, 0));
        for (image, position) in [(0, 0), (0, 5), (1, 0), (1, 2), (1, 3)] {
            assert_eq!(masked.int64_value(&[image, position]), 0, "image {image}, position {position}");
        }
    }
}

#[test]
fn no_target_code_has_zero_loss() {
    let (latents, codebook) = (leaf(9, &[1, 4, 3, 2], 1.0), leaf(10, &[12, 4], 1.0));
    let targets = TargetCodes { group: 3..10, ids: Tensor::from_slice(&[-1_i64]).view([1, 1]) };
    let loss = WordSupervisionConfig::default().loss(&latents, &codebook, &targets).unwrap();
    loss.backward();
    assert_eq!(loss.double_value(&[]), 0.0);
    assert_eq!(latents.grad().abs().max().double_value(&[]), 0.0);
}

#[test]
fn errors_name_what_does_not_fit() {
    let (latents, codebook) = (leaf(9, &[1, 4, 3, 2], 1.0), leaf(10, &[12, 4], 1.0));
    let error = |group, ids: &[i64]| {
        let targets = TargetCodes { group, ids: Tensor::from_slice(ids).view([1, -1]) };
        WordSupervisionConfig::default().loss(&latents, &codebook, &targets).unwrap_err().to_string()
    };
    let op = "WordSupervisionConfig::loss: expected";
    assert_eq!(error(3..13, &[4]), format!("{op} `group` to be codes in 0..12, got 3..13"));
    assert_eq!(error(3..10, &[4, 2]), format!("{op} ids in 3..10, got 2"));
    assert_eq!(error(3..10, &[10]), format!("{op} ids in 3..10, got 10"));
    assert_eq!(error(3..10, &[-2]), format!("{op} ids in -1..10, got -2"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..Default::default() })]

    /// A gradient step lowers the loss, and the loss is zero where a position equals the target code.
    #[test]
    fn word_supervision_is_zero_where_a_position_equals_the_code(seed in 0_usize..1000, position in 0_i64..6, code in 1_i64..8) {
        let config = WordSupervisionConfig { weight: 1.0, sharpness: 1e4 };
        let (latents, codebook) = (leaf(seed, &[1, 4, 2, 3], 1.0), leaf(seed + 1, &[8, 4], 1.0));
        let loss = |latents: &Tensor| {
            let ids = Tensor::from_slice(&[code]).view([1, 1]);
            config.loss(latents, &codebook, &TargetCodes { group: 1..8, ids }).unwrap()
        };
        let before = loss(&latents);
        before.backward();
        let moved = tch::no_grad(|| &latents - latents.grad() * 0.1);
        prop_assert!(loss(&moved).double_value(&[]) <= before.double_value(&[]) + 1e-6);
        let equal = latents.detach().copy();
        equal.get(0).select(1, position / 3).select(1, position % 3).copy_(&codebook.get(code).detach());
        prop_assert!(loss(&equal).double_value(&[]) < 1e-6);
    }
}
