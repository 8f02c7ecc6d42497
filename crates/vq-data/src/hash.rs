//! Choices that depend on a name alone.

use sha2::{Digest, Sha256};

/// The first eight bytes of the SHA-256 of the concatenated parts, as a big-endian number: uniform over names.
pub(crate) fn leading_bits(parts: &[&[u8]]) -> u64 {
    let digest = parts.iter().fold(Sha256::new(), |digest, part| digest.chain_update(part)).finalize();
    let mut head = [0; 8];
    head.copy_from_slice(&digest[..8]);
    u64::from_be_bytes(head)
}
