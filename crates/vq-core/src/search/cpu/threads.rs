//! Parallel work on libtorch's own threads. This file uses `unsafe`: it calls the OpenMP runtime.
//!
//! libtorch computes on OpenMP threads, which spin for a while after each operation.
//! A second pool would compete with them for the cores, so this file runs on the same team, with as many threads as
//! `torch.set_num_threads` sets.

use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use libloading::os::unix::Library;

/// `GOMP_parallel(function, data, threads, flags)`, which compilers call for `#pragma omp parallel`.
type Parallel = unsafe extern "C" fn(extern "C" fn(*mut c_void), *mut c_void, u32, u32);

/// Calls `work` for each item, on as many threads as libtorch uses. Returns when all calls have returned.
pub(crate) fn for_each<T: Send>(items: Vec<T>, work: impl Fn(T) + Sync) {
    let threads = usize::try_from(tch::get_num_threads()).unwrap_or(1).min(items.len());
    let items: Vec<Mutex<Option<T>>> = items.into_iter().map(|item| Mutex::new(Some(item))).collect();
    let next = AtomicUsize::new(0);
    let take = || items.get(next.fetch_add(1, Ordering::Relaxed));
    let drain = || {
        while let Some(item) = take() {
            if let Some(item) = item.lock().unwrap_or_else(PoisonError::into_inner).take() {
                work(item);
            }
        }
    };
    match parallel() {
        _ if threads < 2 => drain(),
        Some(parallel) => on_team(parallel, threads, &drain),
        None => std::thread::scope(|scope| {
            for _ in 1..threads {
                scope.spawn(drain);
            }
            drain();
        }),
    }
}

/// Runs `work` once on each thread of an OpenMP team. A panic is resumed here after all threads have finished.
fn on_team(parallel: Parallel, threads: usize, work: &(dyn Fn() + Sync)) {
    struct Region<'a> {
        work: &'a (dyn Fn() + Sync),
        panic: Mutex<Option<Box<dyn std::any::Any + Send>>>,
    }
    extern "C" fn enter(region: *mut c_void) {
        // SAFETY: the pointer is that of the `Region` in `on_team`, which outlives the team.
        let region = unsafe { &*region.cast::<Region<'_>>() };
        if let Err(panic) = catch_unwind(AssertUnwindSafe(region.work)) {
            *region.panic.lock().unwrap_or_else(PoisonError::into_inner) = Some(panic);
        }
    }
    let region = Region { work, panic: Mutex::new(None) };
    let data = std::ptr::from_ref(&region).cast_mut().cast();
    // SAFETY: the symbol has this signature in every OpenMP runtime that has it; `enter` does not unwind, shares
    // `region` only as `&Region` (which is `Sync`), and the call returns only after every thread has left `enter`.
    unsafe { parallel(enter, data, threads as u32, 0) };
    if let Some(panic) = region.panic.into_inner().unwrap_or_else(PoisonError::into_inner) {
        resume_unwind(panic);
    }
}

/// The OpenMP runtime loaded by libtorch, if any.
fn parallel() -> Option<Parallel> {
    static PARALLEL: OnceLock<Option<Parallel>> = OnceLock::new();
    *PARALLEL.get_or_init(|| {
        // SAFETY: this searches only libraries that are already loaded. libtorch's OpenMP runtime is never unloaded, so
        // the pointer cannot dangle.
        unsafe { Library::this().get::<Parallel>(b"GOMP_parallel\0") }.ok().map(|symbol| *symbol)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_item_is_processed_once() {
        let counts: Vec<AtomicUsize> = (0..1000).map(|_| AtomicUsize::new(0)).collect();
        for_each(counts.iter().enumerate().collect(), |(index, count)| {
            count.fetch_add(index + 1, Ordering::Relaxed);
        });
        for (index, count) in counts.iter().enumerate() {
            assert_eq!(count.load(Ordering::Relaxed), index + 1);
        }
        for_each(Vec::<usize>::new(), |_| unreachable!());
    }

    #[test]
    fn a_panic_is_propagated() {
        let caught = catch_unwind(|| for_each((0..100).collect(), |item| assert!(item != 50, "fifty")));
        assert_eq!(*caught.unwrap_err().downcast::<&str>().unwrap(), "fifty");
    }

    #[test]
    fn the_openmp_runtime_is_found() {
        assert!(parallel().is_some(), "the wheel's libtorch_cpu.so needs libgomp.so.1");
    }
}
