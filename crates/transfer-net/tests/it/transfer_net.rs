use codebook_prior::{Edge, PartOfSpeech, Precision, PriorGraph, PriorParts, Provenance, Vectors, Word};
use tch::{Device, Kind, Tensor, nn};
use transfer_net::{EdgeSource, TransferConfig, TransferNet, VectorSource};
use vq_core::{Codebook, Mode};

/// Two adjectives and three nouns; `lone` has no edge.
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
    let vectors = Vectors::new(&values, 6, Precision::F32);
    PriorGraph::new(PriorParts { words, edges, vectors, provenance: Provenance::default() }).unwrap()
}

fn network(store: &nn::VarStore, dropout: f64) -> TransferNet {
    TransferNet::new(&store.root(), &prior(), 4, &TransferConfig { hidden: 8, dropout, ..Default::default() }).unwrap()
}

#[test]
fn it_registers_its_names() {
    let store = nn::VarStore::new(Device::Cpu);
    network(&store, 0.5);
    let variables = store.variables();
    let mut names: Vec<_> = variables.iter().map(|(name, tensor)| (name.as_str(), tensor.size())).collect();
    names.sort();
    assert_eq!(
        names,
        [("conv1.bias", vec![8]), ("conv1.weight", vec![6, 8]), ("conv2.bias", vec![4]), ("conv2.weight", vec![8, 4])]
    );
}

#[test]
fn there_is_a_code_for_each_word() {
    let store = nn::VarStore::new(Device::Cpu);
    let network = network(&store, 0.5);
    assert_eq!((network.shape().size, network.shape().width), (5, 4));
    assert_eq!(network.vectors(Mode::Eval).size(), [5, 4]);
    assert!(network.vectors(Mode::Eval).equal(&network.vectors(Mode::Eval)), "evaluation is left to chance");
}

#[test]
fn dropout_is_for_training_only() {
    let store = nn::VarStore::new(Device::Cpu);
    let network = network(&store, 0.9);
    assert!(!network.vectors(Mode::Train).equal(&network.vectors(Mode::Eval)));
}

/// The claim of the method: one code's gradient moves its neighbours. It does even with the weights held, through the
/// adjacency.
#[test]
fn a_gradient_to_one_code_moves_its_neighbours() {
    let store = nn::VarStore::new(Device::Cpu);
    let network = network(&store, 0.0);
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

#[test]
fn options_that_make_no_sense_are_refused() {
    let store = nn::VarStore::new(Device::Cpu);
    let refused = |width, config: TransferConfig| {
        TransferNet::new(&store.root(), &prior(), width, &config).unwrap_err().to_string()
    };
    assert!(refused(0, TransferConfig::default()).contains("codes of positive width, got 0"));
    assert!(refused(4, TransferConfig { hidden: 0, dropout: 0.0, ..Default::default() }).contains("`hidden`"));
    assert!(
        refused(4, TransferConfig { hidden: 8, dropout: 1.0, ..Default::default() })
            .contains("`dropout` in 0..1, got 1")
    );
}

fn ablated(store: &nn::VarStore, edges: EdgeSource, vectors: VectorSource) -> TransferNet {
    let config = TransferConfig { hidden: 8, dropout: 0.0, edges, vectors };
    TransferNet::new(&store.root(), &prior(), 4, &config).unwrap()
}

/// Without edges a code is a perceptron of its own word.
#[test]
fn without_edges_it_is_a_perceptron() {
    let store = nn::VarStore::new(Device::Cpu);
    let network = ablated(&store, EdgeSource::None, VectorSource::Words);
    let of: std::collections::HashMap<String, Tensor> = store.variables();
    let features = Tensor::from_slice(&prior().vectors_f32()).view([5, 6]);
    let hidden = (features.matmul(&of["conv1.weight"]) + &of["conv1.bias"]).relu();
    let codes = hidden.matmul(&of["conv2.weight"]) + &of["conv2.bias"];
    let ours = network.vectors(Mode::Eval);
    assert!(f64::try_from((codes - ours).abs().max()).unwrap() < 1e-6);
}

/// What moves with a code when its own word's vector is all that matters: with random edges, others.
#[test]
fn edges_and_vectors_are_drawn_by_a_seed() {
    tch::manual_seed(0);
    let store = nn::VarStore::new(Device::Cpu);
    let whole = ablated(&store, EdgeSource::Words, VectorSource::Words).vectors(Mode::Eval);
    let codes = |edges, vectors| {
        let other = nn::VarStore::new(Device::Cpu);
        let network = ablated(&other, edges, vectors);
        for (name, mut variable) in other.variables() {
            tch::no_grad(|| variable.copy_(&store.variables()[&name]));
        }
        network.vectors(Mode::Eval)
    };
    let random = |seed| (EdgeSource::Random { seed }, VectorSource::Random { seed });
    let (edges, vectors) = random(1);
    assert!(codes(EdgeSource::Words, VectorSource::Words).equal(&whole));
    for (edges, vectors) in [(edges, VectorSource::Words), (EdgeSource::Words, vectors), (edges, vectors)] {
        let one = codes(edges, vectors);
        assert!(one.equal(&codes(edges, vectors)), "the same seed");
        assert!(!one.equal(&whole), "{edges:?} {vectors:?}");
    }
    let other = random(2);
    assert!(!codes(other.0, VectorSource::Words).equal(&codes(edges, VectorSource::Words)), "another seed");
    assert!(!codes(EdgeSource::Words, other.1).equal(&codes(EdgeSource::Words, vectors)), "another seed");
}
