//! CUDA, found at run time.
//!
//! The workspace links only libtorch's CPU libraries.
//! Where `libtorch_cuda.so` lies beside them (or on the library path), loading it registers the CUDA backend with the
//! libtorch that runs already, and tensors can move to the GPU.

use std::sync::OnceLock;

use libloading::os::unix::{Library, RTLD_GLOBAL, RTLD_NOW};

const LIBRARY: &str = "libtorch_cuda.so";

/// Why CUDA is not there, or nothing if the library is loaded.
static LOADED: OnceLock<Result<(), String>> = OnceLock::new();

/// CUDA devices that this process can use.
pub(crate) fn device_count() -> usize {
    match load() {
        Ok(()) => usize::try_from(tch::Cuda::device_count()).unwrap_or(0),
        Err(_) => 0,
    }
}

/// What was found, for error messages.
pub(crate) fn describe() -> String {
    match load() {
        Ok(()) => format!("{LIBRARY} is loaded and sees {} devices", device_count()),
        Err(error) => format!("{LIBRARY} could not be loaded: {error}"),
    }
}

fn load() -> &'static Result<(), String> {
    LOADED.get_or_init(|| {
        // SAFETY: the library's initializers only register kernels and device hooks with the libtorch that is loaded
        // already; it is of the same build, since it is found through that libtorch's own search path. It is never
        // unloaded (forgotten below), so no code of it can dangle.
        match unsafe { Library::open(Some(LIBRARY), RTLD_NOW | RTLD_GLOBAL) } {
            Ok(library) => {
                std::mem::forget(library);
                Ok(())
            }
            Err(error) => Err(error.to_string()),
        }
    })
}
