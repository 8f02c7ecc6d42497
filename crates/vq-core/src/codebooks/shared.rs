//! One codebook shared by several quantizers.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tch::Tensor;

use super::FixedCodebook;
use crate::contract::{Assignment, Codebook, CodebookShape, Mode, UpdateStats};
use crate::distance::Distance;
use crate::error::CoreError;

/// A codebook shared by several quantizers, such as the stages of RQ-VAE (arXiv 2203.01941, section 3.1).
///
/// A clone refers to the same codebook. Each quantizer has its own id range, and each update of a quantizer updates the
/// codebook: with moving averages, `S` stages make `S` steps.
#[derive(Debug, Clone)]
pub struct SharedCodebook(Arc<Mutex<Box<dyn Codebook>>>);

impl SharedCodebook {
    /// Takes ownership of the codebook to share.
    pub fn new(codebook: Box<dyn Codebook>) -> Self {
        Self(Arc::new(Mutex::new(codebook)))
    }

    /// Replaces the codebook by its codes as they are now, in [`Mode::Eval`], for all quantizers that share it.
    pub fn freeze(&self) {
        let mut codebook = self.lock();
        let frozen = FixedCodebook::freeze(codebook.as_ref());
        *codebook = Box::new(frozen);
    }

    /// A poisoned lock is safe to use: each tensor is changed in a single libtorch call.
    fn lock(&self) -> MutexGuard<'_, Box<dyn Codebook>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Codebook for SharedCodebook {
    fn shape(&self) -> CodebookShape {
        self.lock().shape()
    }

    fn vectors(&self, mode: Mode) -> Tensor {
        self.lock().vectors(mode)
    }

    fn learns_by_gradient(&self) -> bool {
        self.lock().learns_by_gradient()
    }

    fn initialize(&mut self, vectors: &Tensor, distance: Distance) -> Result<(), CoreError> {
        self.lock().initialize(vectors, distance)
    }

    fn update(&mut self, assignment: &Assignment) -> Result<UpdateStats, CoreError> {
        self.lock().update(assignment)
    }
}
