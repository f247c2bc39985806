//! Faults of messages on links that are not cut.

use super::{Fields, Strike};
use crate::scenario::{Delay, Ratio, Target};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which of the messages to or from a target are struck.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    default,
    expecting = "which messages, such as {\"links\": \"nodes\"} or {\"peer\": \"leader\"}"
)]
pub struct Only {
    /// Those from or to these nodes at the other end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peer: Option<Target>,
    /// Those of one class, which the system names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// What travels on these links.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub links: Option<Links>,
}

/// Links, by what is at their ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Links {
    /// Between nodes.
    Nodes,
    /// Between clients and nodes.
    Clients,
    /// Between nodes and shared disks.
    Disks,
}

impl Only {
    fn check(&self, fields: &mut Fields<'_, '_>) {
        fields.targets([("only.peer", &self.peer)]);
        if self.peer.is_some() && self.links == Some(Links::Clients) {
            let help = "a client's link has a node at one end only";
            fields.wrong("only.peer", "a node at the other end of a client's link", Some(help));
        }
        if let Some(class) = &self.class {
            fields.class("only.class", class);
            if self.links.is_some_and(|links| links != Links::Nodes) {
                let message = "a class of messages on links that carry none";
                fields.wrong("only.links", message, Some("only nodes send messages"));
            }
        }
        if self.links == Some(Links::Disks) {
            fields.has_disks("only.links");
        }
    }
}

fn check_messages(target: &Option<Target>, only: &Option<Only>, fields: &mut Fields<'_, '_>) {
    fields.targets([("target", target)]);
    if let Some(only) = only {
        only.check(fields);
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
    /// Only some of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only: Option<Only>,
}

impl Strike for Lossy {
    fn target(&self) -> Option<&Target> {
        self.target.as_ref()
    }

    fn check(&self, fields: &mut Fields<'_, '_>) {
        fields.ratio("ratio", self.ratio);
        check_messages(&self.target, &self.only, fields);
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
    /// Only some of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only: Option<Only>,
}

impl Strike for Slow {
    fn target(&self) -> Option<&Target> {
        self.target.as_ref()
    }

    fn check(&self, fields: &mut Fields<'_, '_>) {
        fields.delay("extra", &self.extra);
        check_messages(&self.target, &self.only, fields);
    }
}

/// Single messages are held back, so that others overtake them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hold {
    /// The share of messages.
    pub ratio: Ratio,
    /// How much longer those take.
    pub extra: Delay,
    /// Only messages to or from these nodes; by default all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Target>,
    /// Only some of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only: Option<Only>,
}

impl Strike for Hold {
    fn target(&self) -> Option<&Target> {
        self.target.as_ref()
    }

    fn check(&self, fields: &mut Fields<'_, '_>) {
        fields.ratio("ratio", self.ratio);
        fields.delay("extra", &self.extra);
        check_messages(&self.target, &self.only, fields);
    }
}

/// What is sent while it lasts arrives when it ends, all at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Clog {
    /// Only messages to or from these nodes; by default all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Target>,
    /// Only some of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only: Option<Only>,
}

impl Strike for Clog {
    fn target(&self) -> Option<&Target> {
        self.target.as_ref()
    }

    fn check(&self, fields: &mut Fields<'_, '_>) {
        check_messages(&self.target, &self.only, fields);
    }
}

/// Nodes that work, but slowly: everything that they send and receive, and their disks, takes longer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sluggish {
    /// Which nodes.
    pub target: Target,
    /// How many times as long everything takes.
    #[schemars(range(min = 2, max = 10_000))]
    pub times: u16,
}

impl Strike for Sluggish {
    fn target(&self) -> Option<&Target> {
        Some(&self.target)
    }

    fn check(&self, fields: &mut Fields<'_, '_>) {
        fields.target("target", &self.target);
        if !(2..=10_000).contains(&self.times) {
            fields.wrong("times", format!("found `{}`, expected 2 to 10000", self.times), None);
        }
    }
}
