//! What a file is known by.

use std::fs::File;
use std::io;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::ModelError;

/// The SHA-256 of a file's bytes, in hexadecimal digits.
pub(super) fn of_file(file: &Path) -> Result<String, ModelError> {
    let failed = |source| ModelError::Read { op: "Inception", file: file.to_owned(), source };
    let mut digest = Sha256::new();
    io::copy(&mut File::open(file).map_err(failed)?, &mut digest).map_err(failed)?;
    Ok(format!("{:x}", digest.finalize()))
}
