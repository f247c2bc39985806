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
//! | `{"fault": 0}` | the nodes that `faults[0]` struck, if it has begun |
//! | `{"other_than": "leader"}`, `{"other_than": {"fault": 0}, "random": 2}` | one node, or so many, not among those; drawn |
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
    /// The nodes that the fault of this number struck when it last began.
    Fault(u32),
    /// So many nodes that are not among those meant, drawn.
    OtherThan {
        /// Who is left out.
        target: Box<Target>,
        /// How many; one, if nothing is said.
        random: Option<u8>,
    },
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
            "fault" => Target::Fault(map.next_value()?),
            "random" => {
                let random = map.next_value()?;
                match map.next_key::<String>()?.as_deref() {
                    None => Target::Random(random),
                    Some("other_than") => {
                        Target::OtherThan { target: map.next_value()?, random: Some(random) }
                    }
                    Some(other) => return Err(unexpected(other)),
                }
            }
            "other_than" => {
                let target = map.next_value()?;
                let random = match map.next_key::<String>()?.as_deref() {
                    None => None,
                    Some("random") => Some(map.next_value()?),
                    Some(other) => {
                        return Err(de::Error::unknown_field(other, &["other_than", "random"]));
                    }
                };
                Target::OtherThan { target, random }
            }
            "group" => Target::Group(map.next_value()?),
            "nodes" => {
                let nodes: Vec<Number> = map.next_value()?;
                Target::Nodes(nodes.into_iter().map(|node| node.0).collect())
            }
            "node" => {
                let Number(node) = map.next_value()?;
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
                let Number(node) = map.next_value()?;
                Target::Node { node, part }
            }
            _ => Target::Asked(word, map.next_value()?),
        };
        match map.next_key::<String>()? {
            None => Ok(target),
            Some(extra) => Err(unexpected(&extra)),
        }
    }
}

/// A node's number, which is not its name in reports.
struct Number(u8);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(NumberVisitor)
    }
}

struct NumberVisitor;

impl Visitor<'_> for NumberVisitor {
    type Value = Number;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the number of a node, such as {\"node\": 1}")
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Number, E> {
        let unexpected = de::Unexpected::Unsigned(number);
        u8::try_from(number).map(Number).map_err(|_| E::invalid_value(unexpected, &self))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Number, E> {
        match text.strip_prefix('n').unwrap_or(text).parse::<u8>() {
            Ok(number) => Err(E::custom(format_args!(
                "found \"{text}\", expected the number of the node: {number}, as in {{\"node\": {number}}}"
            ))),
            Err(_) => Err(E::invalid_value(de::Unexpected::Str(text), &self)),
        }
    }
}

fn unexpected<E: de::Error>(field: &str) -> E {
    E::custom(format_args!("unexpected field `{field}`, expected {EXPECTED}"))
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
            Self::Fault(number) => map.serialize_entry("fault", number)?,
            Self::OtherThan { target, random } => {
                map.serialize_entry("other_than", target)?;
                if let Some(random) = random {
                    map.serialize_entry("random", random)?;
                }
            }
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

    fn json_schema(schemas: &mut SchemaGenerator) -> Schema {
        let target = schemas.subschema_for::<Self>();
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
                        "nodes": { "type": "array", "items": node },
                        "fault": { "type": "integer", "minimum": 0 },
                        "other_than": target
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
            r#"{"fault":0}"#,
            r#"{"other_than":"leader"}"#,
            r#"{"other_than":{"fault":0},"random":2}"#,
            r#"{"holder":{"role":3}}"#,
        ] {
            let target: Target = serde_json::from_str(text).expect(text);
            assert_eq!(serde_json::to_string(&target).unwrap(), text);
        }
    }

    #[test]
    fn the_order_of_the_fields_means_nothing() {
        let one: Target = serde_json::from_str(r#"{"random":2,"other_than":"all"}"#).unwrap();
        let other: Target = serde_json::from_str(r#"{"other_than":"all","random":2}"#).unwrap();
        assert_eq!(one, other);
    }

    #[test]
    fn what_is_no_target_is_refused() {
        for text in [
            "3",
            "{}",
            r#"{"random":2,"node":1}"#,
            r#"{"node":1,"prat":"x"}"#,
            "[]",
            r#"{"other_than":"leader","node":1}"#,
            r#"{"other_than":3}"#,
        ] {
            assert!(serde_json::from_str::<Target>(text).is_err(), "{text}");
        }
    }
}
