//! Errors name what does not fit.

use tch::{Device, Kind, Tensor, nn};
use vq_core::Mode;
use vq_generate::{
    Autoregressive, Condition, Conditioning, GenerateError, GenerationConfig, Generator, GeneratorConfig, IdSource,
    Known, Masked, Order, Positions, RoundsConfig, SampleConfig, SampleRequest, TokenGrid, TransformerConfig,
};

use crate::support::{BY_ID, GROUPS, Given, PLAIN, by_id, condition, config, formula, ids, in_rounds, tokens};

#[track_caller]
fn check<T>(result: Result<T, impl Into<GenerateError>>, expected: &str) {
    assert_eq!(result.err().unwrap().into().to_string(), expected);
}

fn new(
    tokens: &TokenGrid,
    conditioning: &Conditioning<'_>,
    config: &GeneratorConfig,
) -> Result<Generator, GenerateError> {
    Generator::new(&nn::VarStore::new(Device::Cpu).root(), tokens, None, conditioning, config)
}

#[test]
fn options() {
    let transformer = |change: fn(&mut TransformerConfig)| {
        let mut config = config(BY_ID, Positions::Rotary2d, false);
        change(&mut config.transformer);
        new(&tokens(2, 2, PLAIN), &Conditioning::None, &config)
    };
    check(transformer(|config| config.width = 0), "TransformerConfig: expected `width` to be positive, got 0");
    check(
        transformer(|config| config.heads = 3),
        "TransformerConfig: expected `heads` to divide the width of 16, got 3",
    );
    check(
        transformer(|config| config.heads = 8),
        "TransformerConfig: expected `heads` to leave a multiple of 4 of the width of 16 to each, for rotary-2d, got 8",
    );
    check(transformer(|config| config.dropout = 1.0), "TransformerConfig: expected `dropout` in 0..1, got 1");
    let general = |change: fn(&mut GeneratorConfig)| {
        let mut config = config(BY_ID, Positions::Learned, false);
        change(&mut config);
        new(&tokens(2, 2, GROUPS), &Conditioning::None, &config)
    };
    check(
        general(|config| config.order = Order::Autoregressive { depth_layers: 0 }),
        "GeneratorConfig: expected `depth_layers` to be positive, got 0",
    );
    check(
        general(|config| config.condition_dropout = 1.5),
        "GeneratorConfig: expected `condition_dropout` in 0..=1, got 1.5",
    );
    check(
        general(|config| config.label_smoothing = f64::NAN),
        "GeneratorConfig: expected `label_smoothing` in 0..1, got NaN",
    );
    let store = nn::VarStore::new(Device::Cpu);
    let (grid, none) = (tokens(2, 2, PLAIN), Conditioning::None);
    let masked = config(Order::Masked, Positions::Learned, false);
    check(
        Autoregressive::new(&store.root(), &grid, None, &none, &masked),
        "Autoregressive::new: expected `order` to be autoregressive, got masked",
    );
    check(
        Masked::new(&store.root(), &grid, None, &none, &config(BY_ID, Positions::Learned, false)),
        "Masked::new: expected `order` to be masked, got autoregressive",
    );
}

#[test]
fn codes() {
    let config = GeneratorConfig { ids: IdSource::Codes, ..config(BY_ID, Positions::Learned, false) };
    let new = |codes: Option<&[Tensor]>| {
        let store = nn::VarStore::new(Device::Cpu);
        Generator::new(&store.root(), &tokens(2, 2, GROUPS), codes, &Conditioning::None, &config)
    };
    let codes = |lengths: [i64; 3]| lengths.map(|length| formula(length as usize, &[length, 3], 1.0, 0.0));
    assert!(new(Some(&codes([5, 5, 4]))).is_ok());
    let expected =
        "Autoregressive::new: expected `ids` to be learned, or the codes of 3 slots to be given, got codes of";
    check(new(None), &format!("{expected} 0"));
    check(new(Some(&codes([5, 5, 4])[..2])), &format!("{expected} 2"));
    let expected = "expected codes of shape [4, D], as the slot of group from 5 has, got [5, 3]";
    check(new(Some(&codes([5, 5, 5]))), &format!("Autoregressive::new: {expected}"));
    let expected = "expected `embeddings` to be finite and not all zero, got a root mean square of NaN";
    check(new(Some(&codes([5, 5, 4]).map(|codes| codes * f64::NAN))), &format!("Autoregressive::new: {expected}"));
}

