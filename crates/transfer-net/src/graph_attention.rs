//! Graph attention.

use tch::{Kind, Tensor, nn};

use crate::IncomingEdges;

/// Graph attention (Velickovic et al. 2018, arXiv 1710.10903, equations 3, 4 and 6): several heads, averaged.
///
/// Head `h` computes `sum_j softmax_j(LeakyReLU(a_src . W x_j + a_dst . W x_i)) W x_j` over the incoming edges
/// `j -> i` of each node `i`, with slope 0.2 and a self-loop on every node.
/// It equals PyTorch Geometric's `GATConv(inputs, outputs, heads, concat=False)` in which an edge of weight `w` is
/// listed `w` times.
///
/// Parameters: `weight`, `[inputs, heads * outputs]`, head by head; `att_src` and `att_dst`, `[heads, outputs]`; all
/// three Glorot-uniform; `bias`, `[outputs]`, zero.
#[derive(Debug)]
pub struct GraphAttention {
    weight: Tensor,
    att_src: Tensor,
    att_dst: Tensor,
    bias: Tensor,
}

impl GraphAttention {
    /// Registers the parameters of `heads` heads under `path`.
    pub fn new(path: &nn::Path, inputs: i64, outputs: i64, heads: i64) -> Self {
        let glorot = |name: &str, size: [i64; 2]| {
            let bound = (6.0 / (size[0] + size[1]) as f64).sqrt();
            path.uniform(name, &size, -bound, bound)
        };
        Self {
            weight: glorot("weight", [inputs, heads * outputs]),
            att_src: glorot("att_src", [heads, outputs]),
            att_dst: glorot("att_dst", [heads, outputs]),
            bias: path.zeros("bias", &[outputs]),
        }
    }

    /// Features `[K, inputs]` of all nodes to `[K, outputs]`; `edges` lists the edges of as many heads.
    pub fn forward(&self, edges: &IncomingEdges, features: &Tensor) -> Tensor {
        let (nodes, [heads, outputs]) = (features.size()[0], [self.att_src.size()[0], self.att_src.size()[1]]);
        let values = features.mm(&self.weight).view([nodes, heads, outputs]);
        let scores = |vectors: &Tensor| (&values * vectors).sum_dim_intlist(2, false, None::<Kind>).flatten(0, 1);
        let (source_scores, target_scores) = (scores(&self.att_src), scores(&self.att_dst)); // [K * heads]
        let means = edges.attend(&values.flatten(0, 1), &source_scores, &target_scores); // [K * heads, outputs]
        means.view([nodes, heads, outputs]).mean_dim(1, false, None::<Kind>) + &self.bias
    }
}
