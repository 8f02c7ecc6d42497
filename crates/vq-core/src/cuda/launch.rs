//! What it takes to run a kernel, whoever runs it.

use std::ffi::c_void;
use std::marker::PhantomData;

use tch::Tensor;

use super::{CudaError, Source};

/// Runs kernels, in the order in which they are launched.
pub(crate) trait Launcher {
    /// What the device can do.
    fn limits(&self) -> Limits;

    /// Launches a kernel; it may still run when this returns.
    ///
    /// The arguments must be those that the kernel takes, and the tensors behind them as large as it expects.
    fn launch(&self, launch: &Launch, arguments: &[Argument<'_>]) -> Result<(), CudaError>;
}

/// What a device can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Streaming multiprocessors.
    pub(crate) multiprocessors: i64,
    /// Bytes of shared memory that a block can have.
    pub(crate) shared_bytes: u32,
    /// Compute capability, major and minor.
    pub(crate) capability: (i32, i32),
}

/// A kernel and the shape of its grid.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Launch {
    /// The file that holds the kernel.
    pub(crate) source: Source,
    /// Its name.
    pub(crate) kernel: &'static str,
    /// Blocks along x and y.
    pub(crate) blocks: [i64; 2],
    /// Threads of a block.
    pub(crate) threads: u32,
    /// Bytes of dynamic shared memory.
    pub(crate) shared_bytes: u32,
}

/// How many groups of `size` hold `count`.
pub(crate) fn groups(count: i64, size: i64) -> i64 {
    (count + size - 1) / size
}

/// A value as a kernel takes it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Argument<'a> {
    value: *const c_void,
    #[cfg(test)]
    size: usize,
    borrowed: PhantomData<&'a ()>,
}

impl Argument<'_> {
    /// Where the value lies.
    pub(super) fn value(&self) -> *mut c_void {
        self.value.cast_mut()
    }

    /// Its size in bytes.
    #[cfg(test)]
    pub(super) fn size(&self) -> usize {
        self.size
    }
}

impl<'a, T: Plain> From<&'a T> for Argument<'a> {
    fn from(value: &'a T) -> Self {
        Self {
            value: std::ptr::from_ref(value).cast(),
            #[cfg(test)]
            size: size_of::<T>(),
            borrowed: PhantomData,
        }
    }
}

/// A value with the layout that C++ gives to it.
pub(crate) trait Plain: Copy {}

impl Plain for i32 {}
impl Plain for i64 {}
impl Plain for Pointer {}

/// Where the elements of a tensor lie, on its device.
///
/// It does not keep the tensor alive; libtorch hands freed memory only to work that is launched later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(transparent)]
pub(crate) struct Pointer(u64);

impl Pointer {
    /// No memory at all.
    pub(crate) const NULL: Self = Self(0);
}

impl From<&Tensor> for Pointer {
    fn from(tensor: &Tensor) -> Self {
        assert!(tensor.is_contiguous(), "kernels read contiguous tensors");
        Self(tensor.data_ptr() as u64)
    }
}
