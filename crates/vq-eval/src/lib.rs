//! Image and codebook metrics as accumulators.
