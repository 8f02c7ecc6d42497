//! All parameters of a model in one tensor.

use std::collections::BTreeMap;

use tch::{Kind, Tensor, nn};

use crate::TrainError;

/// Elements to which each parameter's place is rounded up: 64 bytes, as libtorch's own allocator aligns.
const ALIGNMENT: i64 = 16;

/// Where the parameters under this name lie, codes are positions among latents: decay would pull all to the origin.
const CODEBOOK: &str = "codebook";

/// One parameter and its place.
#[derive(Debug)]
struct Place {
    name: String,
    parameter: Tensor,
    offset: i64,
    length: i64,
}

/// The trainable variables of a store, moved into one tensor of which each variable is a view.
///
/// What goes over all parameters (an optimizer, an average of weights) is then a handful of operations whatever their
/// number. The parameters that decay come first: those of two axes and more, codebooks excepted; biases and the scales
/// of normalizations do not decay.
#[derive(Debug)]
pub(crate) struct FlatParameters {
    places: Vec<Place>,
    /// `[P]`, with zeros between the parameters.
    values: Tensor,
    decaying: i64,
    /// Zeros to fill gaps with.
    zeros: Tensor,
}

impl FlatParameters {
    /// Moves the trainable variables of `store`, which go on under their names.
    pub(crate) fn new(store: &nn::VarStore) -> Result<Self, TrainError> {
        let named: BTreeMap<String, Tensor> = store.variables().into_iter().collect();
        let trainable = named.into_iter().filter(|(_, variable)| variable.requires_grad());
        let (decaying, others): (Vec<_>, Vec<_>) = trainable.partition(|(name, variable)| decays(name, variable));
        let mut places = Vec::new();
        let mut end = 0;
        let mut place = |(name, parameter): (String, Tensor)| {
            let length = parameter.numel() as i64;
            places.push(Place { name, parameter, offset: end, length });
            end += padded(length);
            end
        };
        let decaying = decaying.into_iter().map(&mut place).last().unwrap_or(0);
        let total = others.into_iter().map(&mut place).last().unwrap_or(decaying);
        let options = (Kind::Float, store.device());
        let flat = Self {
            places,
            values: Tensor::zeros([total], options),
            decaying,
            zeros: Tensor::zeros([ALIGNMENT], options),
        };
        let views = flat.views(&flat.values);
        tch::no_grad(|| {
            for (place, (_, mut view)) in flat.places.iter().zip(views) {
                let mut parameter = place.parameter.shallow_clone();
                view.f_copy_(&parameter)?;
                parameter.f_set_data(&view)?;
            }
            Ok(flat)
        })
    }

    /// `[P]`, the parameters themselves.
    pub(crate) fn values(&self) -> Tensor {
        self.values.shallow_clone()
    }

    /// The first so many elements decay.
    pub(crate) fn decaying(&self) -> i64 {
        self.decaying
    }

    /// `[P]`, zero everywhere.
    pub(crate) fn zeros(&self) -> Tensor {
        self.values.zeros_like()
    }

    /// The parts of `flat` `[P]` that belong to the parameters, by name, each of its parameter's shape.
    pub(crate) fn views(&self, flat: &Tensor) -> Vec<(String, Tensor)> {
        let view = |place: &Place| {
            let part = flat.narrow(0, place.offset, place.length).view_as(&place.parameter);
            (place.name.clone(), part)
        };
        self.places.iter().map(view).collect()
    }

    /// The gradient of a scalar, `[P]`; a parameter that it does not depend on has zeros. Frees the graph.
    pub(crate) fn gradient(&self, scalar: &Tensor) -> Result<Tensor, TrainError> {
        let parameters: Vec<&Tensor> = self.places.iter().map(|place| &place.parameter).collect();
        let gradients = Tensor::f_run_backward(&[scalar], &parameters, false, false)?;
        let mut pieces = Vec::with_capacity(2 * gradients.len());
        for (place, gradient) in self.places.iter().zip(gradients) {
            let gradient = if gradient.defined() { gradient } else { place.parameter.zeros_like() };
            pieces.push(gradient.reshape(-1).to_kind(Kind::Float));
            let gap = padded(place.length) - place.length;
            if gap > 0 {
                pieces.push(self.zeros.narrow(0, 0, gap));
            }
        }
        Ok(Tensor::f_cat(&pieces, 0)?)
    }
}

/// The room that a parameter of so many elements takes.
fn padded(length: i64) -> i64 {
    (length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT
}

fn decays(name: &str, variable: &Tensor) -> bool {
    variable.dim() >= 2 && name.split('.').all(|part| part != CODEBOOK)
}
