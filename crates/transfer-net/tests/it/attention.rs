//! Graph attention against a dense softmax over all pairs of nodes, in f64.

use std::collections::HashMap;

use proptest::prelude::*;
use tch::{Device, Kind, Tensor, nn};
use transfer_net::{GraphAttention, IncomingEdges, WeightedEdge};

use crate::support::{NODES, graphs, largest_difference, with_self_loops};

const INPUTS: i64 = 3;
const OUTPUTS: i64 = 5;

/// A layer in f64 whose parameters, biases too, are random.
fn layer(heads: i64) -> (nn::VarStore, GraphAttention) {
    let mut store = nn::VarStore::new(Device::Cpu);
    let layer = GraphAttention::new(&store.root(), INPUTS, OUTPUTS, heads);
    store.double();
    tch::no_grad(|| store.variables().into_values().for_each(|mut variable| drop(variable.normal_(0.0, 1.0))));
    (store, layer)
}

fn features() -> Tensor {
    Tensor::arange(i64::from(NODES) * INPUTS, (Kind::Double, Device::Cpu)).view([-1, INPUTS]).sin()
}

fn incoming(edges: &[WeightedEdge], heads: i64) -> IncomingEdges {
    IncomingEdges::new(NODES as usize, edges, heads, Device::Cpu).unwrap()
}

/// The formula, head by head, with a matrix of attention weights `[K, K]`: its row is the node that is entered.
fn dense(parameters: &HashMap<String, Tensor>, edges: &[WeightedEdge], features: &Tensor, heads: i64) -> Tensor {
    let weights = with_self_loops(edges);
    let outputs = (0..heads).map(|head| {
        let values = features.mm(&parameters["weight"].narrow(1, head * OUTPUTS, OUTPUTS)); // [K, C]
        let score = |name: &str| values.mv(&parameters[name].get(head)); // [K]
        let sums = score("att_dst").unsqueeze(1) + score("att_src").unsqueeze(0); // [K, K]
        let logits = sums.relu() - (-sums).relu() * 0.2;
        let shares = logits.exp() * &weights;
        let shares = &shares / shares.sum_dim_intlist(1, true, Kind::Double);
        shares.mm(&values)
    });
    let outputs: Vec<Tensor> = outputs.collect();
    Tensor::stack(&outputs, 0).mean_dim(0, false, Kind::Double) + &parameters["bias"]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn outputs_and_gradients_equal_the_dense_formula(edges in graphs(), heads in 1_i64..5) {
        let (store, layer) = layer(heads);
        let upstream = (Tensor::arange(i64::from(NODES) * OUTPUTS, (Kind::Double, Device::Cpu)) * 0.7).cos();
        let mut gradients = Vec::new();
        let mut outputs = Vec::new();
        for sparse in [true, false] {
            let features = features().set_requires_grad(true);
            let output = match sparse {
                true => layer.forward(&incoming(&edges, heads), &features),
                false => dense(&store.variables(), &edges, &features, heads),
            };
            (&output * upstream.view([-1, OUTPUTS])).sum(Kind::Double).backward();
            let mut all: Vec<(String, Tensor)> =
                store.variables().into_iter().map(|(name, variable)| (name, variable.grad().copy())).collect();
            all.push(("features".to_owned(), features.grad()));
            all.sort_by(|(one, _), (other, _)| one.cmp(other));
            gradients.push(all);
            outputs.push(output);
            store.trainable_variables().iter_mut().for_each(Tensor::zero_grad);
        }
        let error = largest_difference(&outputs[0], &outputs[1]);
        // Edge weights are f32 in one and f64 in the other.
        prop_assert!(error < 1e-5, "outputs differ by {error}");
        for ((name, ours), (_, theirs)) in gradients[0].iter().zip(&gradients[1]) {
            let error = largest_difference(ours, theirs);
            let scale = theirs.abs().max().double_value(&[]).max(1.0);
            prop_assert!(error < 1e-5 * scale, "gradients of {name} differ by {error}");
        }
    }

    /// The weights of each node sum to one, so equal features stay equal.
    #[test]
    fn equal_nodes_get_equal_outputs(edges in graphs()) {
        let (store, layer) = layer(2);
        let features = features().get(3).expand([i64::from(NODES), INPUTS], false);
        let output = layer.forward(&incoming(&edges, 2), &features);
        let expected = dense(&store.variables(), &[], &features, 2);
        prop_assert!(largest_difference(&output, &expected) < 1e-12);
    }

    /// An edge of weight `a + b` is an edge of weight `a` and one of weight `b`.
    #[test]
    fn repeated_edges_add_up(edges in graphs(), share in 0.1_f32..0.9) {
        let (_store, layer) = layer(2);
        let part = |share: f32| edges.iter().map(move |edge| WeightedEdge { weight: edge.weight * share, ..*edge });
        let split: Vec<WeightedEdge> = part(share).chain(part(1.0 - share)).collect();
        let [whole, split] = [&edges, &split].map(|edges| layer.forward(&incoming(edges, 2), &features()));
        prop_assert!(largest_difference(&whole, &split) < 1e-5);
    }
}

#[test]
fn a_self_loop_in_the_list_is_replaced() {
    let (_store, layer) = layer(3);
    let edge = WeightedEdge { from: 0, to: 1, weight: 2.0 };
    let looped = [edge, WeightedEdge { from: 4, to: 4, weight: 9.0 }];
    let [plain, looped] = [&[edge][..], &looped].map(|edges| layer.forward(&incoming(edges, 3), &features()));
    assert!(plain.equal(&looped));
}

#[test]
fn large_logits_stay_finite() {
    let (store, layer) = layer(2);
    tch::no_grad(|| store.variables().into_values().for_each(|mut variable| drop(variable.g_mul_scalar_(1e3))));
    let edges = [WeightedEdge { from: 0, to: 1, weight: 1e30 }, WeightedEdge { from: 1, to: 2, weight: 1e-30 }];
    let features = features().set_requires_grad(true);
    let output = layer.forward(&incoming(&edges, 2), &features);
    output.sum(Kind::Double).backward();
    for tensor in [&output, &features.grad()] {
        assert!(bool::try_from(tensor.isfinite().all()).unwrap(), "{tensor:?}");
    }
}
