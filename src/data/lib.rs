//! Product registry, folder scan, worker pool and caches.
