//! A discriminator that only judges.

use tch::{Tensor, nn};

/// No gradient for the parameters of a store, as long as this lives.
///
/// A pass recorded meanwhile reaches what goes in and not the parameters, and computes nothing for them.
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
