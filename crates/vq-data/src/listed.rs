//! Sources with a list of ids.

use std::sync::Arc;

use crate::ImageSource;

/// A source that has the ids of its samples without reading them, and of which a subset is a source again.
///
/// [`HeldOut`](crate::HeldOut) and [`Limit`](crate::Limit) choose samples by id.
pub trait Listed: ImageSource {
    /// The id of the sample at `index`; `None` if `index` is not below the length.
    fn id(&self, index: usize) -> Option<String>;

    /// The samples at the indices for which `takes` returns true, in the same order.
    ///
    /// The subset has no access to the other samples, so none of them replaces a damaged image.
    fn part(&self, takes: &dyn Fn(usize) -> bool) -> Arc<dyn Listed>;
}

/// The elements of `all` at the indices for which `takes` returns true.
pub(crate) fn taken<T: Clone>(all: &[T], takes: &dyn Fn(usize) -> bool) -> Vec<T> {
    all.iter().enumerate().filter(|(index, _)| takes(*index)).map(|(_, one)| one.clone()).collect()
}
