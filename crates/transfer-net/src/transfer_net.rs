//! The network from words to codes.

use codebook_prior::PriorGraph;
use tch::{Tensor, nn};
use vq_core::{Codebook, CodebookShape, Mode};

use crate::{Adjacency, Architecture, GraphAttention, GraphConv, IncomingEdges, TransferConfig, TransferError};

/// A codebook that is computed from word embeddings (VQCT, section 3.1).
///
/// | [`Architecture`] | layers | parameters |
/// |---|---|---|
/// | `Gcn` | graph convolution `W -> hidden`, ReLU, dropout, graph convolution `hidden -> D` | `conv1.{weight, bias}`, `conv2.{weight, bias}` |
/// | `Gat` | the same with graph attention | `conv1.{weight, att_src, att_dst, bias}`, likewise `conv2` |
/// | `Frozen` | none: the codes are the features, `D = W` | none |
///
/// The features are constants and not among the parameters.
///
/// The source of VQCT has graph attention with four heads and raw vectors as ablations; we know no further detail.
/// ReLU and dropout between the attention layers, the mean over the heads of both layers, and edges that count as often
/// as their pair of words occurs are our choice.
#[derive(Debug)]
pub struct TransferNet {
    layers: Layers,
    dropout: f64,
    shape: CodebookShape,
}

#[derive(Debug)]
enum Layers {
    Gcn {
        adjacency: Adjacency,
        /// `[K, W]`: the features after the first layer's propagation, which involves no parameter.
        propagated: Tensor,
        conv1: GraphConv,
        conv2: GraphConv,
    },
    Gat {
        edges: IncomingEdges,
        /// `[K, W]`.
        features: Tensor,
        conv1: GraphAttention,
        conv2: GraphAttention,
    },
    Frozen {
        /// `[K, D]`.
        features: Tensor,
    },
}

impl TransferNet {
    /// Builds the network over the words of `prior`, with codes of width `width`, on the device of `path`.
    ///
    /// # Errors
    /// [`TransferError::Option`] if a width or the number of heads is not positive, if `dropout` is not in `0..1`, or
    /// if frozen codes are to have another width than the embeddings.
    pub fn new(
        path: &nn::Path,
        prior: &PriorGraph,
        width: i64,
        config: &TransferConfig,
    ) -> Result<Self, TransferError> {
        const OP: &str = "TransferNet::new";
        let refuse =
            |expected: &str, got: String| Err(TransferError::Option { op: OP, expected: expected.into(), got });
        if width < 1 {
            return refuse("codes of positive width", width.to_string());
        }
        if config.hidden < 1 {
            return refuse("a positive `hidden` width", config.hidden.to_string());
        }
        if !(0.0..1.0).contains(&config.dropout) {
            return refuse("`dropout` in 0..1", config.dropout.to_string());
        }
        let (words, inputs, hidden) = (prior.len() as i64, prior.embedding_dim() as i64, config.hidden);
        let device = path.device();
        let edges = || config.edges.of(prior);
        let features = || Tensor::from_slice(&config.features.of(prior)).view([words, inputs]).to_device(device);
        let layers = match config.architecture {
            Architecture::Gcn => {
                let adjacency = Adjacency::new(prior.len(), &edges(), device)?;
                Layers::Gcn {
                    propagated: tch::no_grad(|| adjacency.propagate(&features())),
                    adjacency,
                    conv1: GraphConv::new(&(path / "conv1"), inputs, hidden),
                    conv2: GraphConv::new(&(path / "conv2"), hidden, width),
                }
            }
            Architecture::Gat { heads } => Layers::Gat {
                edges: IncomingEdges::new(prior.len(), &edges(), heads, device)?,
                features: features(),
                conv1: GraphAttention::new(&(path / "conv1"), inputs, hidden, heads),
                conv2: GraphAttention::new(&(path / "conv2"), hidden, width, heads),
            },
            Architecture::Frozen if width == inputs => Layers::Frozen { features: features() },
            Architecture::Frozen => {
                let expected = format!("codes of the embeddings' width {inputs} for the architecture `frozen`");
                return refuse(&expected, width.to_string());
            }
        };
        Ok(Self { layers, dropout: config.dropout, shape: CodebookShape { size: words, dim: width } })
    }
}

impl Codebook for TransferNet {
    fn shape(&self) -> CodebookShape {
        self.shape
    }

    fn vectors(&self, mode: Mode) -> Tensor {
        let activate = |hidden: Tensor| hidden.relu().dropout(self.dropout, mode == Mode::Train);
        match &self.layers {
            Layers::Gcn { adjacency, propagated, conv1, conv2 } => {
                conv2.forward(adjacency, &activate(conv1.forward_propagated(propagated)))
            }
            Layers::Gat { edges, features, conv1, conv2 } => {
                conv2.forward(edges, &activate(conv1.forward(edges, features)))
            }
            Layers::Frozen { features } => features.shallow_clone(),
        }
    }

    fn learns_by_gradient(&self) -> bool {
        !matches!(self.layers, Layers::Frozen { .. })
    }
}
