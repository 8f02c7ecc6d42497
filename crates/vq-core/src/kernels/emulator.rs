//! Runs the kernels on the CPU, for tests. This file uses `unsafe`: it calls into a library that it compiles.
//!
//! `kernels/emulator/` implements CUDA C++ in plain C++; the files of the kernels are the same as on a GPU.
//! It is slow, and it detects missing barriers that can go unnoticed on a GPU.

use std::ffi::{CStr, CString, c_char, c_void};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use libloading::os::unix::Library;

use super::error::CudaError;
use super::launch::{Argument, Launch, Launcher, Limits};

/// An emulated device.
#[derive(Debug)]
pub(crate) struct Emulator {
    /// The limits that it reports.
    pub(crate) limits: Limits,
}

type Emulate = unsafe extern "C" fn(
    *const c_char,
    u32,
    u32,
    u32,
    u32,
    u64,
    *const *mut c_void,
    *const usize,
    usize,
    *mut c_char,
    usize,
);

impl Default for Emulator {
    /// Few multiprocessors, so that few rows fill them, and the shared memory of an H100.
    fn default() -> Self {
        Self { limits: Limits { multiprocessors: 4, shared_bytes: 232_448, capability: (9, 0) } }
    }
}

impl Launcher for Emulator {
    fn limits(&self) -> Limits {
        self.limits
    }

    fn launch(&self, launch: &Launch, arguments: &[Argument<'_>]) -> Result<(), CudaError> {
        /// The library keeps the state of a block in globals.
        static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
        static LAUNCHES: AtomicU64 = AtomicU64::new(0);
        let seed = LAUNCHES.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        assert!(launch.shared_bytes <= self.limits.shared_bytes, "{launch:?} exceeds {:?}", self.limits);
        let values: Vec<*mut c_void> = arguments.iter().map(Argument::value).collect();
        let sizes: Vec<usize> = arguments.iter().map(Argument::size).collect();
        let kernel = CString::new(launch.kernel).unwrap();
        let [x, y] = launch.blocks.map(|blocks| u32::try_from(blocks).unwrap());
        let mut message = [0; 200];
        let guard = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        // SAFETY: the function has this signature. It reads the given number of values and sizes, compares the sizes
        // with those of the kernel's parameters, and writes a text that ends within the message. The tensors behind the
        // pointers are as large as the kernel expects, which `Launcher::launch` requires.
        unsafe {
            library().get::<Emulate>(b"emulate\0").unwrap()(
                kernel.as_ptr(),
                x,
                y,
                launch.threads,
                launch.shared_bytes,
                seed,
                values.as_ptr(),
                sizes.as_ptr(),
                values.len(),
                message.as_mut_ptr(),
                message.len(),
            );
        }
        drop(guard);
        // SAFETY: the text ends within the message.
        let message = unsafe { CStr::from_ptr(message.as_ptr()) }.to_string_lossy();
        if message.is_empty() { Ok(()) } else { Err(CudaError::Call { call: launch.kernel, code: message.into() }) }
    }
}

/// The kernels, compiled for this machine.
fn library() -> &'static Library {
    static LIBRARY: OnceLock<Library> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("kernels/emulator/kernels.cpp");
        let library = std::env::temp_dir().join(format!("vq-core-emulator-{}.so", std::process::id()));
        let compiler = std::env::var_os("CXX").unwrap_or_else(|| "c++".into());
        let mut command = Command::new(&compiler);
        command.args(["-std=c++17", "-O2", "-ffp-contract=off", "-shared", "-fPIC", "-w", "-o"]);
        let output = command.arg(&library).arg(sources).output();
        let output = output.unwrap_or_else(|error| panic!("cannot start {}: {error}", compiler.display()));
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        // SAFETY: the only initializers of the library are those of its own globals.
        let loaded = unsafe { Library::open(Some(&library), libloading::os::unix::RTLD_NOW) }.unwrap();
        std::fs::remove_file(&library).unwrap();
        loaded
    })
}
