//! Partitions: which links are cut.

use super::{Fields, Strike};
use crate::scenario::Target;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which links are cut: give exactly one of `groups`, `isolate`, `from` with `to`, and `shape`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Partition {
    /// Nodes hear only their own group; the nodes not listed form one more group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<Target>>,
    /// These nodes and all others do not hear each other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub isolate: Option<Target>,
    /// Messages from these nodes ...
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Target>,
    /// ... to these are lost; the other direction works.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Target>,
    /// Which links are left between the nodes; who has which place is drawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shape: Option<Shape>,
    /// With `shape`: the node in the middle, where the shape has one; by default drawn, but not the
    /// leader if the system has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub around: Option<Target>,
    /// With the shape `constrained`: who is cut off from everyone; by default the leader, if the
    /// system has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub without: Option<Target>,
}

/// Which links a partition leaves, where that is not a matter of groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
    /// Two halves, and one node in the middle that hears both.
    Bridge,
    /// Each node hears its neighbours on a ring: a majority, and no two the same.
    Ring,
    /// Everyone hears only the node in the middle: nobody else hears a majority.
    QuorumLoss,
    /// As `quorum-loss`, and one node is cut off from everyone: only the node in the middle can be
    /// elected.
    Constrained,
    /// Each node hears the one before and the one after it.
    Chained,
}

impl Shape {
    /// Every shape.
    pub const ALL: &[Self] =
        &[Self::Bridge, Self::Ring, Self::QuorumLoss, Self::Constrained, Self::Chained];

    /// With fewer nodes the shape would cut nothing, or not what its name says.
    pub(crate) const fn least_nodes(self) -> u8 {
        match self {
            Self::Bridge | Self::Chained => 3,
            Self::Ring | Self::QuorumLoss | Self::Constrained => 4,
        }
    }

    const fn has_middle(self) -> bool {
        matches!(self, Self::Bridge | Self::QuorumLoss | Self::Constrained)
    }
}

impl Partition {
    const FORMS: &str = "give exactly one of `groups`, `isolate`, `from` with `to`, and `shape`";

    fn check_form(&self, fields: &mut Fields<'_, '_>) {
        let Self { groups, isolate, from, to, shape, .. } = self;
        let one_way = from.is_some() || to.is_some();
        let forms = [groups.is_some(), isolate.is_some(), one_way, shape.is_some()];
        match forms.iter().filter(|form| **form).count() {
            0 => fields.wrong("", "an empty partition", Some(Self::FORMS)),
            1 => {}
            _ => fields.wrong("", "more than one form of partition", Some(Self::FORMS)),
        }
        if one_way && from.is_some() != to.is_some() {
            let absent = if from.is_some() { "to" } else { "from" };
            let message = format!("a one-way partition without `{absent}`");
            fields.wrong("", message, Some(Self::FORMS));
        }
        if groups.as_ref().is_some_and(Vec::is_empty) {
            let help = Some("list at least one; the nodes not listed form one more");
            fields.wrong("groups", "a partition without groups", help);
        }
    }

    fn check_shape(&self, fields: &mut Fields<'_, '_>) {
        let Some(shape) = self.shape else {
            for (name, given) in [("around", &self.around), ("without", &self.without)] {
                if given.is_some() {
                    let help = Some("give a `shape`, or leave it out");
                    fields.wrong(name, format!("`{name}` belongs to a `shape`"), help);
                }
            }
            return;
        };
        if self.around.is_some() && !shape.has_middle() {
            let help = Some("leave it out, or choose `bridge`, `quorum-loss` or `constrained`");
            fields.wrong("around", "this shape has no middle", help);
        }
        if self.without.is_some() && shape != Shape::Constrained {
            let help = Some("leave it out, or choose that shape");
            fields.wrong("without", "only the shape `constrained` cuts a node off", help);
        }
        fields.least_nodes("shape", shape.least_nodes());
    }
}

impl Strike for Partition {
    /// It says itself which links it cuts.
    fn target(&self) -> Option<&Target> {
        None
    }

    fn check(&self, fields: &mut Fields<'_, '_>) {
        self.check_form(fields);
        self.check_shape(fields);
        let Self { isolate, from, to, around, without, .. } = self;
        fields.targets([
            ("isolate", isolate),
            ("from", from),
            ("to", to),
            ("around", around),
            ("without", without),
        ]);
        for (index, target) in self.groups.iter().flatten().enumerate() {
            fields.target(&format!("groups[{index}]"), target);
        }
    }
}
