//! A crate of its own, so that nothing else is built with a driver of browsers: see `tests/browser.rs`.
