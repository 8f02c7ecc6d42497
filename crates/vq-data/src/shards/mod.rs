//! Tar shards as they are read and written.

pub(crate) mod index;
pub(crate) mod keys;
pub(crate) mod metadata;
