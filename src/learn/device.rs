//! Where networks compute, chosen by the user at run time among what was compiled in.

#[cfg(any(feature = "cuda", feature = "vulkan"))]
mod probe;

use serde::{Deserialize, Serialize};
use std::fmt;

/// A device for networks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Device {
    /// The processor, through burn's `flex` backend. Same bytes for any number of threads.
    Cpu,
    /// A CUDA device by index (feature `cuda`).
    Cuda(usize),
    /// The default Vulkan device (feature `vulkan`).
    Vulkan,
    /// The processor through LibTorch (feature `libtorch`).
    LibTorch,
}

/// The device cannot be used, with the reason and the remedy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeviceError {
    /// No such name.
    #[error("there is no device `{0}`; choose auto, cpu, cuda, cuda:N, vulkan or libtorch")]
    Unknown(String),
    /// The backend is not part of this program.
    #[error(
        "this msx was built without {name}; build it with `cargo build --release --features \
         {feature}`, or use --device cpu"
    )]
    NotBuilt {
        /// The backend.
        name: &'static str,
        /// The cargo feature that adds it.
        feature: &'static str,
    },
    /// The driver or the hardware is missing.
    #[error("{device} cannot be used: {reason}; use --device cpu, or install what is missing")]
    Missing {
        /// The device.
        device: Device,
        /// Why.
        reason: String,
    },
}

impl Device {
    /// The device with this name, if it is usable here. `auto` is the first CUDA device where
    /// there is one and the processor elsewhere.
    ///
    /// # Errors
    /// An unknown name, a backend that was not compiled in, a missing driver.
    pub fn choose(name: &str) -> Result<Device, DeviceError> {
        let device = match name {
            "auto" => {
                let cuda = Device::Cuda(0);
                return Ok(if cuda.probe().is_ok() { cuda } else { Device::Cpu });
            }
            "cpu" => Device::Cpu,
            "cuda" => Device::Cuda(0),
            "vulkan" => Device::Vulkan,
            "libtorch" => Device::LibTorch,
            other => other
                .strip_prefix("cuda:")
                .and_then(|index| index.parse().ok())
                .map(Device::Cuda)
                .ok_or_else(|| DeviceError::Unknown(other.to_owned()))?,
        };
        device.probe()?;
        Ok(device)
    }

    /// The family of devices that compute the same bits; part of the keys of stages with
    /// networks.
    pub fn family(&self) -> &'static str {
        match self {
            Device::Cpu => "cpu",
            Device::Cuda(_) => "cuda",
            Device::Vulkan => "vulkan",
            Device::LibTorch => "libtorch",
        }
    }

    /// Whether it is a device beside the processor, which stages have to share.
    pub fn is_accelerator(&self) -> bool {
        matches!(self, Device::Cuda(_) | Device::Vulkan)
    }

    /// Looks for the driver before any tensor is made, because the backends panic without one.
    fn probe(&self) -> Result<(), DeviceError> {
        match self {
            Device::Cpu => Ok(()),
            #[cfg(feature = "cuda")]
            Device::Cuda(index) => self.missing(probe::cuda::find(*index)),
            #[cfg(not(feature = "cuda"))]
            Device::Cuda(_) => Err(DeviceError::NotBuilt { name: "CUDA", feature: "cuda" }),
            #[cfg(feature = "vulkan")]
            Device::Vulkan => self.missing(probe::vulkan::find()),
            #[cfg(not(feature = "vulkan"))]
            Device::Vulkan => Err(DeviceError::NotBuilt { name: "Vulkan", feature: "vulkan" }),
            #[cfg(feature = "libtorch")]
            Device::LibTorch => Ok(()),
            #[cfg(not(feature = "libtorch"))]
            Device::LibTorch => {
                Err(DeviceError::NotBuilt { name: "LibTorch", feature: "libtorch" })
            }
        }
    }

    #[cfg(any(feature = "cuda", feature = "vulkan"))]
    fn missing(&self, found: Result<(), String>) -> Result<(), DeviceError> {
        found.map_err(|reason| DeviceError::Missing { device: *self, reason })
    }
}

impl fmt::Display for Device {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Device::Cuda(index) => write!(formatter, "cuda:{index}"),
            other => formatter.write_str(other.family()),
        }
    }
}

/// Evaluates an expression with a backend type and its device in scope:
/// `with_backend!(device, |B, handle| train::<B>(&config, &handle))`.
///
/// A [`Device`] of a backend that was not compiled in never gets this far.
#[macro_export]
macro_rules! with_backend {
    ($device:expr, |$backend:ident, $handle:ident| $body:expr) => {{
        match $device {
            #[cfg(feature = "cuda")]
            $crate::learn::device::Device::Cuda(index) => {
                type $backend = burn::backend::Cuda;
                let $handle = burn::backend::cuda::CudaDevice::new(*index);
                $body
            }
            #[cfg(feature = "vulkan")]
            $crate::learn::device::Device::Vulkan => {
                type $backend = burn::backend::Vulkan;
                let $handle = burn::backend::wgpu::WgpuDevice::default();
                $body
            }
            #[cfg(feature = "libtorch")]
            $crate::learn::device::Device::LibTorch => {
                type $backend = burn::backend::LibTorch;
                let $handle = burn::backend::libtorch::LibTorchDevice::Cpu;
                $body
            }
            _ => {
                type $backend = burn::backend::Flex;
                let $handle = Default::default();
                $body
            }
        }
    }};
}
