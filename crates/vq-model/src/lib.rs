//! VQGAN autoencoder and the image tokenizer built on it.
