//! Every name that the author of a system needs, in one `use`: the machines' vocabulary and what a
//! [`System`] is made of.

pub use crate::check::{Agreement, Answers, Check, Failure, Report, Tally, View};
pub use crate::clock::TrueTime;
pub use crate::cluster::{Deployed, Deployment, Misdeed};
pub use crate::face::{register, register_with_planted};
pub use crate::outcome::{HighlightKind, Property};
pub use crate::scenario::ChaosKind;
pub use crate::seen::{Client, CrashCause, DropCause, Kind, Kinds, Seen};
pub use crate::subject::{Exempt, Mistake, Mutant, Subject};
pub use crate::system::{Core, NoOptions, Setup, System, Tolerance};
pub use crate::workload::{Clients, ClosedLoop, Workload};
pub use interregnum_core::*;
