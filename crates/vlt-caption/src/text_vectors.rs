//! Vectors of captions in the language model's space.

use tch::{Kind, Tensor};

use crate::batch::CaptionBatch;
use crate::decoder::CaptionDecoder;

impl CaptionDecoder {
    /// The embeddings of each caption's words, `[B, T - 1, E]`: without the begin token, and zero from the end token on.
    pub fn caption_word_vectors(&self, batch: &CaptionBatch) -> Tensor {
        let longest = batch.ids.size()[1];
        let ids = batch.ids.narrow(1, 1, longest - 1);
        let positions = Tensor::arange(longest - 1, (Kind::Int64, ids.device())).unsqueeze(0);
        let real = positions.lt_tensor(&(&batch.lengths - 2).unsqueeze(1)).unsqueeze(2); // [B, T - 1, 1]
        self.word_vectors(&ids).where_scalarother(&real, 0.0)
    }

    /// The mean embedding of each caption's words, `[B, E]`; zero for an image without caption.
    pub fn text_vectors(&self, batch: &CaptionBatch) -> Tensor {
        let counts = batch.word_counts().clamp_min(1).unsqueeze(1);
        let words = self.caption_word_vectors(batch);
        words.sum_dim_intlist(1, false, Kind::Float) / counts
    }
}
