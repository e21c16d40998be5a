//! The graphics device: found without a window, or taken over from one.

use std::sync::Arc;

use parking_lot::Mutex;

use crate::error::RenderError;

/// A device and its queue. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Gpu {
    /// The device.
    pub device: wgpu::Device,
    /// Its queue.
    pub queue: wgpu::Queue,
    /// Name of the adapter and its driver interface, for people.
    pub adapter: String,
    /// Whether the adapter computes on the CPU.
    pub software: bool,
    /// Errors the device reported outside any call; the first few.
    errors: Arc<Mutex<Vec<String>>>,
}

/// Errors kept for the caller; later ones are only logged.
const KEPT_ERRORS: usize = 8;

impl Gpu {
    /// A device without window, on a graphics card when there is one, else on a software adapter.
    ///
    /// # Errors
    /// [`RenderError::NoAdapter`] when the machine has neither, [`RenderError::Device`] when it cannot be opened.
    pub fn headless() -> Result<Self, RenderError> {
        let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
        descriptor.backends = wgpu::Backends::PRIMARY;
        let primary = Self::on_instance(&wgpu::Instance::new(descriptor));
        match primary {
            Err(RenderError::NoAdapter { .. }) => {
                let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
                descriptor.backends = wgpu::Backends::GL;
                Self::on_instance(&wgpu::Instance::new(descriptor))
            }
            other => other,
        }
    }

    fn on_instance(instance: &wgpu::Instance) -> Result<Self, RenderError> {
        let options = wgpu::RequestAdapterOptions {
            power_preference: wgpu::PowerPreference::HighPerformance,
            ..wgpu::RequestAdapterOptions::default()
        };
        let adapter = pollster::block_on(instance.request_adapter(&options))
            .map_err(|e| RenderError::NoAdapter { detail: e.to_string() })?;
        let info = adapter.get_info();
        let (device, queue) = pollster::block_on(adapter.request_device(&Self::device_descriptor(&adapter)))
            .map_err(|e| RenderError::Device { adapter: info.name.clone(), detail: e.to_string() })?;
        Ok(Self::new(device, queue, &info))
    }

    /// The device this crate would like of an adapter: no features, default limits, but textures as large as it can.
    pub fn device_descriptor(adapter: &wgpu::Adapter) -> wgpu::DeviceDescriptor<'static> {
        let most = adapter.limits();
        // Where shaders cannot compute (WebGL, old drivers), particles are moved by the CPU instead.
        let computing = wgpu::DownlevelFlags::COMPUTE_SHADERS | wgpu::DownlevelFlags::VERTEX_STORAGE;
        let least = if adapter.get_downlevel_capabilities().flags.contains(computing) {
            let storage = most.max_storage_buffer_binding_size;
            wgpu::Limits { max_storage_buffer_binding_size: storage, ..wgpu::Limits::downlevel_defaults() }
        } else {
            wgpu::Limits::downlevel_webgl2_defaults()
        };
        let limits = wgpu::Limits {
            max_texture_dimension_2d: most.max_texture_dimension_2d,
            max_buffer_size: most.max_buffer_size,
            ..least.using_alignment(most)
        };
        wgpu::DeviceDescriptor { label: Some("seaglass"), required_limits: limits, ..wgpu::DeviceDescriptor::default() }
    }

    /// Takes over a device made elsewhere (by the window). Installs an error handler on it: an error is logged and
    /// kept for [`take_error`](Self::take_error) instead of ending the program.
    pub fn new(device: wgpu::Device, queue: wgpu::Queue, info: &wgpu::AdapterInfo) -> Self {
        let errors = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&errors);
        device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| {
            log::error!("graphics adapter: {error}");
            let mut kept = sink.lock();
            if kept.len() < KEPT_ERRORS {
                kept.push(error.to_string());
            }
        }));
        Self {
            device,
            queue,
            adapter: format!("{} ({:?})", info.name, info.backend),
            software: info.device_type == wgpu::DeviceType::Cpu,
            errors,
        }
    }

    /// The first error reported since the last call, if any.
    ///
    /// # Errors
    /// [`RenderError::Adapter`] with the adapter's words.
    pub fn take_error(&self) -> Result<(), RenderError> {
        let mut kept = self.errors.lock();
        if kept.is_empty() {
            return Ok(());
        }
        let detail = kept.remove(0);
        kept.clear();
        Err(RenderError::Adapter { detail })
    }

    /// Largest side of a picture drawn in one piece, pixels.
    pub fn max_side_px(&self) -> u32 {
        self.device.limits().max_texture_dimension_2d
    }
}
