//! Options of a generator.

use serde::{Deserialize, Serialize};
use vq_nn::{BlockConfig, CrossAttention, InputError, Projections, ResidualInit, check_option};

/// Options of a [`Generator`](crate::Generator).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GeneratorConfig {
    /// In which order ids are generated.
    pub order: Order,
    /// The transformer over positions.
    pub transformer: TransformerConfig,
    /// What ids are embedded and scored by; learned vectors by default.
    pub ids: IdSource,
    /// Probability that an image's condition is dropped in training, so that the generator also learns the unconditional
    /// distribution (classifier-free guidance, arXiv 2207.12598); 0.1 by default.
    pub condition_dropout: f64,
    /// Share of each target's probability that is spread over all codes of its slot, in training; 0 by default.
    pub label_smoothing: f64,
}

impl Default for GeneratorConfig {
    fn default() -> Self {
        Self {
            order: Order::default(),
            transformer: TransformerConfig::default(),
            ids: IdSource::default(),
            condition_dropout: 0.1,
            label_smoothing: 0.0,
        }
    }
}

/// In which order the ids of an image are generated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Order {
    /// Row by row, and slot by slot within a position.
    Autoregressive {
        /// Blocks of the depth transformer, which predicts the slots of a position one after another; unused with one
        /// slot.
        depth_layers: i64,
    },
    /// All positions in parallel, over a few rounds that keep the most confident ids (MaskGIT, arXiv 2202.04200).
    Masked,
}

impl Default for Order {
    fn default() -> Self {
        Self::Autoregressive { depth_layers: 1 }
    }
}

/// What the vectors that embed and score ids are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IdSource {
    /// A learned vector for each id.
    #[default]
    Learned,
    /// A learned vector, plus the output of an MLP, one for each slot, for the id's code in the tokenizer. Similar codes
    /// then share what is learned, so that large codebooks need far fewer images.
    Codes,
}

/// How a transformer encodes the position of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Positions {
    /// A learned vector for each position, added once.
    #[default]
    Learned,
    /// Queries and keys rotated by row and column in each attention (RoFormer, arXiv 2104.09864; axial form of
    /// arXiv 2403.13298).
    #[serde(rename = "rotary-2d")]
    Rotary2d,
}

/// Options of the transformer over positions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TransformerConfig {
    /// `M`, the width; 384 by default.
    pub width: i64,
    /// `A`, the heads of each attention, which divide the width; 6 by default.
    pub heads: i64,
    /// Blocks; 6 by default.
    pub layers: i64,
    /// Features of an MLP's hidden layer, as a multiple of the width; 4 by default.
    pub expansion: i64,
    /// Probability of dropping a feature, in training only; 0.1 by default.
    pub dropout: f64,
    /// How positions are encoded; learned by default.
    pub positions: Positions,
    /// Whether the heads share their weights with the embeddings of the ids (arXiv 1608.05859); false by default.
    pub tie_weights: bool,
}

impl Default for TransformerConfig {
    fn default() -> Self {
        Self {
            width: 384,
            heads: 6,
            layers: 6,
            expansion: 4,
            dropout: 0.1,
            positions: Positions::Learned,
            tie_weights: false,
        }
    }
}

impl GeneratorConfig {
    /// Checks every option.
    ///
    /// # Errors
    /// [`InputError::Option`] with the key of the first invalid option.
    pub fn check(&self) -> Result<(), InputError> {
        const OP: &str = "GeneratorConfig";
        if let Order::Autoregressive { depth_layers } = self.order {
            check_option(OP, "depth_layers", depth_layers >= 1, "to be positive", depth_layers)?;
        }
        let dropped = self.condition_dropout;
        check_option(OP, "condition_dropout", (0.0..=1.0).contains(&dropped), "in 0..=1", dropped)?;
        let smoothing = self.label_smoothing;
        check_option(OP, "label_smoothing", (0.0..1.0).contains(&smoothing), "in 0..1", smoothing)?;
        self.transformer.check()
    }
}

impl TransformerConfig {
    /// Checks every option.
    ///
    /// # Errors
    /// [`InputError::Option`] with the key of the first invalid option.
    pub fn check(&self) -> Result<(), InputError> {
        const OP: &str = "TransformerConfig";
        let Self { width, heads, layers, expansion, dropout, positions, .. } = *self;
        let positive = [("width", width), ("heads", heads), ("layers", layers), ("expansion", expansion)];
        for (key, value) in positive {
            check_option(OP, key, value >= 1, "to be positive", value)?;
        }
        check_option(OP, "heads", width % heads == 0, &format!("to divide the width of {width}"), heads)?;
        if positions == Positions::Rotary2d {
            let expected = format!("to leave a multiple of 4 of the width of {width} to each, for rotary-2d");
            check_option(OP, "heads", (width / heads) % 4 == 0, &expected, heads)?;
        }
        check_option(OP, "dropout", (0.0..1.0).contains(&dropout), "in 0..1", dropout)
    }

    /// One of `layers` blocks.
    pub(crate) fn block(&self, layers: i64) -> BlockConfig {
        BlockConfig {
            width: self.width,
            heads: self.heads,
            hidden: self.width * self.expansion,
            projections: Projections::Fused,
            cross_attention: CrossAttention::Without,
            residual_init: ResidualInit::DepthScaled { layers },
        }
    }
}
