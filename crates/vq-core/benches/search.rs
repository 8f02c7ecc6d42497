//! Nearest-code search compared with libtorch's `cdist` and `argmin`, in one process and with the same threads.
//!
//! ```sh
//! cargo bench -p vq-core --bench search
//! ```
//!
//! Criterion stores the figures, and a table is printed at the end.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed bench")]
#![allow(clippy::print_stdout, reason = "a bench prints")]

mod machine;

use std::hint::black_box;
use std::process::Command;
use std::time::{Duration, Instant};

use criterion::{Criterion, SamplingMode};
use tch::{Device, Kind, Tensor};
use vq_core::{SearchConfig, nearest_codes};

/// Shapes `(N, K, D)`.
const SHAPES: [(i64, i64, i64); 5] =
    [(8192, 1024, 256), (8192, 16384, 256), (8192, 16384, 8), (8192, 8192, 32), (8192, 262_144, 32)];

/// Environment variable that makes the bench print the memory of one call: the side, N, K and D.
const MEMORY: &str = "VQ_BENCH_MEMORY";

/// An implementation of the search.
#[derive(Clone, Copy)]
enum Side {
    Ours,
    Libtorch,
}

/// Measurements of one implementation and shape.
struct Figures {
    /// The fastest call.
    time: Duration,
    /// Memory of a call beside its inputs, in MiB.
    memory: f64,
}

/// Vectors and codes.
struct Inputs {
    vectors: Tensor,
    codes: Tensor,
}

impl Inputs {
    fn new(n: i64, size: i64, dim: i64) -> Self {
        let [vectors, codes] = [n, size].map(|rows| Tensor::randn([rows, dim], (Kind::Float, Device::Cpu)));
        Self { vectors, codes }
    }
}

impl Side {
    fn name(self) -> &'static str {
        match self {
            Self::Ours => "vq-core",
            Self::Libtorch => "libtorch",
        }
    }

    fn search(self, Inputs { vectors, codes }: &Inputs) -> Tensor {
        match self {
            Self::Ours => nearest_codes(vectors, codes, SearchConfig::default()).unwrap().indices,
            Self::Libtorch => Tensor::cdist(vectors, codes, 2.0, None::<i64>).argmin(1, false),
        }
    }

    /// Memory of a call in a fresh process, in MiB.
    fn memory(self, (n, size, dim): (i64, i64, i64)) -> f64 {
        let request = format!("{} {n} {size} {dim}", self.name());
        let output = Command::new(std::env::current_exe().unwrap()).env(MEMORY, request).output().unwrap();
        String::from_utf8_lossy(&output.stdout).trim().parse().unwrap_or(f64::NAN)
    }
}

fn main() {
    if let Ok(request) = std::env::var(MEMORY) {
        return print_memory(&request);
    }
    let mut criterion = Criterion::default().configure_from_args().sample_size(10).warm_up_time(Duration::from_secs(1));
    let (fma, sgemm) = (machine::fma_peak(), machine::sgemm_rate());
    let mut table = Vec::new();
    for shape in SHAPES {
        let (n, size, dim) = shape;
        let inputs = Inputs::new(n, size, dim);
        let name = format!("search {n} x {size} x {dim}");
        let [ours, libtorch] =
            [Side::Ours, Side::Libtorch].map(|side| measure(&mut criterion, &name, side, shape, &inputs));
        if let (Some(ours), Some(libtorch)) = (ours, libtorch) {
            table.push((shape, ours, libtorch));
        }
    }
    criterion.final_summary();
    print(&table, fma, sgemm);
}

/// Prints the memory of one call, for [`Side::memory`].
fn print_memory(request: &str) {
    let words: Vec<&str> = request.split(' ').collect();
    let side = if words[0] == Side::Ours.name() { Side::Ours } else { Side::Libtorch };
    let [n, size, dim] = [1, 2, 3].map(|index: usize| words[index].parse().unwrap());
    // A small call starts threads and libraries.
    let _ = side.search(&Inputs::new(64, 64, dim));
    let inputs = Inputs::new(n, size, dim);
    println!("{}", machine::extra_memory(|| drop(side.search(&inputs))));
}

/// Measures a side with criterion; `None` if the command line filters it out.
fn measure(
    criterion: &mut Criterion,
    group: &str,
    side: Side,
    shape: (i64, i64, i64),
    inputs: &Inputs,
) -> Option<Figures> {
    let mut fastest = None;
    let mut group = criterion.benchmark_group(group);
    group.sampling_mode(SamplingMode::Flat);
    group.bench_function(side.name(), |bencher| {
        bencher.iter_custom(|rounds| {
            let timed = (0..rounds).map(|_| {
                let start = Instant::now();
                let _ = black_box(side.search(inputs));
                let time = start.elapsed();
                fastest = Some(fastest.map_or(time, |fastest: Duration| fastest.min(time)));
                time
            });
            timed.sum()
        });
    });
    group.finish();
    fastest.map(|time| Figures { time, memory: side.memory(shape) })
}

fn print(table: &[((i64, i64, i64), Figures, Figures)], fma: f64, sgemm: f64) {
    println!(
        "threads: {}; peak of f32 FMA: {fma:.0} GFLOP/s; libtorch's sgemm: {sgemm:.0} GFLOP/s",
        tch::get_num_threads()
    );
    println!("GFLOP/s are 2 N K D over the time; the share is of the f32 FMA peak, which bf16 and i8 can exceed.");
    println!();
    println!("| N | K | D | vq-core ms | libtorch ms | times faster | GFLOP/s | share of peak | MiB | libtorch MiB |");
    println!("|---|---|---|---|---|---|---|---|---|---|");
    for ((n, size, dim), ours, libtorch) in table {
        let rate = 2.0 * (n * size * dim) as f64 / ours.time.as_secs_f64() / 1e9;
        println!(
            "| {n} | {size} | {dim} | {:.1} | {:.1} | {:.1} | {rate:.0} | {:.0} % | {:.0} | {:.0} |",
            ours.time.as_secs_f64() * 1e3,
            libtorch.time.as_secs_f64() * 1e3,
            libtorch.time.as_secs_f64() / ours.time.as_secs_f64(),
            100.0 * rate / fma,
            ours.memory,
            libtorch.memory,
        );
    }
}
