//! Named tensors of networks that were trained elsewhere.

use std::collections::HashMap;
use std::path::PathBuf;

use tch::Tensor;

use crate::ModelError;

/// Tensors by name, and where they come from.
pub(crate) struct Weights {
    /// The network, for errors.
    op: &'static str,
    tensors: HashMap<String, Found>,
    /// All origins, for what none of them has.
    origin: String,
}

struct Found {
    tensor: Tensor,
    origin: String,
}

impl Weights {
    /// Reads all tensors of safetensors files; where two have one name, the last file's counts.
    pub(crate) fn open(op: &'static str, files: &[PathBuf]) -> Result<Self, ModelError> {
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

    /// Tensors that were given.
    pub(crate) fn given(op: &'static str, tensors: impl IntoIterator<Item = (String, Tensor)>, origin: &str) -> Self {
        let tensors = tensors.into_iter().map(|(name, tensor)| (name, Found { tensor, origin: origin.to_owned() }));
        Self { op, tensors: tensors.collect(), origin: origin.to_owned() }
    }

    /// The tensor under the first of `names` that is there.
    pub(crate) fn find(&self, names: &[String], shape: &[i64]) -> Result<Tensor, ModelError> {
        let refuse = |origin: &str, name: String, got: String| {
            let expected = format!("tensor {name} {shape:?}");
            Err(ModelError::Tensor { op: self.op, origin: origin.to_owned(), expected, got })
        };
        match names.iter().find_map(|name| self.tensors.get_key_value(name)) {
            Some((_, found)) if found.tensor.size() == shape => Ok(found.tensor.shallow_clone()),
            Some((name, found)) => refuse(&found.origin, format!("`{name}`"), format!("{:?}", found.tensor.size())),
            None => {
                let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
                refuse(&self.origin, names.join(" or "), self.tensors_there())
            }
        }
    }

    /// A few names, to see what kind of file it is.
    fn tensors_there(&self) -> String {
        let mut names: Vec<&str> = self.tensors.keys().map(String::as_str).collect();
        names.sort_unstable();
        match names.len() {
            0 => "no tensor".to_owned(),
            count => format!("{count} others such as `{}`", names[0]),
        }
    }
}
