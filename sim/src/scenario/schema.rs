//! The JSON Schema of scenario files, made from the types and from each system's own schemas.

use super::{Fault, Scenario};
use crate::subject::{Registry, Subject};
use schemars::{Schema, schema_for};
use serde_json::{Map, Value, json};

/// The schema of every scenario file that names a system of `registry`.
#[must_use]
pub fn schema(registry: &Registry) -> Value {
    let mut root = schema_for!(Scenario).to_value();
    root["title"] = json!("Interregnum scenario");
    let ids: Vec<_> = registry.iter().map(Subject::id).collect();
    if !ids.is_empty() {
        root["properties"]["system"]["enum"] = json!(ids);
    }
    let kinds: Vec<_> = Fault::KINDS.iter().map(|kind| json!({ "required": [kind] })).collect();
    root["$defs"]["Fault"]["oneOf"] = Value::Array(kinds);
    root["$defs"]["Partition"]["oneOf"] = json!([
        { "required": ["groups"] }, { "required": ["isolate"] }, { "required": ["from", "to"] },
        { "required": ["shape"] },
    ]);
    root["$defs"]["ClockStep"]["oneOf"] =
        json!([{ "required": ["forward"] }, { "required": ["back"] }]);
    let cases: Vec<_> = registry.iter().map(|subject| case(subject, &mut root["$defs"])).collect();
    if !cases.is_empty() {
        root["allOf"] = Value::Array(cases);
    }
    sorted(root)
}

/// The same with its fields sorted, whichever order the maps at hand keep.
fn sorted(value: Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.into_iter().collect();
            fields.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
            Value::Object(fields.into_iter().map(|(name, inner)| (name, sorted(inner))).collect())
        }
        scalar => scalar,
    }
}

/// What holds for the scenarios of one system.
fn case(subject: &dyn Subject, defs: &mut Value) -> Value {
    let mut embed = |schema: Schema, field: &str| {
        let prefix = format!("{}.{field}.", subject.id());
        let mut schema = schema.to_value();
        let inner = schema.as_object_mut().and_then(|fields| {
            fields.remove("$schema");
            fields.remove("$defs")
        });
        rebase(&mut schema, &prefix);
        if let (Some(Value::Object(inner)), Value::Object(defs)) = (inner, &mut *defs) {
            for (name, mut definition) in inner {
                rebase(&mut definition, &prefix);
                defs.insert(format!("{prefix}{name}"), definition);
            }
        }
        schema
    };
    let mut fields = Map::new();
    fields.insert("settings".to_owned(), embed(subject.settings_schema(), "settings"));
    fields.insert("workload".to_owned(), embed(subject.workload_schema(), "workload"));
    let mutants: Vec<_> = subject.mutants().iter().map(|mutant| mutant.id).collect();
    fields.insert(
        "mutant".to_owned(),
        json!({ "enum": mutants.into_iter().map(Value::from).chain([Value::Null]).collect::<Vec<_>>() }),
    );
    json!({
        "if": { "properties": { "system": { "const": subject.id() } }, "required": ["system"] },
        "then": { "description": subject.about(), "properties": fields },
    })
}

/// Makes references to a schema's own definitions point to where they are embedded.
fn rebase(schema: &mut Value, prefix: &str) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(|item| rebase(item, prefix)),
        Value::Object(fields) => {
            for (name, inner) in fields {
                match inner {
                    Value::String(reference) if name == "$ref" => {
                        if let Some(own) = reference.strip_prefix("#/$defs/") {
                            *reference = format!("#/$defs/{prefix}{own}");
                        }
                    }
                    _ => rebase(inner, prefix),
                }
            }
        }
        _ => {}
    }
}
