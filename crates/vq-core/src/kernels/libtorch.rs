//! libtorch's CUDA library, loaded at run time. This file uses `unsafe`: it loads a library and calls into it.
//!
//! If `libtorch_cuda.so` is beside libtorch's CPU libraries or on the library path, loading it registers the CUDA
//! backend with the running libtorch, and tensors can move to the GPU.

use std::ffi::c_void;
use std::sync::OnceLock;

use libloading::os::unix::{Library, RTLD_GLOBAL, RTLD_NOW};

use super::error::CudaError;

const LIBRARY: &str = "libtorch_cuda.so";

/// `aoti_torch_get_current_cuda_stream(device, stream)` of libtorch's stable C interface; returns zero on success.
type CurrentStream = unsafe extern "C" fn(i32, *mut *mut c_void) -> i32;

/// libtorch's CUDA library. It is never unloaded.
static LOADED: OnceLock<Result<Library, CudaError>> = OnceLock::new();

/// Number of CUDA devices that this process can use.
pub(crate) fn device_count() -> usize {
    match load() {
        Ok(_) => usize::try_from(tch::Cuda::device_count()).unwrap_or(0),
        Err(_) => 0,
    }
}

/// The result of the detection, for error messages.
pub(crate) fn describe() -> String {
    match load() {
        Ok(_) => format!("{LIBRARY} is loaded and sees {} devices", device_count()),
        Err(error) => error.to_string(),
    }
}

/// The stream on which libtorch launches, of a device.
pub(super) fn current_stream(ordinal: usize) -> Result<*mut c_void, CudaError> {
    const CALL: &str = "aoti_torch_get_current_cuda_stream";
    let failed = |code: String| CudaError::Call { call: CALL, code };
    let library = load().as_ref().map_err(Clone::clone)?;
    let mut stream = std::ptr::null_mut();
    // SAFETY: the symbol has this signature in libtorch 2.11, with which this crate is built. The library is never
    // unloaded, and the call writes a handle to `stream`.
    let code = unsafe {
        let call = library.get::<CurrentStream>(CALL.as_bytes()).map_err(|error| failed(error.to_string()))?;
        call(ordinal as i32, &mut stream)
    };
    if code == 0 { Ok(stream) } else { Err(failed(format!("code {code}"))) }
}

fn load() -> &'static Result<Library, CudaError> {
    LOADED.get_or_init(|| {
        // SAFETY: the library's initializers only register kernels and device hooks with the running libtorch. It is of
        // the same build, because it is found through that libtorch's search path. A static holds it, so it is never
        // unloaded.
        unsafe { Library::open(Some(LIBRARY), RTLD_NOW | RTLD_GLOBAL) }
            .map_err(|error| CudaError::Library { library: LIBRARY, reason: error.to_string() })
    })
}
