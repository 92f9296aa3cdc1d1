//! Asks the driver libraries themselves, through the loader and without linking to them: the
//! backends panic where a library or a device is missing.

use libloading::{Library, Symbol};

/// The first of these libraries that the loader finds. It stays loaded: the backend opens it again
/// in a moment, and drivers do not all bear being unloaded.
fn load(names: &[&str]) -> Option<&'static Library> {
    // SAFETY: driver libraries run no code of ours when loaded.
    let library = names.iter().find_map(|name| unsafe { Library::new(name) }.ok())?;
    Some(Box::leak(Box::new(library)))
}

/// A function of a library.
///
/// # Safety
/// `F` is the function's signature.
unsafe fn function<F>(library: &'static Library, name: &str) -> Result<Symbol<'static, F>, String> {
    // SAFETY: the caller vouches for the signature.
    unsafe { library.get(name.as_bytes()) }.map_err(|error| error.to_string())
}

#[cfg(feature = "cuda")]
pub(super) mod cuda {
    //! The driver, the compiler of kernels and the headers that it wants.

    use super::{function, load};
    use std::ffi::c_int;
    use std::path::{Path, PathBuf};

    const DRIVER: [&str; 3] = ["libcuda.so.1", "libcuda.so", "nvcuda.dll"];
    const COMPILER: [&str; 6] = [
        "libnvrtc.so",
        "libnvrtc.so.13",
        "libnvrtc.so.12",
        "libnvrtc.so.11",
        "nvrtc64_130_0.dll",
        "nvrtc64_120_0.dll",
    ];
    /// Every kernel includes it.
    const HEADER: &str = "include/cuda_runtime.h";
    /// Where burn looks for headers unless `CUDA_PATH` says otherwise: the first of these that
    /// exists decides for the folder beside it.
    const PLACES: [(&str, &str); 4] = [
        ("/usr/local/cuda", "/usr/local/cuda"),
        ("/opt/cuda", "/opt/cuda"),
        ("/usr/bin/nvcc", "/usr"),
        (WINDOWS, WINDOWS),
    ];
    const WINDOWS: &str = "C:/Program Files/NVIDIA GPU Computing Toolkit/CUDA";

    type Init = unsafe extern "system" fn(u32) -> c_int;
    type Count = unsafe extern "system" fn(*mut c_int) -> c_int;

    /// Whether kernels can be compiled for and run on the device with this number.
    pub(in crate::learn::device) fn find(index: usize) -> Result<(), String> {
        match devices()? {
            count if index < count => {}
            0 => return Err("the CUDA driver knows no device".to_owned()),
            1 => return Err(format!("there is one device, cuda:0, and no cuda:{index}")),
            count => return Err(format!("there are {count} devices and no cuda:{index}")),
        }
        load(&COMPILER).ok_or(
            "the library that compiles kernels (libnvrtc, part of the CUDA toolkit) was not found",
        )?;
        let folder = std::env::var_os("CUDA_PATH").map(PathBuf::from).or_else(|| {
            let place = PLACES.iter().find(|(sign, _)| Path::new(sign).exists());
            place.map(|(_, folder)| PathBuf::from(folder))
        });
        match folder {
            Some(folder) if folder.join(HEADER).exists() => Ok(()),
            Some(folder) => Err(format!(
                "the headers of the CUDA toolkit are not in {}; set CUDA_PATH to the folder that \
                 has {HEADER}",
                folder.display()
            )),
            None => Err(format!(
                "the headers of the CUDA toolkit were not found; set CUDA_PATH to the folder that \
                 has {HEADER}"
            )),
        }
    }

    fn devices() -> Result<usize, String> {
        let driver = load(&DRIVER).ok_or("the CUDA driver library (libcuda) was not found")?;
        let mut count: c_int = 0;
        // SAFETY: the signatures are those of the CUDA driver API; `count` outlives the calls.
        let status = unsafe {
            let init = function::<Init>(driver, "cuInit")?;
            let count_devices = function::<Count>(driver, "cuDeviceGetCount")?;
            match init(0) {
                0 => count_devices(&mut count),
                failed => failed,
            }
        };
        match status {
            0 => Ok(usize::try_from(count).unwrap_or(0)),
            100 => Ok(0),
            code => Err(format!("the CUDA driver answered with error {code}")),
        }
    }
}

#[cfg(feature = "vulkan")]
pub(super) mod vulkan {
    //! The loader and a driver with a device behind it.

    use super::{function, load};
    use std::ffi::{c_int, c_void};
    use std::ptr::{null, null_mut};

    const LOADER: [&str; 4] = ["libvulkan.so.1", "libvulkan.so", "vulkan-1.dll", "libvulkan.dylib"];
    /// `VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO`
    const INSTANCE_CREATE_INFO: c_int = 1;
    /// `VK_ERROR_INCOMPATIBLE_DRIVER`: the loader found no driver.
    const NO_DRIVER: c_int = -9;

    /// `VkInstanceCreateInfo`
    #[repr(C)]
    struct InstanceCreateInfo {
        kind: c_int,
        next: *const c_void,
        flags: u32,
        application: *const c_void,
        layer_count: u32,
        layers: *const c_void,
        extension_count: u32,
        extensions: *const c_void,
    }

    type Create = unsafe extern "system" fn(
        *const InstanceCreateInfo,
        *const c_void,
        *mut *mut c_void,
    ) -> c_int;
    type Enumerate = unsafe extern "system" fn(*mut c_void, *mut u32, *mut c_void) -> c_int;
    type Destroy = unsafe extern "system" fn(*mut c_void, *const c_void);

    /// Whether there is a device, of hardware or software.
    pub(in crate::learn::device) fn find() -> Result<(), String> {
        let loader = load(&LOADER).ok_or("the Vulkan loader (libvulkan) was not found")?;
        let request = InstanceCreateInfo {
            kind: INSTANCE_CREATE_INFO,
            next: null(),
            flags: 0,
            application: null(),
            layer_count: 0,
            layers: null(),
            extension_count: 0,
            extensions: null(),
        };
        let mut instance = null_mut();
        let mut count = 0;
        // SAFETY: the signatures and the struct are those of Vulkan 1.0, the arguments outlive the
        // calls, and the instance is used only where it was made.
        let status = unsafe {
            let create = function::<Create>(loader, "vkCreateInstance")?;
            let enumerate = function::<Enumerate>(loader, "vkEnumeratePhysicalDevices")?;
            let destroy = function::<Destroy>(loader, "vkDestroyInstance")?;
            match create(&raw const request, null(), &raw mut instance) {
                0 => {
                    let status = enumerate(instance, &raw mut count, null_mut());
                    destroy(instance, null());
                    status
                }
                failed => failed,
            }
        };
        match status {
            0 if count > 0 => Ok(()),
            0 | NO_DRIVER => Err("no Vulkan driver with a device was found".to_owned()),
            code => Err(format!("the Vulkan loader answered with error {code}")),
        }
    }
}
