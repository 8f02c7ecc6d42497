//! Named tensors of pre-trained networks.

use std::collections::HashMap;
use std::path::PathBuf;

use tch::Tensor;

use crate::ModelError;

/// Tensors by name, and their origins.
pub(super) struct Weights {
    /// The network, for errors.
    op: &'static str,
    tensors: HashMap<String, Found>,
    /// All origins, for the error about a tensor that none of them has.
    origin: String,
}

struct Found {
    tensor: Tensor,
    origin: String,
}

impl Weights {
    /// Reads all tensors of safetensors files. Of two tensors with one name, that of the later file counts.
    pub(super) fn open(op: &'static str, files: &[PathBuf]) -> Result<Self, ModelError> {
        let mut tensors = HashMap::new();
        for file in files {
            let origin = file.display().to_string();
            let failed = |source| ModelError::File { op, file: file.clone(), source };
            let read = Tensor::read_safetensors(file).map_err(failed)?;
            tensors.extend(read.into_iter().map(|(name, tensor)| (name, Found { tensor, origin: origin.clone() })));
        }
        let origin = files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>().join(", ");
        Ok(Self { op, tensors, origin })
    }

    /// Takes tensors from memory.
    pub(super) fn from_tensors(
        op: &'static str,
        tensors: impl IntoIterator<Item = (String, Tensor)>,
        origin: &str,
    ) -> Self {
        let tensors = tensors.into_iter().map(|(name, tensor)| (name, Found { tensor, origin: origin.to_owned() }));
        Self { op, tensors: tensors.collect(), origin: origin.to_owned() }
    }

    /// The tensor of this shape under the first of `names` that exists.
    pub(super) fn find(&self, names: &[String], shape: &[i64]) -> Result<Tensor, ModelError> {
        let refuse = |origin: &str, name: String, got: String| {
            let expected = format!("tensor {name} {shape:?}");
            Err(ModelError::Tensor { op: self.op, origin: origin.to_owned(), expected, got })
        };
        match names.iter().find_map(|name| self.tensors.get_key_value(name)) {
            Some((_, found)) if found.tensor.size() == shape => Ok(found.tensor.shallow_clone()),
            Some((name, found)) => refuse(&found.origin, format!("`{name}`"), format!("{:?}", found.tensor.size())),
            None => {
                let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
                refuse(&self.origin, names.join(" or "), self.sample_of_names())
            }
        }
    }

    /// The number of tensors and one name, which tell what kind of file it is.
    fn sample_of_names(&self) -> String {
        let mut names: Vec<&str> = self.tensors.keys().map(String::as_str).collect();
        names.sort_unstable();
        match names.len() {
            0 => "no tensor".to_owned(),
            count => format!("{count} others such as `{}`", names[0]),
        }
    }
}
