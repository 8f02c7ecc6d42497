//! Memory of a process that trains.

/// Keeps freed memory in the process instead of returning it to the kernel.
///
/// A training step frees and allocates the same large tensors again. By default glibc unmaps each of them, and the
/// kernel clears every page again, which cost a seventh of the time of a step on a CPU.
/// Memory grows to the peak of a step and stays there.
/// Call it at the start of a program, before threads exist; a library should leave it to its user.
/// It has no effect on other allocators than glibc's.
pub fn keep_freed_memory() {
    #[cfg(target_env = "gnu")]
    {
        /// The largest that glibc accepts.
        const MMAP_THRESHOLD: libc::c_int = 32 << 20;
        // SAFETY: `mallopt` only sets parameters of the allocator, and is called before other threads exist.
        unsafe {
            libc::mallopt(libc::M_MMAP_THRESHOLD, MMAP_THRESHOLD);
            libc::mallopt(libc::M_TRIM_THRESHOLD, libc::c_int::MAX);
        }
    }
}
