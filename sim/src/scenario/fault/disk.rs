//! Faults of disks: those of the nodes, and shared ones, which are nodes of their own.

use super::{Fields, Strike};
use crate::scenario::{Delay, Ratio, Target};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which records go bad: on the medium, not in caches, and until they are written again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Records {
    /// Whose disks.
    pub target: Target,
    /// Only records in the slots from the first to the second number, both included; by default all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slots: Option<[u64; 2]>,
    /// Of those, only so many in the highest slots in use; by default all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub highest: Option<u32>,
    /// The share of those records; by default all.
    #[serde(default = "all", skip_serializing_if = "is_all")]
    pub ratio: Ratio,
}

/// Which disks fail to do what they are asked for, now and then. A failed write fails a later sync.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DiskErrors {
    /// Whose disks.
    pub target: Target,
    /// The share of operations that fail.
    pub ratio: Ratio,
    /// Only operations of this kind; by default all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only: Option<DiskOperation>,
    /// Only what processes of these nodes ask for, where a disk is shared; by default all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Target>,
}

/// What is asked of a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DiskOperation {
    /// Reading, also when a process starts.
    Read,
    /// Writing and erasing.
    Write,
    /// Making writes durable. Of what a failed sync covered, any subset survives.
    Sync,
}

/// Which disks lie about what they did, and how often.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Unfaithful {
    /// Whose disks.
    pub target: Target,
    /// The share of operations struck.
    pub ratio: Ratio,
    /// Only what processes of these nodes ask for, where a disk is shared; by default all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Target>,
}

/// Which disks are slow, and how much longer each operation takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SlowDisk {
    /// Whose disks.
    pub target: Target,
    /// Added to each operation.
    pub extra: Delay,
    /// Only what processes of these nodes ask for, where a disk is shared; by default all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Target>,
}

/// Which disks do not work at all, for whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Unavailable {
    /// Whose disks.
    pub target: Target,
    /// Only for processes of these nodes, where a disk is shared; by default all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Target>,
}

/// Which disks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Disk {
    /// Whose disks.
    pub target: Target,
}

/// Which nodes lose power while they write.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TornWrite {
    /// Whom it strikes; always whole nodes.
    pub target: Target,
    /// The share of the lost writes that leave neither the old record nor the new one; by default all.
    #[serde(default = "all", skip_serializing_if = "is_all")]
    pub ratio: Ratio,
    /// Instead of failing between two steps, fail in the next step of one of the node's processes
    /// that has more effects than this, after so many of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_effects: Option<u32>,
}

const fn all() -> Ratio {
    Ratio::ppm(1_000_000)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_all(ratio: &Ratio) -> bool {
    *ratio == all()
}

impl Strike for Records {
    fn target(&self) -> Option<&Target> {
        Some(&self.target)
    }

    fn check(&self, fields: &mut Fields<'_, '_>) {
        fields.target("target", &self.target);
        if let Some([first, last]) = self.slots.filter(|[first, last]| first > last) {
            let help = Some("give the lower number first");
            fields.wrong("slots", format!("slots from {first} to {last} are none"), help);
        }
        if self.highest == Some(0) {
            fields.wrong("highest", "found `0`, expected at least 1", None);
        }
        fields.ratio("ratio", self.ratio);
    }
}

impl Strike for SlowDisk {
    fn target(&self) -> Option<&Target> {
        Some(&self.target)
    }

    fn check(&self, fields: &mut Fields<'_, '_>) {
        fields.target("target", &self.target);
        fields.delay("extra", &self.extra);
        fields.targets([("from", &self.from)]);
    }
}

macro_rules! strikes_disks {
    ($($Type:ty: {$($ratio:ident)?} {$($from:ident)?}),*) => {$(
        impl Strike for $Type {
            fn target(&self) -> Option<&Target> {
                Some(&self.target)
            }

            fn check(&self, fields: &mut Fields<'_, '_>) {
                fields.target("target", &self.target);
                $(fields.ratio("ratio", self.$ratio);)?
                $(fields.targets([("from", &self.$from)]);)?
            }
        }
    )*};
}
strikes_disks!(
    DiskErrors: {ratio} {from},
    Unfaithful: {ratio} {from},
    Unavailable: {} {from},
    Disk: {} {},
    TornWrite: {} {}
);
