//! What makes two scenario files the same scenario.

use super::Scenario;
use interregnum_core::Fingerprint;
use serde_json::Value;

/// The scenario's hash: over its canonical JSON, without what does not decide a run (`title`,
/// `why`, `expect`, `explore`, `seed`, `$schema`). What a search may do decides no run.
///
/// Canonical means: defaults filled in, quantities in their shortest form, fields sorted by name,
/// no white space.
///
/// # Panics
/// Never: a scenario is always JSON.
#[must_use]
pub fn identity(scenario: &Scenario) -> Fingerprint {
    let mut value = serde_json::to_value(scenario).expect("a scenario is JSON");
    if let Value::Object(fields) = &mut value {
        for name in ["title", "why", "expect", "explore", "seed", "$schema"] {
            fields.remove(name);
        }
    }
    let mut text = String::new();
    write(&value, &mut text);
    Fingerprint::of(text.as_str())
}

/// Writes `value` with sorted fields, in whatever order the map at hand keeps them.
fn write(value: &Value, into: &mut String) {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_unstable_by_key(|(name, _)| *name);
            for (index, (name, inner)) in fields.into_iter().enumerate() {
                into.push(if index == 0 { '{' } else { ',' });
                into.push_str(&Value::from(name.as_str()).to_string());
                into.push(':');
                write(inner, into);
            }
            into.push_str(if value.as_object().is_some_and(|map| map.is_empty()) {
                "{}"
            } else {
                "}"
            });
        }
        Value::Array(items) => {
            into.push('[');
            for (index, inner) in items.iter().enumerate() {
                if index > 0 {
                    into.push(',');
                }
                write(inner, into);
            }
            into.push(']');
        }
        scalar => into.push_str(&scalar.to_string()),
    }
}
