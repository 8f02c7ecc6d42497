//! A frozen discriminator.

use tch::{Tensor, nn};

/// Disables the gradients of a store's parameters while it exists.
///
/// The gradient of a pass recorded meanwhile reaches the input and not the parameters, and nothing is computed for
/// them.
pub(super) struct Frozen {
    parameters: Vec<Tensor>,
}

impl Frozen {
    pub(super) fn parameters_of(store: &nn::VarStore) -> Self {
        let parameters = store.trainable_variables().into_iter().filter(Tensor::requires_grad);
        Self { parameters: parameters.map(|parameter| parameter.set_requires_grad(false)).collect() }
    }
}

/// Also after an error: else the discriminator would never learn again.
impl Drop for Frozen {
    fn drop(&mut self) {
        for parameter in &self.parameters {
            let _ = parameter.set_requires_grad(true);
        }
    }
}
