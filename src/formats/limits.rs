//! Bounds that keep one file from taking the machine.

/// Largest array of two-dimensional positions, values each of longitude and latitude.
pub const MAX_POSITIONS: usize = 128 << 20;
/// Tie points in place of all positions of a large swath err by at most this part of a cell.
pub const LIGHT_TOLERANCE_CELLS: f64 = 0.02;
/// Largest number of cells of a field at one time step that is offered at all.
pub const MAX_CELLS: usize = 4 << 30;
/// Fields with more cells are read by window instead of being kept decoded.
pub const WHOLE_FIELD_CELLS: usize = 64 << 20;
/// Most raw values that one windowed read may go through.
pub const MAX_READ_THROUGH: usize = 3 << 30;
/// Longest time, depth … coordinate read.
pub const MAX_AXIS: usize = 16 << 20;
/// Most time steps of a part.
pub const MAX_STEPS: usize = 20_000;
/// Most values in one answer.
pub const MAX_VALUES: usize = 64 << 20;
/// Most bytes that come out of compressed files and archives.
pub const MAX_UNPACKED: u64 = 4 << 30;
/// Most files listed in an archive.
pub const MAX_MEMBERS: usize = 100_000;
/// Memory a worker may map, bytes.
pub const WORKER_ADDRESS_SPACE: u64 = 6 << 30;

/// Bounds the address space of this process; quietly does nothing where the system has no such limit.
pub fn limit_memory(bytes: u64) {
    #[cfg(unix)]
    if let Err(error) = rlimit::Resource::AS.get().and_then(|(_, hard)| {
        let soft = bytes.min(hard);
        rlimit::Resource::AS.set(soft, hard)
    }) {
        log::warn!("the memory limit could not be set: {error}");
    }
    #[cfg(not(unix))]
    let _unused = bytes;
}

/// Threads that inflate and unpack beside each other in one worker.
pub const WORKER_THREADS: usize = 2;

/// Keeps this process to its share of the processors: several workers run at once.
pub fn limit_threads() {
    let named = rayon::ThreadPoolBuilder::new().num_threads(WORKER_THREADS).thread_name(|k| format!("decode-{k}"));
    if let Err(error) = named.build_global() {
        log::warn!("the number of threads could not be set: {error}");
    }
}
