//! The command as a user meets it.

mod errors;
mod kill;
mod roundtrip;
mod support;
