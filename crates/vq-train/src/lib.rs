//! Training of image tokenizers: configuration, loop, checkpoints, logs.
