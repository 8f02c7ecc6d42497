//! Checks that the codebooks share.

use tch::{Kind, Tensor};

use crate::check::FLOATING;
use crate::contract::{Assignment, CodebookShape};
use crate::error::CoreError;

/// Checks the size and the dimension of a codebook.
pub(super) fn check_shape(op: &'static str, size: i64, dim: i64) -> Result<(), CoreError> {
    if size >= 1 && dim >= 1 {
        return Ok(());
    }
    let expected = "a positive number of codes and a positive dimension".into();
    Err(CoreError::Option { op, expected, got: format!("{size} codes of dimension {dim}") })
}

/// Checks vectors `[N, D]` for codes of a shape.
pub(super) fn check_vectors(op: &'static str, shape: CodebookShape, vectors: &Tensor) -> Result<(), CoreError> {
    if !matches!(vectors.size()[..], [_, dim] if dim == shape.dim) {
        let expected = format!("[N, {}]", shape.dim);
        return Err(CoreError::Shape { op, expected, got: vectors.size() });
    }
    if !vectors.is_floating_point() {
        let got = format!("{:?} for vectors", vectors.kind());
        return Err(CoreError::Dtype { op, expected: FLOATING, got });
    }
    Ok(())
}

/// Checks vectors `[N, D]` and the shape and dtype of ids `[N]`. Their range is checked where they are counted.
pub(super) fn check_assignment(
    op: &'static str,
    shape: CodebookShape,
    assignment: &Assignment,
) -> Result<(), CoreError> {
    let Assignment { vectors, ids, .. } = assignment;
    check_vectors(op, shape, vectors)?;
    if ids.size() != vectors.size()[..1] {
        let expected = format!("ids [{}]", vectors.size()[0]);
        return Err(CoreError::Shape { op, expected, got: ids.size() });
    }
    if ids.kind() != Kind::Int64 {
        return Err(CoreError::Dtype { op, expected: "Int64", got: format!("{:?} for ids", ids.kind()) });
    }
    Ok(())
}

/// The shape of codes `[K, D]`.
pub(super) fn shape_of(matrix: &Tensor) -> CodebookShape {
    let size = matrix.size();
    CodebookShape { size: size[0], dim: size[1] }
}
