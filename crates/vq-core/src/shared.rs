//! One codebook in several quantizers.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tch::Tensor;

use crate::{Assignment, Codebook, CodebookShape, CoreError, Distance, FixedCodebook, Mode, Updated};

/// A codebook that several quantizers own together, such as the stages of RQ-VAE (arXiv 2203.01941, section 3.1).
///
/// A clone is the same codebook. Each quantizer still has ids of its own, and each of its updates is one to the
/// codebook: with moving averages, `S` stages are `S` steps.
#[derive(Debug, Clone)]
pub struct SharedCodebook(Arc<Mutex<Box<dyn Codebook>>>);

impl SharedCodebook {
    /// Takes the codebook to share.
    pub fn new(codebook: Box<dyn Codebook>) -> Self {
        Self(Arc::new(Mutex::new(codebook)))
    }

    /// Replaces the codebook by its codes as they are now, in [`Mode::Eval`], for all who share it.
    pub fn freeze(&self) {
        let mut codebook = self.lock();
        let frozen = FixedCodebook::freeze(codebook.as_ref());
        *codebook = Box::new(frozen);
    }

    /// A panic of another thread leaves the tensors whole: each is changed in one call of libtorch.
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

    fn update(&mut self, assignment: &Assignment) -> Result<Updated, CoreError> {
        self.lock().update(assignment)
    }
}
