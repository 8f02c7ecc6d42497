//! Tests of the public interface.

#[cfg(feature = "png")]
mod png;
mod tensor_file;
