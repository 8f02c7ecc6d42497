use std::collections::HashMap;

use codebook_prior::{Edge, PartOfSpeech, PriorGraph, PriorParts, Provenance, VectorDtype, Vectors, Word};
use tch::{Device, Kind, Tensor, nn};
use transfer_net::{Architecture, EdgeSource, FeatureSource, TransferConfig, TransferNet};
use vq_core::{Codebook, Mode};

/// Two adjectives and three nouns with embeddings of width 6; `lone` has no edge.
fn prior() -> PriorGraph {
    let word =
        |text: &str, part_of_speech, count| Word { text: text.into(), part_of_speech, count, reason: String::new() };
    let words = vec![
        word("red", PartOfSpeech::Adjective, 9),
        word("small", PartOfSpeech::Adjective, 5),
        word("apple", PartOfSpeech::Noun, 7),
        word("bird", PartOfSpeech::Noun, 6),
        word("lone", PartOfSpeech::Noun, 1),
    ];
    let edges = vec![
        Edge { adjective: 0, noun: 2, weight: 3.0 },
        Edge { adjective: 0, noun: 3, weight: 1.0 },
        Edge { adjective: 1, noun: 3, weight: 2.0 },
    ];
    let values: Vec<f32> = (0..5 * 6).map(|i| ((i * 37 % 19) as f32 - 9.0) / 9.0).collect();
    let vectors = Vectors::new(&values, 6, VectorDtype::F32);
    PriorGraph::new(PriorParts { words, edges, vectors, provenance: Provenance::default() }).unwrap()
}

const GAT: Architecture = Architecture::Gat { heads: 2 };

fn small(architecture: Architecture) -> TransferConfig {
    TransferConfig { architecture, hidden: 8, dropout: 0.0, ..Default::default() }
}

fn network(store: &nn::VarStore, config: &TransferConfig) -> TransferNet {
    TransferNet::new(&store.root(), &prior(), 4, config).unwrap()
}

/// Names in checkpoints never change.
#[test]
fn parameters_have_these_names_and_shapes() {
    #[track_caller]
    fn check(architecture: Architecture, width: i64, expected: &[&str]) {
        let store = nn::VarStore::new(Device::Cpu);
        TransferNet::new(&store.root(), &prior(), width, &small(architecture)).unwrap();
        let mut names: Vec<String> =
            store.variables().iter().map(|(name, tensor)| format!("{name} {:?}", tensor.size())).collect();
        names.sort();
        assert_eq!(names, expected);
    }
    let gcn = ["conv1.bias [8]", "conv1.weight [6, 8]", "conv2.bias [4]", "conv2.weight [8, 4]"];
    check(Architecture::Gcn, 4, &gcn);
    let gat = [
        "conv1.att_dst [2, 8]",
        "conv1.att_src [2, 8]",
        "conv1.bias [8]",
        "conv1.weight [6, 16]",
        "conv2.att_dst [2, 4]",
        "conv2.att_src [2, 4]",
        "conv2.bias [4]",
        "conv2.weight [8, 8]",
    ];
    check(GAT, 4, &gat);
    check(Architecture::Frozen, 6, &[]);
}

#[test]
fn every_word_has_a_code() {
    for (architecture, width) in [(Architecture::Gcn, 4), (GAT, 4), (Architecture::Frozen, 6)] {
        let store = nn::VarStore::new(Device::Cpu);
        let network = TransferNet::new(&store.root(), &prior(), width, &small(architecture)).unwrap();
        assert_eq!((network.shape().size, network.shape().dim), (5, width));
        assert_eq!(network.vectors(Mode::Eval).size(), [5, width]);
        assert!(network.vectors(Mode::Eval).equal(&network.vectors(Mode::Eval)), "evaluation is random");
    }
}

#[test]
fn dropout_is_for_training_only() {
    for architecture in [Architecture::Gcn, GAT] {
        let store = nn::VarStore::new(Device::Cpu);
        let network = network(&store, &TransferConfig { dropout: 0.9, ..small(architecture) });
        assert!(!network.vectors(Mode::Train).equal(&network.vectors(Mode::Eval)));
    }
}

