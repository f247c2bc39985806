//! Faults of links, and of the messages on them.

use super::{Fields, Strike};
use crate::scenario::{Delay, Ratio, Target};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which links are cut: give exactly one of `groups`, `isolate` and `from` with `to`.
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
}

impl Strike for Partition {
    /// It says itself which links it cuts.
    fn target(&self) -> Option<&Target> {
        None
    }

    fn check(&self, fields: &mut Fields<'_, '_>) {
        const FORMS: &str = "give exactly one of `groups`, `isolate`, and `from` with `to`";
        let Self { groups, isolate, from, to } = self;
        let one_way = from.is_some() || to.is_some();
        match (groups, isolate, one_way) {
            (Some(groups), None, false) if groups.is_empty() => {
                fields.wrong("groups", "a partition without groups", None);
            }
            (Some(_), None, false) | (None, Some(_), false) => {}
            (None, None, true) if from.is_some() && to.is_some() => {}
            (None, None, true) => {
                let absent = if from.is_some() { "to" } else { "from" };
                fields.wrong("", format!("a one-way partition without `{absent}`"), Some(FORMS));
            }
            (None, None, false) => fields.wrong("", "an empty partition", Some(FORMS)),
            _ => fields.wrong("", "more than one form of partition", Some(FORMS)),
        }
        for (name, target) in [("isolate", isolate), ("from", from), ("to", to)] {
            if let Some(target) = target {
                fields.target(name, target);
            }
        }
        for (index, target) in groups.iter().flatten().enumerate() {
            fields.target(&format!("groups[{index}]"), target);
        }
    }
}

/// How many messages are struck.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Lossy {
    /// The share of messages.
    pub ratio: Ratio,
    /// Only messages to or from these nodes; by default all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Target>,
}

impl Strike for Lossy {
    fn target(&self) -> Option<&Target> {
        self.target.as_ref()
    }

    fn check(&self, fields: &mut Fields<'_, '_>) {
        fields.targets([("target", &self.target)]);
    }
}

/// How much longer messages take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Slow {
    /// Added to each delay.
    pub extra: Delay,
    /// Only messages to or from these nodes; by default all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Target>,
}

impl Strike for Slow {
    fn target(&self) -> Option<&Target> {
        self.target.as_ref()
    }

    fn check(&self, fields: &mut Fields<'_, '_>) {
        fields.delay("extra", &self.extra);
        fields.targets([("target", &self.target)]);
    }
}
