//! CUDA, found at run time.
//!
//! The workspace links only libtorch's CPU libraries.
//! Where `libtorch_cuda.so` lies beside them (or on the library path), loading it registers the CUDA backend with the
//! libtorch that runs already, and tensors can move to the GPU.
//! Kernels of this crate are compiled for that GPU by NVRTC at first use, and run on libtorch's current stream.

mod compile;
#[cfg(test)]
mod emulator;
mod error;
mod gpu;
mod launch;
mod source;

use std::ffi::c_void;
use std::sync::OnceLock;

use libloading::os::unix::{Library, RTLD_GLOBAL, RTLD_NOW};

#[cfg(test)]
pub(crate) use self::emulator::Emulator;
pub use self::error::CudaError;
pub(crate) use self::gpu::Gpu;
pub(crate) use self::launch::{Argument, Launch, Launcher, Limits, Plain, Pointer, groups};
pub(crate) use self::source::Source;

const LIBRARY: &str = "libtorch_cuda.so";

/// `aoti_torch_get_current_cuda_stream(device, stream)` of libtorch's stable C interface; zero where all is well.
type CurrentStream = unsafe extern "C" fn(i32, *mut *mut c_void) -> i32;

/// libtorch's CUDA library, never unloaded.
static LOADED: OnceLock<Result<Library, CudaError>> = OnceLock::new();

/// CUDA devices that this process can use.
pub(crate) fn device_count() -> usize {
    match load() {
        Ok(_) => usize::try_from(tch::Cuda::device_count()).unwrap_or(0),
        Err(_) => 0,
    }
}

/// What was found, for error messages.
pub(crate) fn describe() -> String {
    match load() {
        Ok(_) => format!("{LIBRARY} is loaded and sees {} devices", device_count()),
        Err(error) => error.to_string(),
    }
}

/// The stream that libtorch launches on, of a device.
fn current_stream(ordinal: usize) -> Result<*mut c_void, CudaError> {
    const CALL: &str = "aoti_torch_get_current_cuda_stream";
    let failed = |code: String| CudaError::Call { call: CALL, code };
    let library = load().as_ref().map_err(Clone::clone)?;
    let mut stream = std::ptr::null_mut();
    // SAFETY: the symbol has this signature in libtorch 2.11, which is the version that this crate is built with; the
    // library is never unloaded, and the call writes a handle to `stream`.
    let code = unsafe {
        let call = library.get::<CurrentStream>(CALL.as_bytes()).map_err(|error| failed(error.to_string()))?;
        call(ordinal as i32, &mut stream)
    };
    if code == 0 { Ok(stream) } else { Err(failed(format!("code {code}"))) }
}

fn load() -> &'static Result<Library, CudaError> {
    LOADED.get_or_init(|| {
        // SAFETY: the library's initializers only register kernels and device hooks with the libtorch that is loaded
        // already; it is of the same build, since it is found through that libtorch's own search path. It is never
        // unloaded (a static holds it), so no code of it can dangle.
        unsafe { Library::open(Some(LIBRARY), RTLD_NOW | RTLD_GLOBAL) }
            .map_err(|error| CudaError::Library { library: LIBRARY, reason: error.to_string() })
    })
}
