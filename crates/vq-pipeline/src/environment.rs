//! The environment of a computation.

use tch::Device;
use vq_run::Environment;

/// The libtorch that this version is built against.
const LIBTORCH: &str = "2.11 (tch 0.24)";

/// The environment of this process, computing on a device.
pub fn environment(device: Device) -> Environment {
    let name = match device {
        Device::Cuda(ordinal) => match Environment::gpu_model() {
            Some(model) => format!("CUDA {ordinal} ({model})"),
            None => format!("CUDA {ordinal}"),
        },
        Device::Cpu => "CPU".into(),
        other => format!("{other:?}"),
    };
    Environment::current(env!("CARGO_PKG_VERSION"), LIBTORCH, &name, tch::get_num_threads())
}
