//! Measured limits of the machine.

use std::fs;
use std::time::Instant;

use tch::{Device, Kind, Tensor};

/// GFLOP/s of fused multiply-adds in registers, on all of libtorch's threads.
pub(crate) fn fma_peak() -> f64 {
    let threads = tch::get_num_threads() as usize;
    let run = || {
        let start = Instant::now();
        let operations: f64 = std::thread::scope(|scope| {
            let workers: Vec<_> = (0..threads).map(|_| scope.spawn(fma_loop)).collect();
            workers.into_iter().map(|worker| worker.join().unwrap_or(0.0)).sum()
        });
        operations / start.elapsed().as_secs_f64() / 1e9
    };
    (0..5).map(|_| run()).fold(0.0, f64::max)
}

/// GFLOP/s of libtorch's matrix product of 4096 x 4096 matrices.
pub(crate) fn sgemm_rate() -> f64 {
    let size = 4096;
    let [left, right] = [0, 1].map(|_| Tensor::randn([size, size], (Kind::Float, Device::Cpu)));
    let run = || {
        let start = Instant::now();
        drop(left.matmul(&right));
        2.0 * (size as f64).powi(3) / start.elapsed().as_secs_f64() / 1e9
    };
    (0..3).map(|_| run()).fold(0.0, f64::max)
}

/// Growth of peak resident memory during `call`, in MiB; NaN except on Linux.
///
/// Only the first large call of a process is meaningful: memory kept by the allocator from earlier calls is not
/// counted.
pub(crate) fn extra_memory(call: impl FnOnce()) -> f64 {
    let field = |name: &str| {
        let status = fs::read_to_string("/proc/self/status").ok()?;
        let line = status.lines().find(|line| line.starts_with(name))?;
        line.split_whitespace().nth(1)?.parse::<f64>().ok()
    };
    // Resets the peak to the current value.
    let reset = fs::write("/proc/self/clear_refs", "5");
    let before = field("VmRSS:");
    call();
    match (reset, before, field("VmHWM:")) {
        (Ok(()), Some(before), Some(peak)) => (peak - before).max(0.0) / 1024.0,
        _ => f64::NAN,
    }
}

const ROUNDS: usize = 4_000_000;

/// Returns the number of floating-point operations.
fn fma_loop() -> f64 {
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512f") {
            // SAFETY: the processor has the instructions.
            return unsafe { fma_avx512() };
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            // SAFETY: the processor has the instructions.
            return unsafe { fma_avx2() };
        }
    }
    fma_portable()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn fma_avx512() -> f64 {
    use std::arch::x86_64::{_mm512_fmadd_ps, _mm512_set1_ps};
    let factor = std::hint::black_box(_mm512_set1_ps(0.5));
    let mut sums = [factor; 24];
    for _ in 0..ROUNDS {
        for sum in &mut sums {
            *sum = _mm512_fmadd_ps(*sum, factor, factor);
        }
    }
    std::hint::black_box(sums);
    (ROUNDS * sums.len() * 16 * 2) as f64
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn fma_avx2() -> f64 {
    use std::arch::x86_64::{_mm256_fmadd_ps, _mm256_set1_ps};
    let factor = std::hint::black_box(_mm256_set1_ps(0.5));
    let mut sums = [factor; 12];
    for _ in 0..ROUNDS {
        for sum in &mut sums {
            *sum = _mm256_fmadd_ps(*sum, factor, factor);
        }
    }
    std::hint::black_box(sums);
    (ROUNDS * sums.len() * 8 * 2) as f64
}

fn fma_portable() -> f64 {
    let factor = std::hint::black_box(0.5_f32);
    let mut sums = [factor; 64];
    for _ in 0..ROUNDS {
        for sum in &mut sums {
            *sum = *sum * factor + factor;
        }
    }
    std::hint::black_box(sums);
    (ROUNDS * sums.len() * 2) as f64
}