#[test]
fn grids_and_sources() {
    let config = config(BY_ID, Positions::Learned, false);
    let fails = |tokens: &TokenGrid, conditioning: &Conditioning<'_>, expected: &str| {
        check(new(tokens, conditioning, &config), &format!("Autoregressive::new: expected {expected}"));
    };
    fails(&tokens(0, 2, PLAIN), &Conditioning::None, "`rows` to be positive, got 0");
    fails(&tokens(2, 2, &[]), &Conditioning::None, "`slots` to be 1 or more, got 0");
    fails(&tokens(2, 2, &[3..3]), &Conditioning::None, "`slots` to have codes, got 3..3");
    let grid = tokens(2, 2, PLAIN);
    fails(&grid, &Conditioning::Class { classes: 0 }, "`classes` to be positive, got 0");
    let text = |embeddings: &Tensor, max_tokens, expected| {
        fails(&grid, &Conditioning::Text { embeddings, max_tokens }, expected);
    };
    let table = Tensor::ones([5, 3], (Kind::Float, Device::Cpu));
    text(&table, 0, "`max_tokens` to be positive, got 0");
    text(&table.get(0), 4, "embeddings of shape [V, E] with V, E >= 1, got [3]");
    text(&(&table * f64::NAN), 4, "`embeddings` to be finite and not all zero, got a root mean square of NaN");
    fails(&grid, &Conditioning::Tokens(&tokens(2, 0, PLAIN)), "`columns` to be positive, got 0");
}

#[test]
fn ids_and_conditions() {
    let tokens = tokens(3, 2, GROUPS);
    let loss = |given: Given, ids: &Tensor, condition: &Condition| {
        let made = by_id(1, &tokens, given, &config(BY_ID, Positions::Learned, false));
        made.generator.loss(ids, condition, Mode::Eval)
    };
    let fails = |given: Given, ids: &Tensor, condition: &Condition, expected: &str| {
        check(loss(given, ids, condition), &format!("Autoregressive::loss: expected {expected}"));
    };
    let good = ids(1, 2, &tokens);
    fails(Given::Nothing, &good.narrow(1, 0, 2), &Condition::None, "ids of shape [B, 3, 2, 3], got [2, 2, 2, 3]");
    fails(Given::Nothing, &good.to_kind(Kind::Int), &Condition::None, "dtype Int64, got Int");
    fails(Given::Nothing, &(good.ones_like() * 5), &Condition::None, "ids of slot 0 (from 0) in 0..5, got 5");

    let other = "a condition of kind class or none, got text";
    fails(Given::Class, &good, &condition(Given::Text, 2), other);
    fails(Given::Nothing, &good, &condition(Given::Map, 2), "a condition of kind none or none, got tokens");
    let classes = |numbers: &[i64]| Condition::Class(Tensor::from_slice(numbers));
    fails(Given::Class, &good, &classes(&[0, 3]), "classes in 0..3, got 3");
    fails(Given::Class, &good, &classes(&[-1, 2]), "classes in 0..3, got -1");
    fails(Given::Class, &good, &classes(&[0]), "classes of shape [2], got [1]");
    let text = |ids: &[i64], lengths: &[i64]| Condition::Text {
        ids: Tensor::from_slice(ids).view([2, -1]),
        lengths: Tensor::from_slice(lengths),
    };
    fails(Given::Text, &good, &text(&[1, 2, 11, 0], &[2, 1]), "token ids in 0..11, got 11");
    fails(Given::Text, &good, &text(&[1, 2, 3, 0], &[2, 3]), "text lengths in 0..3, got 3");
    fails(Given::Text, &good, &text(&[1; 10], &[2, 3]), "token ids of shape [2, 1..=4], got [2, 5]");
    fails(Given::Text, &good, &text(&[1; 4], &[2]), "text lengths of shape [2], got [1]");
    let map = ids(1, 2, &crate::support::map());
    fails(Given::Map, &good, &Condition::Tokens(&map + 1), "ids of slot 0 (from 0) in 0..4, got 4");
    fails(Given::Map, &good, &Condition::Tokens(map.narrow(0, 0, 1)), "`condition` to be of 2 images, got 1");
}

