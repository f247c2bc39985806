//! Whom a fault strikes, as scenario files say it.
//!
//! | written as | means |
//! |---|---|
//! | `"all"`, `"majority"`, `"minority"` | every node; a smallest majority or largest minority, drawn |
//! | `"leader"`, `"follower"`, ... | every process that the system calls so at that moment |
//! | `{"any": "follower"}` | one of them, drawn |
//! | `{"random": 2}` | so many nodes, drawn |
//! | `{"group": "rack-1"}` | the nodes of a named group |
//! | `{"node": 1}`, `{"node": 1, "part": "proxy"}` | one node; one process of it |
//! | `{"nodes": [0, 1]}` | these nodes |
//! | `{"holder": {"role": 3}}` | what the system makes of the word and its argument |

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use std::borrow::Cow;
use std::fmt;

/// Which processes or nodes a fault strikes; resolved, and recorded, when the fault begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Every node.
    All,
    /// A smallest majority of the nodes, drawn.
    Majority,
    /// A largest minority of the nodes, drawn.
    Minority,
    /// So many nodes, drawn.
    Random(u8),
    /// The nodes of a named group.
    Group(String),
    /// One node, or one process of it.
    Node {
        /// The node's number.
        node: u8,
        /// The name that the system gives the process.
        part: Option<String>,
    },
    /// These nodes.
    Nodes(Vec<u8>),
    /// Every process that the system calls by this word, such as `leader`.
    Named(String),
    /// One of the processes that the system calls by this word, drawn.
    Any(String),
    /// A word of the system with an argument, such as `{"holder": {"role": 3}}`.
    Asked(String, Value),
}

const EXPECTED: &str = "a target such as \"leader\", {\"any\": \"follower\"}, {\"random\": 2}, \
                        {\"group\": \"rack-1\"}, {\"node\": 1} or {\"nodes\": [0, 1]}";

impl<'de> Deserialize<'de> for Target {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(TargetVisitor)
    }
}

struct TargetVisitor;

impl<'de> Visitor<'de> for TargetVisitor {
    type Value = Target;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(EXPECTED)
    }

    fn visit_str<E: de::Error>(self, word: &str) -> Result<Target, E> {
        Ok(match word {
            "all" => Target::All,
            "majority" => Target::Majority,
            "minority" => Target::Minority,
            _ => Target::Named(word.to_owned()),
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Target, A::Error> {
        let Some(word) = map.next_key::<String>()? else {
            return Err(de::Error::invalid_length(0, &EXPECTED));
        };
        let target = match word.as_str() {
            "any" => Target::Any(map.next_value()?),
            "random" => Target::Random(map.next_value()?),
            "group" => Target::Group(map.next_value()?),
            "nodes" => Target::Nodes(map.next_value()?),
            "node" => {
                let node = map.next_value()?;
                let part = match map.next_key::<String>()?.as_deref() {
                    None => None,
                    Some("part") => Some(map.next_value()?),
                    Some(other) => return Err(de::Error::unknown_field(other, &["node", "part"])),
                };
                Target::Node { node, part }
            }
            "part" => {
                let part = Some(map.next_value()?);
                if map.next_key::<String>()?.as_deref() != Some("node") {
                    return Err(de::Error::missing_field("node"));
                }
                Target::Node { node: map.next_value()?, part }
            }
            _ => Target::Asked(word, map.next_value()?),
        };
        match map.next_key::<String>()? {
            None => Ok(target),
            Some(extra) => Err(de::Error::custom(format_args!(
                "unexpected field `{extra}`, expected {EXPECTED}"
            ))),
        }
    }
}

impl Serialize for Target {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = match self {
            Self::All => return to.serialize_str("all"),
            Self::Majority => return to.serialize_str("majority"),
            Self::Minority => return to.serialize_str("minority"),
            Self::Named(word) => return to.serialize_str(word),
            _ => to.serialize_map(None)?,
        };
        match self {
            Self::All | Self::Majority | Self::Minority | Self::Named(_) => {}
            Self::Random(count) => map.serialize_entry("random", count)?,
            Self::Group(name) => map.serialize_entry("group", name)?,
            Self::Nodes(nodes) => map.serialize_entry("nodes", nodes)?,
            Self::Any(word) => map.serialize_entry("any", word)?,
            Self::Asked(word, argument) => map.serialize_entry(word, argument)?,
            Self::Node { node, part } => {
                map.serialize_entry("node", node)?;
                if let Some(part) = part {
                    map.serialize_entry("part", part)?;
                }
            }
        }
        map.end()
    }
}

impl JsonSchema for Target {
    fn schema_name() -> Cow<'static, str> {
        "Target".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let node = json_schema!({ "type": "integer", "minimum": 0, "maximum": 127 });
        json_schema!({
            "description": "Whom a fault strikes: a word such as \"all\", \"majority\", \"leader\", \
                            or an object.",
            "anyOf": [
                { "type": "string" },
                {
                    "type": "object",
                    "minProperties": 1,
                    "maxProperties": 2,
                    "properties": {
                        "any": { "type": "string" },
                        "random": { "type": "integer", "minimum": 1, "maximum": 128 },
                        "group": { "type": "string" },
                        "node": node,
                        "part": { "type": "string" },
                        "nodes": { "type": "array", "items": node }
                    }
                }
            ]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_round_trips() {
        for text in [
            r#""all""#,
            r#""leader""#,
            r#"{"any":"follower"}"#,
            r#"{"random":2}"#,
            r#"{"group":"rack-1"}"#,
            r#"{"node":1}"#,
            r#"{"node":1,"part":"proxy"}"#,
            r#"{"nodes":[0,1]}"#,
            r#"{"holder":{"role":3}}"#,
        ] {
            let target: Target = serde_json::from_str(text).expect(text);
            assert_eq!(serde_json::to_string(&target).unwrap(), text);
        }
    }

    #[test]
    fn what_is_no_target_is_refused() {
        for text in ["3", "{}", r#"{"random":2,"node":1}"#, r#"{"node":1,"prat":"x"}"#, "[]"] {
            assert!(serde_json::from_str::<Target>(text).is_err(), "{text}");
        }
    }
}
