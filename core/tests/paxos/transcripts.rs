//! Scripted interactions: each file is a sequence of commands, a line of dashes, and all that happened.
//!
//! `INTERREGNUM_BLESS=1 cargo test -p interregnum-core` rewrites the outputs; review them as a diff.
