//! TFRecord, in which event files frame their messages.

/// A message with its length and checksums:
///
/// ```text
/// u64  length          little-endian, as all that follows
/// u32  masked CRC-32C of the length's eight bytes
/// [u8] message
/// u32  masked CRC-32C of the message
/// ```
pub(super) fn framed(message: &[u8]) -> Vec<u8> {
    let length = (message.len() as u64).to_le_bytes();
    [&length, &masked(&length).to_le_bytes()[..], message, &masked(message).to_le_bytes()].concat()
}

/// A checksum changed so that sums of data that hold such sums stay good ones (TensorFlow's `crc32c.h`).
fn masked(bytes: &[u8]) -> u32 {
    crc32c::crc32c(bytes).rotate_right(15).wrapping_add(0xA282_EAD8)
}
