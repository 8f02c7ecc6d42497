//! Tests on a GPU. Without one they pass without doing anything.
//!
//! On every machine, the kernels and their host code are tested on an emulator: `src/search/gpu/tests.rs`,
//! `src/codebooks/scatter.rs`.

use tch::{Device, Kind, Tensor, nn};
use vq_core::{
    DeviceChoice, Distance, EmaCodebook, EmaConfig, Mode, NearestConfig, NearestQuantizer, QuantizedBatch, Quantizer,
    SearchConfig, nearest_codes, scatter_sums,
};

use crate::oracle::assert_close;
use crate::support::normal;

fn gpu() -> Option<Device> {
    let device = DeviceChoice::Auto.resolve().unwrap();
    device.is_cuda().then_some(device)
}

#[test]
fn search_on_a_gpu_equals_the_cpu() {
    let Some(gpu) = gpu() else { return };
    for (n, size, dim) in [(1, 1, 1), (5000, 3000, 8), (70_000, 500, 33), (3000, 5000, 256), (300, 700, 1000)] {
        let (vectors, codes) = (normal(1, &[n, dim]), normal(2, &[size, dim]));
        for (k, distance) in [(1, Distance::L2), (2, Distance::Cosine), (16, Distance::L2)] {
            let search = SearchConfig { k: k.min(size), distance };
            let expected = nearest_codes(&vectors, &codes, search).unwrap();
            let found = nearest_codes(&vectors.to_device(gpu), &codes.to_device(gpu), search).unwrap();
            assert!(found.indices.to_device(Device::Cpu).equal(&expected.indices), "{n} x {size} x {dim}, {search:?}");
            assert!(found.distances.to_device(Device::Cpu).equal(&expected.distances));
        }
    }
}

#[test]
fn sums_on_a_gpu_equal_those_of_the_cpu() {
    let Some(gpu) = gpu() else { return };
    for size in [1, 300] {
        let vectors = normal(1, &[20_000, 70]);
        let ids = (normal(2, &[20_000]).abs() * 100.0).to_kind(Kind::Int64).remainder(size);
        let expected = scatter_sums(&vectors, &ids, size).unwrap();
        let found = scatter_sums(&vectors.to_device(gpu), &ids.to_device(gpu), size).unwrap();
        assert!(found.counts.to_device(Device::Cpu).equal(&expected.counts));
        assert_close(&found.sums.to_device(Device::Cpu), &expected.sums, 1e-4, "sums");
    }
}

#[test]
fn training_on_a_gpu_equals_the_cpu() {
    let Some(gpu) = gpu() else { return };
    let step = |device: Device| {
        let store = nn::VarStore::new(device);
        let codebook = EmaCodebook::new(&store.root(), 200, 16, EmaConfig::default()).unwrap();
        tch::no_grad(|| {
            for name in ["weight", "embed_sum"] {
                store.variables()[name].shallow_clone().copy_(&normal(3, &[200, 16]));
            }
        });
        let mut quantizer = NearestQuantizer::new(Box::new(codebook), NearestConfig::default()).unwrap();
        let latents = normal(4, &[2, 16, 24, 24]).to_device(device);
        let quantized = quantizer.quantize(&latents, Mode::Train).unwrap();
        assert!(quantizer.lookup(&quantized.indices).unwrap().equal(&quantized.codes));
        quantizer.update(&QuantizedBatch { latents: &latents, indices: &quantized.indices, mask: None }).unwrap();
        let weight = store.variables()["weight"].to_device(Device::Cpu);
        [quantized.indices, quantized.loss, weight].map(|tensor: Tensor| tensor.to_device(Device::Cpu))
    };
    let ([ids, loss, weight], [expected_ids, expected_loss, expected_weight]) = (step(gpu), step(Device::Cpu));
    assert!(ids.equal(&expected_ids));
    assert_close(&loss, &expected_loss, 1e-5, "loss");
    assert_close(&weight, &expected_weight, 1e-5, "codes");
}
