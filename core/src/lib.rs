//! Leader-election and fault-management protocols as pure state machines.
//!
//! Everything here is `no_std` and free of I/O, clocks, threads and dice: a [`Machine`] learns of
//! the world only through its [`Input`]s and its [`Context`], and changes it only through
//! [`Effect`]s. Whoever hosts the machine decides what an effect does: a simulator, an explorer, a
//! test.
//!
//! What is deliberately absent: sockets, files, async, logging, serialization of messages.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
// The derive macro names this crate by its outside name, also from inside.
extern crate self as interregnum_core;

pub mod consensus;
pub mod disk;
pub mod explore;
pub mod fold;
pub mod id;
pub mod kv;
pub mod lens;
pub mod machine;
pub mod paxos;
pub mod paxos_lease;
pub mod time;

pub use disk::{Cell, DiskError, Image, Place, Run, Slot, Volume};
pub use explore::{Explorable, Pending, Prospect};
pub use fold::{Fingerprint, Fold, Folder, Printed};
pub use id::{CallId, NodeId, NodeMap, NodeSet, Part, ProcessId};
pub use interregnum_derive::Fold;
pub use lens::{Embed, Lens};
pub use machine::{Context, Effect, Host, Input, Machine, Never, Outcome, Reason, Value, Window};
pub use time::{Deadline, LocalTime, Ppm, Span, WallTime};
