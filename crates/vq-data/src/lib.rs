//! Captioned images for tokenizers, with an embedded default set.
