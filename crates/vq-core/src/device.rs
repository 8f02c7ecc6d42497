//! Selection of the device to compute on.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use tch::Device;

use crate::error::CoreError;
use crate::kernels;

/// A requested device; [`DeviceChoice::resolve`] checks that it exists.
///
/// As text it is `auto`, `cpu`, `cuda` (the same as `cuda:0`) or `cuda:N`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum DeviceChoice {
    /// The first CUDA device if there is one, else the CPU.
    #[default]
    Auto,
    /// The CPU.
    Cpu,
    /// The CUDA device with this index.
    Cuda(usize),
}

impl DeviceChoice {
    /// The device. CUDA is detected at run time; it is not needed to build, nor to run on the CPU.
    ///
    /// # Errors
    /// [`CoreError::Option`] if a CUDA device was requested by number and does not exist. The message reports whether
    /// libtorch's CUDA library was found.
    pub fn resolve(self) -> Result<Device, CoreError> {
        match self {
            DeviceChoice::Cpu => Ok(Device::Cpu),
            DeviceChoice::Auto if kernels::device_count() > 0 => Ok(Device::Cuda(0)),
            DeviceChoice::Auto => Ok(Device::Cpu),
            DeviceChoice::Cuda(number) if number < kernels::device_count() => Ok(Device::Cuda(number)),
            DeviceChoice::Cuda(_) => Err(CoreError::Option {
                op: "DeviceChoice::resolve",
                expected: format!("a CUDA device that is present ({})", kernels::describe()),
                got: self.to_string(),
            }),
        }
    }
}

impl fmt::Display for DeviceChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DeviceChoice::Auto => f.write_str("auto"),
            DeviceChoice::Cpu => f.write_str("cpu"),
            DeviceChoice::Cuda(number) => write!(f, "cuda:{number}"),
        }
    }
}

impl FromStr for DeviceChoice {
    type Err = CoreError;

    fn from_str(text: &str) -> Result<Self, CoreError> {
        let number = |digits: &str| digits.parse().ok().map(DeviceChoice::Cuda);
        let choice = match text {
            "auto" => Some(DeviceChoice::Auto),
            "cpu" => Some(DeviceChoice::Cpu),
            "cuda" => Some(DeviceChoice::Cuda(0)),
            _ => text.strip_prefix("cuda:").and_then(number),
        };
        choice.ok_or_else(|| CoreError::Option {
            op: "device",
            expected: "`auto`, `cpu` or `cuda:N`".into(),
            got: format!("`{text}`"),
        })
    }
}

impl TryFrom<String> for DeviceChoice {
    type Error = CoreError;

    fn try_from(text: String) -> Result<Self, CoreError> {
        text.parse()
    }
}

impl From<DeviceChoice> for String {
    fn from(choice: DeviceChoice) -> Self {
        choice.to_string()
    }
}