/// The claim of the method: a step on one code moves its neighbours.
#[test]
fn a_gradient_to_one_code_moves_its_neighbours() {
    for architecture in [Architecture::Gcn, GAT] {
        tch::manual_seed(0);
        let store = nn::VarStore::new(Device::Cpu);
        let network = network(&store, &small(architecture));
        assert!(network.learns_by_gradient());
        let before = network.vectors(Mode::Eval).detach().copy();
        let vectors = network.vectors(Mode::Train);
        vectors.get(2).sum(Kind::Float).backward(); // apple
        tch::no_grad(|| {
            for mut variable in store.trainable_variables() {
                let step = variable.grad() * 0.1;
                let _ = variable.g_sub_(&step);
            }
        });
        let moved = (network.vectors(Mode::Eval) - before).abs().sum_dim_intlist(1, false, Kind::Float);
        let moved = Vec::<f32>::try_from(moved).unwrap();
        assert!(moved.iter().all(|&distance| distance > 0.0), "codes that stayed: {moved:?}");
    }
}

/// Without edges, every code changes but that of the word that has none.
#[test]
fn attention_reads_neighbours_only() {
    let store = nn::VarStore::new(Device::Cpu);
    let whole = network(&store, &small(GAT)).vectors(Mode::Eval);
    let lone = nn::VarStore::new(Device::Cpu);
    let without = network(&lone, &TransferConfig { edges: EdgeSource::None, ..small(GAT) });
    for (name, mut variable) in lone.variables() {
        tch::no_grad(|| variable.copy_(&store.variables()[&name]));
    }
    let moved = (without.vectors(Mode::Eval) - whole).abs().sum_dim_intlist(1, false, Kind::Float);
    let moved = Vec::<f32>::try_from(moved).unwrap();
    assert!(moved[..4].iter().all(|&distance| distance > 1e-6), "{moved:?}");
    assert_eq!(moved[4], 0.0, "`lone` has no edge");
}

#[test]
fn frozen_codes_are_the_embeddings() {
    let store = nn::VarStore::new(Device::Cpu);
    let network = TransferNet::new(&store.root(), &prior(), 6, &small(Architecture::Frozen)).unwrap();
    let codes = network.vectors(Mode::Train);
    assert!(codes.equal(&Tensor::from_slice(&prior().vectors_f32()).view([5, 6])));
    assert!(!codes.requires_grad() && !network.learns_by_gradient());
}

#[test]
fn invalid_options_are_rejected() {
    let store = nn::VarStore::new(Device::Cpu);
    let rejected = |width, config: TransferConfig| {
        TransferNet::new(&store.root(), &prior(), width, &config).unwrap_err().to_string()
    };
    let gcn = small(Architecture::Gcn);
    assert!(rejected(0, TransferConfig::default()).contains("codes of positive width, got 0"));
    assert!(rejected(4, TransferConfig { hidden: 0, ..gcn.clone() }).contains("`hidden`"));
    assert!(rejected(4, TransferConfig { dropout: 1.0, ..gcn }).contains("`dropout` in 0..1, got 1"));
    assert!(rejected(4, small(Architecture::Gat { heads: 0 })).contains("`heads` >= 1, got 0"));
    assert_eq!(
        rejected(4, small(Architecture::Frozen)),
        "TransferNet::new: expected codes of the embeddings' width 6 for the architecture `frozen`, got 4"
    );
    assert!(store.variables().is_empty());
}