#[test]
fn requests() {
    let tokens = tokens(3, 2, GROUPS);
    let made = by_id(1, &tokens, Given::Class, &config(BY_ID, Positions::Learned, false));
    let rounds = in_rounds(1, &tokens, Given::Class, &config(Order::Masked, Positions::Learned, false));
    let condition = condition(Given::Class, 2);
    let sample = |seeds: &[u64], known: Option<&Known>, config: &GenerationConfig| {
        made.generator.sample(&SampleRequest { seeds, condition: &condition, known }, config)
    };
    let plain = GenerationConfig::default;
    check(sample(&[], None, &plain()), "Autoregressive::sample: expected `seeds` to be 1 or more, got 0");
    check(sample(&[1], None, &plain()), "Autoregressive::sample: expected classes of shape [1], got [2]");
    let config = GenerationConfig { rounds: Some(RoundsConfig::default()), ..plain() };
    check(
        sample(&[1, 2], None, &config),
        "Autoregressive::sample: expected `rounds` to be none: ids are drawn one by one, got some",
    );
    let config = GenerationConfig { guidance: f64::NAN, ..plain() };
    let expected = "GenerationConfig: expected `guidance` to be finite and 0 or more, got NaN";
    check(sample(&[1, 2], None, &config), expected);
    let draw = SampleConfig { top_k: Some(0), ..Default::default() };
    let config = GenerationConfig { draw, ..plain() };
    check(sample(&[1, 2], None, &config), "SampleConfig: expected `top_k` to be positive, got 0");
    check(
        RoundsConfig { steps: 0, ..Default::default() }.check(),
        "RoundsConfig: expected `steps` to be positive, got 0",
    );
    check(
        RoundsConfig { choice_temperature: -1.0, ..Default::default() }.check(),
        "RoundsConfig: expected `choice_temperature` to be finite and 0 or more, got -1",
    );

    let given = ids(1, 2, &tokens);
    let mask = Tensor::zeros([2, 3, 2], (Kind::Bool, Device::Cpu));
    let fails = |ids: &Tensor, mask: &Tensor, expected: &str| {
        let known = Known { ids: ids.shallow_clone(), mask: mask.shallow_clone() };
        check(sample(&[1, 2], Some(&known), &plain()), &format!("Autoregressive::sample: expected {expected}"));
        let request = SampleRequest { seeds: &[1, 2], condition: &condition, known: Some(&known) };
        let found = rounds.generator.sample(&request, &plain(), &mut |_| {});
        check(found, &format!("Masked::sample: expected {expected}"));
    };
    fails(&given, &mask.narrow(1, 0, 2), "mask of shape [2, 3, 2], got [2, 2, 2]");
    fails(&given, &mask.to_kind(Kind::Int64), "mask of dtype Bool, got Int64");
    check(Known::upper(&given, 4), "Known::upper: expected `rows` in 0..=3, got 4");
    check(Known::upper(&given.get(0), 2), "Known::upper: expected ids of shape [B, H, W, S], got [3, 2, 3]");
    fails(&given.narrow(0, 0, 1), &mask, "known ids of shape [2, 3, 2, 3], got [1, 3, 2, 3]");
    fails(&given.to_kind(Kind::Int), &mask, "known ids of dtype Int64, got Int");
    fails(&(&given + 9), &mask.logical_not(), "ids of slot 0 (from 0) in 0..5, got 9");
    // Ids outside the mask may have any value.
    let known = Known { ids: given + 9, mask };
    assert!(sample(&[1, 2], Some(&known), &plain()).is_ok());
    // More than there are: all.
    let draw = SampleConfig { top_k: Some(1000), ..Default::default() };
    let many = sample(&[1, 2], None, &GenerationConfig { draw, ..plain() }).unwrap();
    assert_eq!(many.ids, sample(&[1, 2], None, &plain()).unwrap().ids);
}

#[test]
fn nan_scores_are_an_error() {
    let tokens = tokens(3, 2, GROUPS);
    let spoil = |store: &nn::VarStore| {
        let _ = tch::no_grad(|| store.variables()["norm.bias"].shallow_clone().fill_(f64::NAN));
    };
    let request = SampleRequest { seeds: &[1], condition: &Condition::None, known: None };
    let made = by_id(1, &tokens, Given::Nothing, &config(BY_ID, Positions::Learned, false));
    spoil(&made.store);
    let expected = "Autoregressive::sample: expected finite scores of ids, got NaN for image 0";
    check(made.generator.sample(&request, &GenerationConfig::default()), expected);
    let made = in_rounds(1, &tokens, Given::Nothing, &config(Order::Masked, Positions::Learned, false));
    spoil(&made.store);
    let expected = "Masked::sample: expected finite scores of ids, got NaN for image 0";
    check(made.generator.sample(&request, &GenerationConfig::default(), &mut |_| {}), expected);
}
