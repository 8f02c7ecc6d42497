//! How a process that trains holds memory.

/// Lets freed memory stay with the process instead of going back to the kernel.
///
/// A training step frees and takes the same large tensors again; by default glibc unmaps each of them, and the kernel
/// clears every page anew, which cost a seventh of the time of a step on a CPU.
/// Memory grows to the peak of a step and stays there.
/// To be called at the start of a program, before it makes threads; a library's user may have reasons not to.
/// Other allocators than glibc's are left as they are.
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
