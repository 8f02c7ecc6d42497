//! Checkpoints of taming-transformers.

use std::collections::BTreeMap;
use std::path::Path;

use tch::{Kind, Tensor, nn};

use crate::ModelError;

const OP: &str = "load_taming";
const PARTS: [&str; 4] = ["encoder.", "decoder.", "quant_conv.", "post_quant_conv."];

/// Result of [`load_taming`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TamingLoaded {
    /// Number of tensors copied into the model.
    pub copied: usize,
    /// Names of the other tensors of the file, sorted: those of codebook, discriminator and LPIPS.
    pub others: Vec<String>,
}

/// Fills encoder, decoder, `quant_conv` and `post_quant_conv` from a safetensors file with the names of
/// taming-transformers' `VQModel`, each after `prefix`, which is empty in its checkpoints.
///
/// The tokenizer must be registered at the root of `store`.
/// Its quantizer stays unchanged; the codes of a checkpoint are its tensor `quantize.embedding.weight`, `[K, D]`.
/// Tensors may have any floating-point dtype; the model stays `Float`.
/// An error leaves the model unchanged.
///
/// Public checkpoints are pickles of Lightning, which libtorch's reader rejects, since they hold more than tensors.
/// Python converts one:
///
/// ```python
/// import safetensors.torch, torch
/// state = torch.load("last.ckpt", map_location="cpu", weights_only=False)["state_dict"]
/// safetensors.torch.save_file({name: t.clone().contiguous() for name, t in state.items()}, "vqgan.safetensors")
/// ```
///
/// # Errors
/// [`ModelError::File`] if the file cannot be read; [`ModelError::Weights`] naming every tensor of these parts that is
/// missing from the file, unknown to the model, or of another shape or dtype.
pub fn load_taming(store: &nn::VarStore, file: &Path, prefix: &str) -> Result<TamingLoaded, ModelError> {
    let tensors =
        Tensor::read_safetensors(file).map_err(|source| ModelError::File { op: OP, file: file.to_owned(), source })?;
    let belongs = |name: &str| PARTS.iter().any(|part| name.starts_with(part));
    let mut ours: BTreeMap<String, Tensor> = store.variables().into_iter().filter(|(name, _)| belongs(name)).collect();
    let (theirs, others): (BTreeMap<String, Tensor>, BTreeMap<String, Tensor>) =
        tensors.into_iter().partition(|(name, _)| name.strip_prefix(prefix).is_some_and(belongs));
    let theirs: BTreeMap<&str, &Tensor> = theirs.iter().map(|(name, tensor)| (&name[prefix.len()..], tensor)).collect();

    let misfits = misfits(&ours, &theirs);
    if !misfits.is_empty() {
        return Err(ModelError::Weights { op: OP, file: file.to_owned(), expected: ours.len(), misfits });
    }
    tch::no_grad(|| {
        for (name, tensor) in theirs {
            if let Some(variable) = ours.get_mut(name) {
                variable.copy_(tensor);
            }
        }
    });
    Ok(TamingLoaded { copied: ours.len(), others: others.into_keys().collect() })
}

fn misfits(ours: &BTreeMap<String, Tensor>, theirs: &BTreeMap<&str, &Tensor>) -> Vec<String> {
    let mut misfits = Vec::new();
    for (name, variable) in ours {
        match theirs.get(name.as_str()) {
            None => misfits.push(format!("no `{name}`")),
            Some(tensor) if tensor.size() != variable.size() => {
                misfits.push(format!("`{name}` of shape {:?} instead of {:?}", tensor.size(), variable.size()));
            }
            Some(tensor) if !is_float(tensor.kind()) => {
                misfits.push(format!("`{name}` of dtype {:?} instead of a floating-point one", tensor.kind()));
            }
            Some(_) => {}
        }
    }
    let unknown = theirs.keys().filter(|name| !ours.contains_key(**name));
    misfits.extend(unknown.map(|name| format!("an unknown `{name}`")));
    misfits
}

fn is_float(dtype: Kind) -> bool {
    matches!(dtype, Kind::Half | Kind::BFloat16 | Kind::Float | Kind::Double)
}
