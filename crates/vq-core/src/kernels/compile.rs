//! Compiles kernels with NVRTC at run time, without CUDA toolkit or GPU. This file uses `unsafe`: it calls NVRTC.

use std::ffi::{CString, c_char};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use cudarc::nvrtc::{result, sys};
use libloading::os::unix::{Library, RTLD_GLOBAL, RTLD_NOW};

use super::error::CudaError;
use super::source::Source;

/// NVRTC of the CUDA version with which the pinned libtorch is built.
const NVRTC: &str = "libnvrtc.so.13";

/// A compiled file.
#[derive(Debug)]
pub(super) struct Compiled {
    /// Machine code for one architecture.
    pub(super) cubin: Vec<u8>,
    /// Portable assembly.
    #[cfg(test)]
    pub(super) ptx: String,
    /// The compiler's log.
    #[cfg(test)]
    pub(super) log: String,
}

/// Compiles `source` for an architecture such as `sm_90`.
pub(super) fn compile(source: Source, architecture: &str) -> Result<Compiled, CudaError> {
    load()?;
    let call = |call, error: result::NvrtcError| CudaError::Call { call, code: error.to_string() };
    let text = c_string(source.text())?;
    let name = c_string(source.name().to_owned())?;
    let program = Program {
        handle: result::create_program(&text, Some(&name)).map_err(|error| call("nvrtcCreateProgram", error))?,
    };
    let mut options = vec!["--std=c++17".to_owned(), format!("--gpu-architecture={architecture}")];
    if cfg!(test) {
        // Logs registers and spills of each kernel.
        options.push("--ptxas-options=-v".to_owned());
    }
    // SAFETY: the handle is that of the program above, as in each call below.
    let compiled = unsafe { result::compile_program(program.handle, &options) };
    // SAFETY: as above.
    let log = || unsafe { result::get_program_log(program.handle) }.map(text_of).unwrap_or_default();
    if let Err(error) = compiled {
        return Err(CudaError::Compile {
            file: source.name(),
            architecture: architecture.to_owned(),
            log: format!("{error}: {}", log().trim()),
        });
    }
    Ok(Compiled {
        cubin: program.cubin().map_err(|error| call("nvrtcGetCUBIN", error))?,
        // SAFETY: as above.
        #[cfg(test)]
        ptx: unsafe { result::get_ptx(program.handle) }.map(text_of).map_err(|error| call("nvrtcGetPTX", error))?,
        #[cfg(test)]
        log: log(),
    })
}

/// A C string; an error if the text contains a zero byte.
pub(super) fn c_string(text: String) -> Result<CString, CudaError> {
    CString::new(text).map_err(|error| CudaError::Call { call: "CString::new", code: error.to_string() })
}

/// A program of NVRTC, destroyed on drop.
struct Program {
    handle: sys::nvrtcProgram,
}

impl Program {
    fn cubin(&self) -> Result<Vec<u8>, result::NvrtcError> {
        let mut size = 0;
        // SAFETY: the program is alive, and `size` can be written.
        unsafe { sys::nvrtcGetCUBINSize(self.handle, &mut size) }.result()?;
        let mut cubin = vec![0_u8; size];
        // SAFETY: the program is alive, and the buffer has the size that it reported.
        unsafe { sys::nvrtcGetCUBIN(self.handle, cubin.as_mut_ptr().cast()) }.result()?;
        Ok(cubin)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // SAFETY: the program is alive and not used after this. On an error some memory leaks.
        let _ = unsafe { result::destroy_program(self.handle) };
    }
}

