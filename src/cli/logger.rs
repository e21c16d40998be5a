//! The log on standard error: level from `SEAGLASS_LOG`; silent by default without a window, as errors are reported once.

use std::time::Instant;

struct StderrLog {
    start: Instant,
}

impl log::Log for StderrLog {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        // Libraries below us are chatty; their warnings and errors are enough.
        metadata.target().starts_with("seaglass") || metadata.level() <= log::Level::Warn
    }

    fn log(&self, record: &log::Record<'_>) {
        if self.enabled(record.metadata()) {
            let s = self.start.elapsed().as_secs_f64();
            eprintln!("{s:8.3} {:5} {}: {}", record.level(), record.target(), record.args());
        }
    }

    fn flush(&self) {}
}

/// Starts the log.
pub fn start(window: bool) {
    let default = if window { log::LevelFilter::Error } else { log::LevelFilter::Off };
    let level = std::env::var("SEAGLASS_LOG").ok().and_then(|v| v.parse().ok()).unwrap_or(default);
    let log = Box::new(StderrLog { start: Instant::now() });
    if log::set_boxed_logger(log).is_ok() {
        log::set_max_level(level);
    }
}
