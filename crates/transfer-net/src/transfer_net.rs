//! The network from words to codes.

use codebook_prior::PriorGraph;
use serde::{Deserialize, Serialize};
use tch::{Tensor, nn};
use vq_core::{Codebook, CodebookShape, Mode};

use crate::{Adjacency, EdgeSource, GraphConv, TransferError, VectorSource};

/// Options of a [`TransferNet`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TransferConfig {
    /// Width of the hidden layer.
    pub hidden: i64,
    /// Probability of dropping a hidden feature, in training only.
    pub dropout: f64,
    /// Which edges it has; those of the words if not given.
    #[serde(skip_serializing_if = "EdgeSource::is_default")]
    pub edges: EdgeSource,
    /// What it reads; the words' embeddings if not given.
    #[serde(skip_serializing_if = "VectorSource::is_default")]
    pub vectors: VectorSource,
}

/// The paper's: 256 hidden features, half of them dropped.
impl Default for TransferConfig {
    fn default() -> Self {
        Self { hidden: 256, dropout: 0.5, edges: EdgeSource::Words, vectors: VectorSource::Words }
    }
}

/// Two graph convolutions with ReLU and dropout between them (VQCT, section 3.1): `W -> hidden -> D`.
///
/// Parameters: `conv1.{weight, bias}`, `conv2.{weight, bias}`.
/// The words' embeddings are constant and not among them.
#[derive(Debug)]
pub struct TransferNet {
    adjacency: Adjacency,
    /// `[K, W]`: the embeddings after the first layer's propagation, which no parameter touches.
    propagated: Tensor,
    conv1: GraphConv,
    conv2: GraphConv,
    dropout: f64,
    shape: CodebookShape,
}

impl TransferNet {
    /// Builds the network over the words of `prior`, with codes of width `width`.
    ///
    /// # Errors
    /// [`TransferError::Option`] if a width is not positive or `dropout` is not in `0..1`.
    pub fn new(
        path: &nn::Path,
        prior: &PriorGraph,
        width: i64,
        config: &TransferConfig,
    ) -> Result<Self, TransferError> {
        let refuse = |expected, got: String| Err(TransferError::Option { op: "TransferNet::new", expected, got });
        if width < 1 {
            return refuse("codes of positive width", width.to_string());
        }
        if config.hidden < 1 {
            return refuse("a positive `hidden` width", config.hidden.to_string());
        }
        if !(0.0..1.0).contains(&config.dropout) {
            return refuse("`dropout` in 0..1", config.dropout.to_string());
        }
        let adjacency = Adjacency::new(prior.len(), &config.edges.of(prior), path.device())?;
        let (words, embedding) = (prior.len() as i64, prior.width() as i64);
        let features = Tensor::from_slice(&config.vectors.of(prior)).view([words, embedding]).to_device(path.device());
        Ok(Self {
            propagated: tch::no_grad(|| adjacency.propagate(&features)),
            adjacency,
            conv1: GraphConv::new(&(path / "conv1"), embedding, config.hidden),
            conv2: GraphConv::new(&(path / "conv2"), config.hidden, width),
            dropout: config.dropout,
            shape: CodebookShape { size: words, width },
        })
    }
}

impl Codebook for TransferNet {
    fn shape(&self) -> CodebookShape {
        self.shape
    }

    fn vectors(&self, mode: Mode) -> Tensor {
        let hidden = self.conv1.forward_propagated(&self.propagated).relu().dropout(self.dropout, mode == Mode::Train);
        self.conv2.forward(&self.adjacency, &hidden)
    }
}
