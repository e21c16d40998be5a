//! Readers of foreign files; only the worker process links this.