#[test]
fn configurations_leave_defaults_out() {
    let read = |text: &str| serde_json::from_str::<TransferConfig>(text);
    let write = |config: &TransferConfig| serde_json::to_string(config).unwrap();
    assert_eq!(read(r#"{"hidden":256,"dropout":0.5}"#).unwrap(), TransferConfig::default());
    assert_eq!(write(&TransferConfig::default()), r#"{"hidden":256,"dropout":0.5}"#);
    let config = TransferConfig {
        architecture: Architecture::Gat { heads: 4 },
        features: FeatureSource::Random { seed: 3 },
        ..Default::default()
    };
    let text =
        r#"{"architecture":{"kind":"gat","heads":4},"hidden":256,"dropout":0.5,"features":{"kind":"random","seed":3}}"#;
    assert_eq!(write(&config), text);
    assert_eq!(read(text).unwrap(), config);
    let architecture = |text: &str| read(&format!(r#"{{"architecture":{text}}}"#)).map(|config| config.architecture);
    assert_eq!(architecture(r#"{"kind":"gat"}"#).unwrap(), Architecture::Gat { heads: 4 });
    assert_eq!(architecture(r#"{"kind":"frozen"}"#).unwrap(), Architecture::Frozen);
    assert!(architecture(r#"{"kind":"gat","head":2}"#).unwrap_err().to_string().contains("head"));
    assert!(architecture(r#"{"kind":"mlp"}"#).unwrap_err().to_string().contains("mlp"));
}

fn ablated(store: &nn::VarStore, edges: EdgeSource, features: FeatureSource) -> TransferNet {
    network(store, &TransferConfig { edges, features, ..small(Architecture::Gcn) })
}

/// Without edges, a code is a perceptron of its own word.
#[test]
fn without_edges_it_is_a_perceptron() {
    let store = nn::VarStore::new(Device::Cpu);
    let network = ablated(&store, EdgeSource::None, FeatureSource::Words);
    let of: HashMap<String, Tensor> = store.variables();
    let features = Tensor::from_slice(&prior().vectors_f32()).view([5, 6]);
    let hidden = (features.matmul(&of["conv1.weight"]) + &of["conv1.bias"]).relu();
    let codes = hidden.matmul(&of["conv2.weight"]) + &of["conv2.bias"];
    let ours = network.vectors(Mode::Eval);
    assert!(f64::try_from((codes - ours).abs().max()).unwrap() < 1e-6);
}

/// A seed decides the random edges and features, and another seed gives others.
#[test]
fn a_seed_decides_random_edges_and_features() {
    tch::manual_seed(0);
    let store = nn::VarStore::new(Device::Cpu);
    let whole = ablated(&store, EdgeSource::Words, FeatureSource::Words).vectors(Mode::Eval);
    let codes = |edges, features| {
        let other = nn::VarStore::new(Device::Cpu);
        let network = ablated(&other, edges, features);
        for (name, mut variable) in other.variables() {
            tch::no_grad(|| variable.copy_(&store.variables()[&name]));
        }
        network.vectors(Mode::Eval)
    };
    let random = |seed| (EdgeSource::Random { seed }, FeatureSource::Random { seed });
    let (edges, features) = random(1);
    assert!(codes(EdgeSource::Words, FeatureSource::Words).equal(&whole));
    for (edges, features) in [(edges, FeatureSource::Words), (EdgeSource::Words, features), (edges, features)] {
        let one = codes(edges, features);
        assert!(one.equal(&codes(edges, features)), "the same seed");
        assert!(!one.equal(&whole), "{edges:?} {features:?}");
    }
    let other = random(2);
    assert!(!codes(other.0, FeatureSource::Words).equal(&codes(edges, FeatureSource::Words)), "another seed");
    assert!(!codes(EdgeSource::Words, other.1).equal(&codes(EdgeSource::Words, features)), "another seed");
}

/// Published figures depend on these numbers.
#[test]
fn random_features_never_change() {
    let store = nn::VarStore::new(Device::Cpu);
    let config = TransferConfig { features: FeatureSource::Random { seed: 7 }, ..small(Architecture::Frozen) };
    let codes = TransferNet::new(&store.root(), &prior(), 6, &config).unwrap().vectors(Mode::Eval);
    assert_eq!(Vec::<f32>::try_from(codes.get(0).narrow(0, 0, 3)).unwrap(), PINNED);
}

const PINNED: [f32; 3] = [0.7073386, 0.059423216, -0.25450936];
