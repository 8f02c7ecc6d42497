//! The `vqct` command.
fn main() {}