/// The characters before the terminating zero.
fn text_of(characters: Vec<c_char>) -> String {
    let bytes: Vec<u8> = characters.into_iter().map(|c| c as u8).take_while(|&byte| byte != 0).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Loads NVRTC from the library path, or from where PyTorch's wheels install it.
fn load() -> Result<(), CudaError> {
    static LOADED: OnceLock<Result<(), CudaError>> = OnceLock::new();
    LOADED.get_or_init(find).clone()
}

fn find() -> Result<(), CudaError> {
    // SAFETY: here and below, loading NVRTC runs only its own initializers.
    let is_loaded = || unsafe { sys::is_culib_present() };
    let folders = folders();
    for folder in &folders {
        // NVRTC searches its built-in functions by name only, so they are loaded first.
        for library in [builtins(folder), (!is_loaded()).then(|| folder.join(NVRTC))].into_iter().flatten() {
            // SAFETY: as above. The library is never unloaded, so it is found by name from now on.
            if let Ok(library) = unsafe { Library::open(Some(&library), RTLD_NOW | RTLD_GLOBAL) } {
                std::mem::forget(library);
            }
        }
        if is_loaded() {
            break;
        }
    }
    if is_loaded() {
        return Ok(());
    }
    let searched = folders.iter().map(|folder| folder.display().to_string()).collect::<Vec<_>>().join(", ");
    let reason = format!(
        "not found on the library path nor in {searched}: install the wheel nvidia-cuda-nvrtc 13.0 beside PyTorch's, \
         or set LD_LIBRARY_PATH"
    );
    Err(CudaError::Library { library: NVRTC, reason })
}

/// The library of NVRTC's built-in functions in `folder`. Its name ends with NVRTC's full version.
fn builtins(folder: &Path) -> Option<PathBuf> {
    let entries = std::fs::read_dir(folder).ok()?;
    let mut paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    paths
        .find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("libnvrtc-builtins.so.13")))
}

/// Folders to search for NVRTC beside the library path.
fn folders() -> Vec<PathBuf> {
    const WHEEL: &str = "nvidia/cu13/lib";
    let mut folders = Vec::new();
    if let Some(lib) = libtorch_folder() {
        // In a wheel, `torch/lib` is beside `nvidia`; a libtorch archive has all libraries in one folder.
        folders.extend(lib.ancestors().nth(2).map(|site| site.join(WHEEL)));
        folders.push(lib);
    }
    // `cargo xtask test` installs NVRTC here for the tests.
    #[cfg(test)]
    folders.push(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.libtorch/nvrtc-13.0.88").join(WHEEL));
    folders
}

/// The folder from which `libtorch_cpu.so` was loaded.
fn libtorch_folder() -> Option<PathBuf> {
    let maps = std::fs::read_to_string("/proc/self/maps").ok()?;
    let mut paths = maps.lines().filter_map(|line| line.find('/').map(|start| Path::new(&line[start..])));
    paths.find(|path| path.ends_with("libtorch_cpu.so"))?.parent().map(Path::to_path_buf)
}

#[cfg(all(test, target_os = "linux", target_arch = "x86_64"))]
mod tests {
    use super::*;

    /// Compiles `source` for an H100 and compares the names of its kernels with `kernels`.
    fn check(source: Source, kernels: &[&str]) {
        let compiled = compile(source, "sm_90")
            .unwrap_or_else(|error| panic!("{error}; `cargo xtask test` installs NVRTC where the tests look for it"));
        assert_eq!(compiled.cubin[..4], *b"\x7fELF");
        let entries = compiled.ptx.lines().filter_map(|line| line.strip_prefix(".visible .entry "));
        let mut entries: Vec<&str> = entries.map(|entry| entry.trim_end_matches('(')).collect();
        entries.sort_unstable();
        assert_eq!(entries, kernels, "{source:?}");
        // Register spills would slow a kernel down silently.
        let spills: Vec<&str> = compiled.log.lines().filter(|line| line.contains("spill")).collect();
        assert_eq!(spills.len(), kernels.len(), "{}", compiled.log);
        for line in spills {
            assert!(line.contains("0 bytes spill stores, 0 bytes spill loads"), "{}", compiled.log);
        }
    }

    #[test]
    fn every_kernel_compiles_for_an_h100() {
        for source in Source::ALL {
            check(
                source,
                match source {
                    Source::Prepare => &["prepare_bf16", "prepare_f32"],
                    Source::FilterBf16 => &["bound_bf16", "collect_bf16"],
                    Source::FilterF32 => &["bound_f32", "collect_f32"],
                    Source::Rescore => &["exhaustive_f32", "exhaustive_f64", "rescore", "threshold"],
                    Source::Scatter => &["scatter"],
                },
            );
        }
    }

    #[test]
    fn a_compile_error_names_the_file() {
        let error = compile(Source::Scatter, "sm_1").expect_err("no such architecture").to_string();
        assert!(error.starts_with("NVRTC could not compile scatter.cu for sm_1: "), "{error}");
    }
}
