//! Search and sums per code on a GPU, compared with libtorch in one process.
//!
//! ```sh
//! cargo bench -p vq-core --bench gpu
//! ```
//!
//! Criterion stores the figures, and tables are printed at the end. Without a GPU, the bench prints the reason and
//! ends.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed bench")]
#![allow(clippy::print_stdout, reason = "a bench prints")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{Criterion, SamplingMode};
use tch::{Cuda, Device, Kind, TchError, Tensor};
use vq_core::{DeviceChoice, SearchConfig, nearest_codes, scatter_sums};

/// Shapes `(N, K, D)`.
const SHAPES: [(i64, i64, i64); 3] = [(65_536, 16_384, 256), (65_536, 16_384, 8), (262_144, 262_144, 32)];

/// Rows whose ids are compared with those of the CPU.
const COMPARED: i64 = 4096;

fn main() {
    let device = match DeviceChoice::Cuda(0).resolve() {
        Ok(device) => device,
        Err(error) => return println!("no GPU: {error}"),
    };
    let mut criterion = Criterion::default().configure_from_args().sample_size(10).warm_up_time(Duration::from_secs(1));
    let matmul = matmul_rate(device);
    let mut searches = Vec::new();
    for (n, size, dim) in SHAPES {
        let [vectors, codes] = [n, size].map(|rows| Tensor::randn([rows, dim], (Kind::Float, device)));
        let name = format!("gpu search {n} x {size} x {dim}");
        let mut time = |side, work: &dyn Fn() -> Result<Tensor, TchError>| measure(&mut criterion, &name, side, work);
        let ours = time("vq-core", &|| Ok(ours(&vectors, &codes)));
        let cdist = time("cdist", &|| Tensor::f_cdist(&vectors, &codes, 2.0, None::<i64>)?.f_argmin(1, false));
        let parts = time("matmul", &|| in_parts(&vectors, &codes));
        let rate = ours.map(|ours| 2.0 * (n * size * dim) as f64 / ours / 1e9);
        let differ = differing(&vectors.narrow(0, 0, COMPARED), &codes);
        searches.push(format!(
            "| {n} | {size} | {dim} | {} | {} | {} | {} | {} | {differ} of {COMPARED} |",
            text(ours),
            text(cdist),
            text(parts),
            text(rate),
            text(rate.map(|rate| rate / matmul)),
        ));
    }
    let mut sums = Vec::new();
    for (n, size, dim) in SHAPES {
        for in_use in [size, 16] {
            let vectors = Tensor::randn([n, dim], (Kind::Float, device));
            let ids = Tensor::randint(in_use, [n], (Kind::Int64, device));
            let name = format!("gpu sums {n} x {size} x {dim}, {in_use} in use");
            let ours =
                measure(&mut criterion, &name, "vq-core", &|| Ok(scatter_sums(&vectors, &ids, size).unwrap().sums));
            let index_add = measure(&mut criterion, &name, "index_add_", &|| {
                let sums = Tensor::f_zeros([size, dim], (Kind::Float, device))?.f_index_add_(0, &ids, &vectors)?;
                let _ = ids.f_bincount::<Tensor>(None, size)?;
                Ok(sums)
            });
            sums.push(format!("| {n} | {size} | {dim} | {in_use} | {} | {} |", text(ours), text(index_add)));
        }
    }
    criterion.final_summary();
    println!("libtorch's bf16 matrix product: {matmul:.0} TFLOP/s; TFLOP/s of the search are 2 N K D over the time");
    println!();
    println!(
        "| N | K | D | vq-core ms | cdist + argmin ms | matmul + argmin in parts ms | TFLOP/s | of matmul | differing ids |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    searches.iter().for_each(|line| println!("{line}"));
    println!();
    println!("| N | K | D | codes in use | sums by vq-core ms | index_add_ and bincount ms |");
    println!("|---|---|---|---|---|---|");
    sums.iter().for_each(|line| println!("{line}"));
}

fn ours(vectors: &Tensor, codes: &Tensor) -> Tensor {
    nearest_codes(vectors, codes, SearchConfig::default()).unwrap().indices
}

/// The usual alternative to the `[N, K]` matrix: a part of the rows at a time.
fn in_parts(vectors: &Tensor, codes: &Tensor) -> Result<Tensor, TchError> {
    let rows = ((1 << 28) / codes.size()[0]).max(1);
    let bias = codes.f_square()?.f_sum_dim_intlist(1, false, Kind::Float)?; // [K]
    let transposed = codes.f_transpose(0, 1)?.f_mul_scalar(-2.0)?; // [D, K]
    let parts = (0..vectors.size()[0]).step_by(rows as usize).map(|first| {
        let part = vectors.f_narrow(0, first, rows.min(vectors.size()[0] - first))?;
        bias.f_addmm(&part, &transposed)?.f_argmin(1, false)
    });
    Tensor::f_cat(&parts.collect::<Result<Vec<_>, _>>()?, 0)
}

/// Number of rows whose id differs from that of the CPU.
fn differing(vectors: &Tensor, codes: &Tensor) -> i64 {
    let [on_cpu, codes_on_cpu] = [vectors, codes].map(|matrix| matrix.to_device(Device::Cpu));
    let differ = ours(vectors, codes).to_device(Device::Cpu).ne_tensor(&ours(&on_cpu, &codes_on_cpu));
    differ.sum(Kind::Int64).int64_value(&[])
}

/// The fastest call in milliseconds; `None` if the command line filters it out or libtorch runs out of memory.
fn measure(
    criterion: &mut Criterion,
    group: &str,
    side: &str,
    work: &dyn Fn() -> Result<Tensor, TchError>,
) -> Option<f64> {
    let _ = work().ok()?;
    let mut fastest: Option<Duration> = None;
    let mut group = criterion.benchmark_group(group);
    group.sampling_mode(SamplingMode::Flat);
    group.bench_function(side, |bencher| {
        bencher.iter_custom(|rounds| {
            let timed = (0..rounds).map(|_| {
                Cuda::synchronize(0);
                let start = Instant::now();
                let _ = black_box(work());
                Cuda::synchronize(0);
                let time = start.elapsed();
                fastest = Some(fastest.map_or(time, |fastest| fastest.min(time)));
                time
            });
            timed.sum()
        });
    });
    group.finish();
    fastest.map(|time| time.as_secs_f64() * 1e3)
}

/// TFLOP/s of libtorch's product of 8192 x 8192 matrices of bfloat16.
fn matmul_rate(device: Device) -> f64 {
    let size = 8192;
    let [left, right] = [0, 1].map(|_| Tensor::randn([size, size], (Kind::BFloat16, device)));
    let run = || {
        Cuda::synchronize(0);
        let start = Instant::now();
        drop(left.matmul(&right));
        Cuda::synchronize(0);
        2.0 * (size as f64).powi(3) / start.elapsed().as_secs_f64() / 1e12
    };
    (0..10).map(|_| run()).fold(0.0, f64::max)
}

fn text(figure: Option<f64>) -> String {
    figure.map_or("-".into(), |figure| format!("{figure:.2}"))
}
