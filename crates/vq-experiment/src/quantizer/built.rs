//! What a `[quantizer]` table builds.

use vq_core::{Quantizer, SharedCodebook};

/// A quantizer, and its codebooks.
pub struct BuiltQuantizer {
    /// The quantizer.
    pub quantizer: Box<dyn Quantizer>,
    /// The codebooks that it uses; freezing them fixes its codes.
    pub codebooks: Vec<SharedCodebook>,
}
