//! Runs kernels on a GPU. This file uses `unsafe`: it calls the CUDA driver.

use std::collections::HashMap;
use std::ffi::c_void;
use std::sync::{LazyLock, Mutex, PoisonError};

use cudarc::driver::sys::{self, CUdevice_attribute, CUfunction_attribute_enum};
use cudarc::driver::{DriverError, result};

use super::compile::{c_string, compile};
use super::error::CudaError;
use super::launch::{Argument, Launch, Launcher, Limits};
use super::libtorch::current_stream;
use super::source::Source;

/// A CUDA device, numbered as in libtorch, with its primary context, which libtorch uses as well.
#[derive(Debug)]
pub(crate) struct Gpu {
    ordinal: usize,
    context: sys::CUcontext,
    limits: Limits,
    /// Compiled at first use and kept for the life of the process.
    modules: Mutex<HashMap<Source, Result<Module, CudaError>>>,
}

#[derive(Debug, Clone, Copy)]
struct Module(sys::CUmodule);

// SAFETY: handles of contexts and modules can be used by any thread; the driver does the locking.
unsafe impl Send for Gpu {}
// SAFETY: as above; the map of modules is behind a lock.
unsafe impl Sync for Gpu {}

impl Gpu {
    /// The device with this index. Each call returns the same object.
    pub(crate) fn get(ordinal: usize) -> Result<&'static Self, CudaError> {
        static GPUS: LazyLock<Mutex<HashMap<usize, Result<&'static Gpu, CudaError>>>> = LazyLock::new(Mutex::default);
        let mut gpus = GPUS.lock().unwrap_or_else(PoisonError::into_inner);
        let gpu = gpus.entry(ordinal).or_insert_with(|| Self::open(ordinal).map(|gpu| &*Box::leak(Box::new(gpu))));
        gpu.clone()
    }

    fn open(ordinal: usize) -> Result<Self, CudaError> {
        // SAFETY: loading the driver runs only its own initializers.
        if !unsafe { sys::is_culib_present() } {
            let reason = "the driver of the GPU is not installed".into();
            return Err(CudaError::Library { library: "libcuda.so.1", reason });
        }
        result::init().map_err(failed("cuInit"))?;
        let device = result::device::get(ordinal as i32).map_err(failed("cuDeviceGet"))?;
        let attribute = |attribute| {
            // SAFETY: the driver has just returned this device.
            unsafe { result::device::get_attribute(device, attribute) }.map_err(failed("cuDeviceGetAttribute"))
        };
        let limits = Limits {
            multiprocessors: attribute(CUdevice_attribute::CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT)?.into(),
            shared_bytes: attribute(CUdevice_attribute::CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN)? as u32,
            capability: (
                attribute(CUdevice_attribute::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR)?,
                attribute(CUdevice_attribute::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR)?,
            ),
        };
        // SAFETY: the device is valid. The reference to its context is never released.
        let context = unsafe { result::primary_ctx::retain(device) }.map_err(failed("cuDevicePrimaryCtxRetain"))?;
        Ok(Self { ordinal, context, limits, modules: Mutex::default() })
    }

    /// The kernel. Its file is compiled at first use. The context must be current.
    fn function(&self, launch: &Launch) -> Result<sys::CUfunction, CudaError> {
        let mut modules = self.modules.lock().unwrap_or_else(PoisonError::into_inner);
        let module = modules.entry(launch.source).or_insert_with(|| self.module(launch.source)).clone()?;
        let name = c_string(launch.kernel.to_owned())?;
        // SAFETY: the module is loaded and never unloaded.
        unsafe { result::module::get_function(module.0, name) }.map_err(failed("cuModuleGetFunction"))
    }

    fn module(&self, source: Source) -> Result<Module, CudaError> {
        let (major, minor) = self.limits.capability;
        let compiled = compile(source, &format!("sm_{major}{minor}"))?;
        // SAFETY: the image is the output of NVRTC, and the driver copies what it needs.
        let module = unsafe { result::module::load_data(compiled.cubin.as_ptr().cast()) };
        module.map(Module).map_err(failed("cuModuleLoadData"))
    }
}

impl Launcher for Gpu {
    fn limits(&self) -> Limits {
        self.limits
    }

    fn launch(&self, launch: &Launch, arguments: &[Argument<'_>]) -> Result<(), CudaError> {
        let stream = current_stream(self.ordinal)?;
        let _current = Current::new(self.context)?;
        let function = self.function(launch)?;
        let shared = CUfunction_attribute_enum::CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES;
        // SAFETY: the function belongs to a module that stays loaded.
        unsafe { result::function::set_function_attribute(function, shared, launch.shared_bytes as i32) }
            .map_err(failed("cuFuncSetAttribute"))?;
        let [x, y] = launch.blocks.map(|blocks| blocks as u32);
        let mut values: Vec<*mut c_void> = arguments.iter().map(Argument::value).collect();
        // SAFETY: the values are borrowed during the call, which copies them. Their number and sizes are those of the
        // kernel's parameters (the emulator of the tests compares them), and the tensors behind the pointers are as
        // large as the kernel expects, which `Launcher::launch` requires. The stream is libtorch's current one, so the
        // kernel runs after the operations that filled the tensors and before those that read them or reuse their
        // memory.
        unsafe {
            let (blocks, threads) = ((x, y, 1), (launch.threads, 1, 1));
            result::launch_kernel(function, blocks, threads, launch.shared_bytes, stream.cast(), &mut values)
        }
        .map_err(failed("cuLaunchKernel"))
    }
}

/// A context that is current until this is dropped; then the previous one is current again.
struct Current;

impl Current {
    fn new(context: sys::CUcontext) -> Result<Self, CudaError> {
        // SAFETY: the context is the primary context of a device and is never released.
        unsafe { sys::cuCtxPushCurrent_v2(context) }.result().map_err(failed("cuCtxPushCurrent"))?;
        Ok(Self)
    }
}

impl Drop for Current {
    fn drop(&mut self) {
        let mut context = std::ptr::null_mut();
        // SAFETY: this pops what `new` pushed on this thread. It fails only if the context is lost, and later calls
        // report that.
        let _ = unsafe { sys::cuCtxPopCurrent_v2(&mut context) };
    }
}

fn failed(call: &'static str) -> impl Fn(DriverError) -> CudaError {
    move |error| CudaError::Call { call, code: format!("{error:?}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_gpu_is_an_error() {
        // Without a driver, and with one.
        match Gpu::get(4096).expect_err("so many GPUs") {
            CudaError::Library { library: "libcuda.so.1", .. } => {}
            CudaError::Call { call: "cuInit" | "cuDeviceGet", .. } => {}
            other => panic!("{other}"),
        }
    }
}
