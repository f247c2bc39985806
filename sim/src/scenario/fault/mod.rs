//! What can go wrong, in the words of scenario files: faults at set times, and faults drawn from the seed.
//!
//! | module | holds |
//! | --- | --- |
//! | `process` | crashes, pauses, power |
//! | `partition` | links that are cut |
//! | `network` | what happens to messages on the others |
//! | `clock` | wrong clocks |
//! | `disk` | what happens to records, and to those who ask for them |
//! | `seam` | faults that strike when something else happens, instead of at a set time |
//! | `chaos` | how faults are drawn |
//!
//! A kind of fault is one line of the table below and one type. Whoever must treat kinds differently
//! matches on [`What`], so that the compiler names every place that a new kind concerns.

mod chaos;
mod clock;
mod disk;
mod network;
mod partition;
mod process;
mod seam;

pub use chaos::{Chaos, Limits};
pub use clock::{ClockRate, ClockStep};
pub use disk::{
    Disk, DiskErrors, DiskOperation, Records, SlowDisk, TornWrite, Unavailable, Unfaithful,
};
pub use network::{Clog, Hold, Links, Lossy, Only, Slow, Sluggish};
pub use partition::{Partition, Shape};
pub use process::{Crash, Pause, PowerLoss};
pub use seam::{SYNC, Side, When};

use super::check::Fields;
use super::{Duration, Target};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What every kind of fault can say about itself.
pub(crate) trait Strike {
    /// Whom it strikes: without a target everyone.
    fn target(&self) -> Option<&Target>;

    /// Reports every mistake that only the whole document shows.
    fn check(&self, fields: &mut Fields<'_, '_>);
}

macro_rules! kinds {
    ($($(#[doc = $doc:literal])+ $field:ident $name:literal $Kind:ident($Type:ty),)*) => {
        /// One fault: when, for how long, and exactly one kind.
        #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub struct Fault {
            /// When it begins.
            pub at: Duration,
            /// How long it lasts; without this, until the calm phase (and beyond, outside its core).
            #[serde(rename = "for", default, skip_serializing_if = "Option::is_none")]
            pub lasts: Option<Duration>,
            /// From `at` on it waits for a seam, and strikes there. Of processes it strikes the one that
            /// reaches the seam, if that is among its targets.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub when: Option<When>,
            /// The number of the dice that it draws from, in a plan that was drawn before: what it draws
            /// then does not depend on its place in the list, and it need not make a difference.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub dice: Option<u32>,
            /// `tolerated` if what it damages keeps to what the run can spare, as drawn within the limits.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub limits: Option<Limits>,
            $(
                $(#[doc = $doc])+
                #[serde(default, skip_serializing_if = "Option::is_none")]
                pub $field: Option<$Type>,
            )*
        }

        /// A kind of fault, as chaos draws it.
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
        )]
        #[serde(rename_all = "kebab-case")]
        pub enum ChaosKind {
            $($(#[doc = $doc])+ $Kind,)*
        }

        impl ChaosKind {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$Kind),*];

            /// The kind as a word.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$Kind => $name),* }
            }

            /// The field of a fault that gives it.
            #[must_use]
            pub const fn field(self) -> &'static str {
                match self { $(Self::$Kind => stringify!($field)),* }
            }
        }

        /// What a fault is: its one kind, with all that is said about it.
        #[derive(Clone, Copy, Debug)]
        pub(crate) enum What<'f> {
            $($Kind(&'f $Type),)*
        }

        impl<'f> What<'f> {
            pub(crate) const fn kind(self) -> ChaosKind {
                match self { $(Self::$Kind(_) => ChaosKind::$Kind),* }
            }

            pub(crate) fn strike(self) -> &'f dyn Strike {
                match self { $(Self::$Kind(what) => what),* }
            }
        }

        impl Fault {
            /// The kinds, as scenario files write them.
            pub const KINDS: &[&'static str] = &[$(stringify!($field)),*];

            /// Everything given; of a fault that was checked, exactly one.
            pub(crate) fn given(&self) -> Vec<What<'_>> {
                [$(self.$field.as_ref().map(What::$Kind)),*].into_iter().flatten().collect()
            }

            /// What it is.
            pub(crate) fn what(&self) -> Option<What<'_>> {
                $(if let Some(what) = &self.$field {
                    return Some(What::$Kind(what));
                })*
                None
            }
        }
    };
}

kinds! {
    /// Processes fall and, when the fault ends, start again.
    crash "crash" Crash(Crash),
    /// Nodes lose power: like a crash, and any subset of their unsynced writes is lost.
    power_loss "power-loss" PowerLoss(PowerLoss),
    /// Processes stop between two effects and later go on as if nothing had happened.
    pause "pause" Pause(Pause),
    /// Links between nodes are cut.
    partition "partition" Partition(Partition),
    /// Messages are lost, beyond what the network always loses.
    loss "loss" Loss(Lossy),
    /// Messages are delivered twice.
    duplication "duplication" Duplication(Lossy),
    /// Messages take longer.
    delay "delay" Delay(Slow),
    /// Single messages are held back.
    hold "hold" Hold(Hold),
    /// Links deliver nothing, and then everything at once.
    clog "clog" Clog(Clog),
    /// Nodes work, but slowly.
    slow "slow" Slow(Sluggish),
    /// Monotonic clocks run at another rate.
    clock_rate "clock-rate" ClockRate(ClockRate),
    /// Wall clocks are set forward or back.
    clock_step "clock-step" ClockStep(ClockStep),
    /// Nodes lose power in the middle of writing: what is lost takes the old record with it.
    torn_write "torn-write" TornWrite(TornWrite),
    /// Records on disks decay: their checksums are bad.
    rot "rot" Rot(Records),
    /// Sectors go bad unnoticed: the disk reports an error whenever they are read.
    bad_sector "bad-sector" BadSector(Records),
    /// Reads, writes and syncs of disks fail now and then.
    disk_error "disk-error" DiskError(DiskErrors),
    /// Disks have no room: every write fails.
    full_disk "full-disk" FullDisk(Disk),
    /// Disks take longer for each operation.
    slow_disk "slow-disk" SlowDisk(SlowDisk),
    /// Disks complete nothing until the fault ends.
    hung_disk "hung-disk" HungDisk(Unavailable),
    /// Every operation of these disks fails until the fault ends.
    dead_disk "dead-disk" DeadDisk(Unavailable),
    /// Nodes lose power, and their disks are replaced by blank ones before they start again.
    blank_disk "blank-disk" BlankDisk(Disk),
    /// Disks acknowledge writes and do not carry them out.
    lost_write "lost-write" LostWrite(Unfaithful),
    /// Disks acknowledge writes and carry them out in another slot.
    misdirected_write "misdirected-write" MisdirectedWrite(Unfaithful),
    /// Disks answer reads with what slots held when the fault began.
    stale_read "stale-read" StaleRead(Unfaithful),
}

impl Fault {
    /// The kind, as scenario files write it.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        self.what().map_or("none", |what| what.kind().field())
    }
}
