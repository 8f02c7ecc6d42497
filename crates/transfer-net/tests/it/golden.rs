//! Against PyTorch Geometric's `GCNConv` and `GATConv`; the scripts in `tests/data` write the files.

use std::collections::HashMap;
use std::path::Path;

use tch::{Device, Kind, Tensor, nn};
use transfer_net::{Adjacency, GraphAttention, GraphConv, IncomingEdges, WeightedEdge};

const NODES: usize = 12;
const HEADS: i64 = 4;

struct Golden {
    tensors: HashMap<String, Tensor>,
    edges: Vec<WeightedEdge>,
}

fn golden(name: &str) -> Golden {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name);
    let tensors: HashMap<String, Tensor> = Tensor::read_safetensors(path).unwrap().into_iter().collect();
    let ends = Vec::<i64>::try_from(tensors["ends"].view(-1)).unwrap();
    let weights = Vec::<f32>::try_from(&tensors["weights"]).unwrap();
    let edges = ends
        .chunks(2)
        .zip(weights)
        .map(|(ends, weight)| WeightedEdge { from: ends[0] as u32, to: ends[1] as u32, weight })
        .collect();
    Golden { tensors, edges }
}

#[track_caller]
fn close(ours: &Tensor, theirs: &Tensor, what: &str) {
    let error = (ours - theirs).abs().max().double_value(&[]);
    assert!(error < 1e-5, "{what} differs by {error}");
}

/// Fills the parameters with the golden's.
fn fill(store: &nn::VarStore, golden: &Golden) {
    for (name, mut variable) in store.variables() {
        tch::no_grad(|| variable.copy_(&golden.tensors[&name]));
    }
}

/// Compares the second layer's output, and the gradients of all parameters.
fn check(store: &nn::VarStore, golden: &Golden, output: &Tensor) {
    close(output, &golden.tensors["output"], "second layer");
    (output * &golden.tensors["upstream"]).sum(Kind::Float).backward();
    for (name, variable) in store.variables() {
        close(&variable.grad(), &golden.tensors[&format!("{name}.grad")], &name);
    }
}

#[test]
fn graph_convolution_equals_pytorch_geometrics() {
    let golden = golden("graph_conv.safetensors");
    let adjacency = Adjacency::new(NODES, &golden.edges, Device::Cpu).unwrap();
    let store = nn::VarStore::new(Device::Cpu);
    let conv1 = GraphConv::new(&(store.root() / "conv1"), 6, 8);
    let conv2 = GraphConv::new(&(store.root() / "conv2"), 8, 4);
    fill(&store, &golden);

    let middle = conv1.forward(&adjacency, &golden.tensors["features"]);
    close(&middle, &golden.tensors["middle"], "first layer");
    let propagated = conv1.forward_propagated(&adjacency.propagate(&golden.tensors["features"]));
    close(&propagated, &golden.tensors["middle"], "first layer over propagated features");
    check(&store, &golden, &conv2.forward(&adjacency, &propagated.relu()));
}

#[test]
fn graph_attention_equals_pytorch_geometrics() {
    let golden = golden("graph_attention.safetensors");
    let edges = IncomingEdges::new(NODES, &golden.edges, HEADS, Device::Cpu).unwrap();
    let store = nn::VarStore::new(Device::Cpu);
    let conv1 = GraphAttention::new(&(store.root() / "conv1"), 6, 8, HEADS);
    let conv2 = GraphAttention::new(&(store.root() / "conv2"), 8, 4, HEADS);
    fill(&store, &golden);

    let middle = conv1.forward(&edges, &golden.tensors["features"]);
    close(&middle, &golden.tensors["middle"], "first layer");
    check(&store, &golden, &conv2.forward(&edges, &middle.relu()));
}
