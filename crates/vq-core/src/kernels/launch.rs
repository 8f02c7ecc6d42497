//! The interface to run kernels, on a GPU or on the emulator.

use std::ffi::c_void;
use std::marker::PhantomData;

use tch::Tensor;

use super::error::CudaError;
use super::source::Source;

/// Runs kernels in the order of the launches.
pub(crate) trait Launcher {
    /// The limits of the device.
    fn limits(&self) -> Limits;

    /// Launches a kernel. It may still be running when this returns.
    ///
    /// The arguments must match the parameters of the kernel, and the tensors behind them must be as large as it
    /// expects.
    fn launch(&self, launch: &Launch, arguments: &[Argument<'_>]) -> Result<(), CudaError>;
}

/// The limits of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Streaming multiprocessors.
    pub(crate) multiprocessors: i64,
    /// Largest shared memory of a block, in bytes.
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

/// Number of groups of `size` that hold `count` items.
pub(crate) fn groups(count: i64, size: i64) -> i64 {
    (count + size - 1) / size
}

/// An argument of a kernel.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Argument<'a> {
    value: *const c_void,
    #[cfg(test)]
    size: usize,
    borrowed: PhantomData<&'a ()>,
}

impl Argument<'_> {
    /// Address of the value.
    pub(super) fn value(&self) -> *mut c_void {
        self.value.cast_mut()
    }

    /// Its size in bytes.
    #[cfg(test)]
    pub(super) fn size(&self) -> usize {
        self.size
    }
}

impl<'a, T: KernelArgument> From<&'a T> for Argument<'a> {
    fn from(value: &'a T) -> Self {
        Self {
            value: std::ptr::from_ref(value).cast(),
            #[cfg(test)]
            size: size_of::<T>(),
            borrowed: PhantomData,
        }
    }
}

/// A value with the same layout as in C++.
pub(crate) trait KernelArgument: Copy {}

impl KernelArgument for i32 {}
impl KernelArgument for i64 {}
impl KernelArgument for Pointer {}

/// Address of the elements of a tensor, on its device.
///
/// It does not keep the tensor alive: libtorch reuses freed memory only for work that is launched later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(transparent)]
pub(crate) struct Pointer(u64);

impl Pointer {
    /// The null pointer.
    pub(crate) const NULL: Self = Self(0);
}

impl From<&Tensor> for Pointer {
    fn from(tensor: &Tensor) -> Self {
        assert!(tensor.is_contiguous(), "kernels read contiguous tensors");
        Self(tensor.data_ptr() as u64)
    }
}
