//! Seeded random streams: the same numbers on every machine, in every process, whatever was drawn before.
//!
//! A [`RandomStream`] is a ChaCha8 generator keyed by three numbers: a seed, a purpose and a counter.
//! Streams of different keys are independent, so a program can draw the numbers of epoch 7 without those of epochs 0 to
//! 6.
//! The distributions are written out here: an update of a library cannot change the order of a resumed run or a
//! published figure.
//!
//! ```
//! use vq_random::RandomStream;
//!
//! let mut stream = RandomStream::keyed(42, 1, 0);
//! let first = stream.below(10);
//! assert!(first < 10);
//! assert_eq!(RandomStream::keyed(42, 1, 0).below(10), first);
//! ```

mod seed;
mod stream;

pub use seed::derive_seed;
pub use stream::RandomStream;

/// Runs the example of the README as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
