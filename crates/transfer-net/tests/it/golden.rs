//! Against PyTorch Geometric's `GCNConv`; `tests/data/make_graph_conv.py` makes the file.

use std::collections::HashMap;
use std::path::Path;

use tch::{Device, Kind, Tensor, nn};
use transfer_net::{Adjacency, GraphConv, WeightedEdge};

fn golden() -> HashMap<String, Tensor> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/graph_conv.safetensors");
    Tensor::read_safetensors(path).unwrap().into_iter().collect()
}

fn close(ours: &Tensor, theirs: &Tensor, what: &str) {
    let error = (ours - theirs).abs().max().double_value(&[]);
    assert!(error < 1e-5, "{what} differs by {error}");
}

#[test]
fn outputs_and_gradients_equal_pytorch_geometrics() {
    let golden = golden();
    let ends = Vec::<i64>::try_from(golden["ends"].view(-1)).unwrap();
    let weights = Vec::<f32>::try_from(&golden["weights"]).unwrap();
    let edges: Vec<WeightedEdge> = ends
        .chunks(2)
        .zip(weights)
        .map(|(ends, weight)| WeightedEdge { from: ends[0] as u32, to: ends[1] as u32, weight })
        .collect();
    let adjacency = Adjacency::new(12, &edges, Device::Cpu).unwrap();

    let store = nn::VarStore::new(Device::Cpu);
    let conv1 = GraphConv::new(&(store.root() / "conv1"), 6, 8);
    let conv2 = GraphConv::new(&(store.root() / "conv2"), 8, 4);
    for (name, mut variable) in store.variables() {
        tch::no_grad(|| variable.copy_(&golden[&name]));
    }

    let middle = conv1.forward(&adjacency, &golden["features"]);
    close(&middle, &golden["middle"], "first layer");
    let propagated = conv1.forward_propagated(&adjacency.propagate(&golden["features"]));
    close(&propagated, &golden["middle"], "first layer over propagated features");

    let output = conv2.forward(&adjacency, &propagated.relu());
    close(&output, &golden["output"], "second layer");
    (output * &golden["upstream"]).sum(Kind::Float).backward();
    for (name, variable) in store.variables() {
        close(&variable.grad(), &golden[&format!("{name}.grad")], &name);
    }
}
