//! The incoming edges of every node, as graph attention reads them.

use tch::{Device, Kind, Tensor};

use crate::edge::check_edges;
use crate::{TransferError, WeightedEdge};

/// The incoming edges of every node of an undirected graph, self-loops included, once for each attention head.
///
/// Attention heads are copies of the graph: node `n` of head `h` is row `n * heads + h`, so one pass over `heads * K`
/// rows serves all heads.
/// `E` counts the edges of one head: both directions and the self-loops.
#[derive(Debug)]
pub struct IncomingEdges {
    heads: i64,
    /// `[heads * E]`, `Int64`: the row that an edge leaves, in the order of `targets`.
    sources: Tensor,
    /// `[heads * E]`, `Int64`, ascending: the row that an edge enters.
    targets: Tensor,
    /// `[heads * K]`, `Int64`: the position of each row's first edge.
    offsets: Tensor,
    /// `[heads * E]`, `Float`: the logarithm of each edge's weight.
    log_weights: Tensor,
}

impl IncomingEdges {
    /// Lists the edges of the graph with `nodes` nodes on `device`, for a number of attention heads.
    ///
    /// Every node gets one self-loop of weight 1; a self-loop among `edges` is replaced by it.
    ///
    /// # Errors
    /// [`TransferError::Node`] if an edge ends outside `0..nodes`; [`TransferError::Weight`] if a weight is not
    /// positive and finite; [`TransferError::Option`] if there is no head.
    pub fn new(nodes: usize, edges: &[WeightedEdge], heads: i64, device: Device) -> Result<Self, TransferError> {
        const OP: &str = "IncomingEdges::new";
        check_edges(OP, nodes, edges)?;
        if heads < 1 {
            return Err(TransferError::Option { op: OP, expected: "`heads` >= 1".into(), got: heads.to_string() });
        }
        let mut incoming: Vec<Vec<(u32, f32)>> = vec![Vec::new(); nodes];
        for &WeightedEdge { from, to, weight } in edges.iter().filter(|edge| edge.from != edge.to) {
            incoming[to as usize].push((from, weight.ln()));
            incoming[from as usize].push((to, weight.ln()));
        }
        (0..).zip(&mut incoming).for_each(|(node, edges)| edges.push((node, 0.0))); // the self-loop
        let (mut sources, mut targets, mut offsets, mut log_weights) = (vec![], vec![], vec![], vec![]);
        for (node, edges) in (0_i64..).zip(&incoming) {
            for head in 0..heads {
                offsets.push(sources.len() as i64);
                for &(source, log_weight) in edges {
                    sources.push(i64::from(source) * heads + head);
                    targets.push(node * heads + head);
                    log_weights.push(log_weight);
                }
            }
        }
        let list = |rows: &[i64]| Tensor::from_slice(rows).to_device(device);
        let (sources, targets, offsets) = (list(&sources), list(&targets), list(&offsets));
        Ok(Self { heads, sources, targets, offsets, log_weights: Tensor::from_slice(&log_weights).to_device(device) })
    }

    /// Number of attention heads.
    pub fn heads(&self) -> i64 {
        self.heads
    }

    /// Means of the rows of `values` over the incoming edges of each row, weighted by a softmax.
    ///
    /// `values` is `[heads * K, C]`; `source_scores` and `target_scores` are `[heads * K]`; the result is
    /// `[heads * K, C]`.
    /// The logit of an edge is `LeakyReLU(source score + target score) + ln(weight)`, so an edge of weight 3 counts as
    /// three edges of weight 1.
    pub(crate) fn attend(&self, values: &Tensor, source_scores: &Tensor, target_scores: &Tensor) -> Tensor {
        // PyTorch documents the gradient of `index_select` and `index_add` itself as nondeterministic on CUDA, but not
        // those of `embedding` and of sums by `embedding_bag`. The latter also does not copy the values for each edge.
        let score = |scores: &Tensor, rows: &Tensor| Tensor::embedding(&scores.unsqueeze(1), rows, -1, false, false);
        let sums = score(source_scores, &self.sources) + score(target_scores, &self.targets);
        let logits = leaky_relu(&sums).squeeze_dim(1) + self.log_weights.to_kind(sums.kind()); // [heads * E]
        let exponentials = (&logits - self.largest(&logits)).exp();
        let sum = |rows: &Tensor| self.pool(rows, &self.sources, SUM, Some(&exponentials));
        let ones = Tensor::ones([values.size()[0], 1], (values.kind(), values.device()));
        sum(values) / sum(&ones)
    }

    /// For each edge, the largest logit that enters its row, `[heads * E]`, off the autograd graph: the softmax does
    /// not depend on it, but its exponentials stay finite.
    fn largest(&self, logits: &Tensor) -> Tensor {
        let edges = Tensor::arange(self.sources.size()[0], (Kind::Int64, logits.device()));
        let largest = self.pool(&logits.detach().unsqueeze(1), &edges, MAXIMUM, None); // [heads * K, 1]
        largest.squeeze_dim(1).index_select(0, &self.targets)
    }

    /// The sum or maximum over the incoming edges of each row: of `rows` `[N, C]` at `indices` `[heads * E]`, times
    /// `weights` `[heads * E]`; `[heads * K, C]`.
    fn pool(&self, rows: &Tensor, indices: &Tensor, mode: i64, weights: Option<&Tensor>) -> Tensor {
        Tensor::embedding_bag(rows, indices, &self.offsets, false, mode, false, weights, false).0
    }
}

/// Numbers of `embedding_bag`'s modes.
const SUM: i64 = 0;
const MAXIMUM: i64 = 2;
/// Slope of the leaky ReLU below zero (Velickovic et al. 2018, section 2.1).
const SLOPE: f64 = 0.2;

fn leaky_relu(xs: &Tensor) -> Tensor {
    xs.where_self(&xs.gt(0.0), &(xs * SLOPE))
}
