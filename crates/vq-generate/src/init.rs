//! How learned embeddings start.

/// Standard deviation of the initial embeddings of ids and positions, as in GPT-2.
pub(crate) const EMBEDDING_STD: f64 = 0.02;
