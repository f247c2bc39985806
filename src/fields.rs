//! What a kind of fault can say about itself: its fields, as the schema of scenario files has them.

use interregnum_reports::terminal::{Look, table};
use interregnum_sim::scenario::{Fault, schema};
use interregnum_sim::subject::Registry;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// The version of the document.
const FORMAT: u32 = 1;

/// The kinds of values that have no fields, and how they are written.
const TARGET: &str = "target";
const DURATION: &str = "duration";
const SHARE: &str = "share";
const FORMS: [(&str, &str); 3] = [
    (DURATION, "\"250ms\", \"1.5s\": ns, us or µs, ms, s, m or min, h, d"),
    (SHARE, "\"1%\", \"0.5%\", \"250ppm\""),
    (TARGET, "\"all\", {\"random\": 2}, {\"node\": 1}: `scenario faults` lists them all"),
];

/// One kind of fault.
#[derive(Debug, Serialize)]
pub(crate) struct Kind {
    version: u32,
    command: &'static str,
    kind: String,
    what: String,
    /// What its fields say together.
    about: String,
    fields: Vec<Field>,
    /// What faults of every kind can say.
    any: Vec<Field>,
    /// The fields of those values that have some.
    values: BTreeMap<String, Vec<Field>>,
}

#[derive(Debug, Serialize)]
struct Field {
    field: String,
    value: String,
    needed: bool,
    default: Option<Value>,
    what: String,
}

impl Kind {
    /// A kind of fault that has this name in scenario files of these systems.
    pub(crate) fn of(registry: &Registry, kind: &str) -> Self {
        let schema = schema(registry);
        let mut found = Found { defs: &schema["$defs"], values: BTreeMap::new() };
        let fault = &found.defs["Fault"];
        let (described, _) = found.resolved(&fault["properties"][kind]);
        let (fields, mut any) = (found.fields(described), found.fields(fault));
        any.retain(|field| !Fault::KINDS.contains(&field.field.as_str()));
        let meant: Vec<_> = fields.iter().chain(&any).map(|field| field.value.clone()).collect();
        // A value of a kind that is left out, such as another fault's, is of no interest.
        let mut values = BTreeMap::new();
        meant.iter().for_each(|name| found.keep(name, &mut values));
        Self {
            version: FORMAT,
            command: "scenario faults",
            kind: kind.to_owned(),
            what: text(&fault["properties"][kind]["description"]),
            about: text(&described["description"]),
            fields,
            any,
            values,
        }
    }

    /// Tables.
    pub(crate) fn text(&self, look: Look) -> String {
        let of = |name: &str, fields: &[Field]| {
            let rows: Vec<_> = fields.iter().map(Field::row).collect();
            format!("\n{}", table(look, &[name, "Value", "Default", "What it says"], &rows))
        };
        let mut text = format!("  {}\n  {}\n", self.what, self.about);
        text += &of(&self.kind, &self.fields);
        self.values.iter().for_each(|(name, fields)| text += &of(name, fields));
        text += &of("any fault", &self.any);
        let forms = FORMS.map(|(name, form)| vec![name.to_owned(), form.to_owned()]);
        text + &format!("\n{}", table(look, &["Value", "Written as"], &forms))
    }

    /// A JSON document.
    pub(crate) fn document(&self) -> serde_json::Result<String> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }
}

impl Field {
    fn row(&self) -> Vec<String> {
        let default = match &self.default {
            Some(value) => value.to_string(),
            None if self.needed => "must be given".to_owned(),
            None => "–".to_owned(),
        };
        vec![self.field.clone(), self.value.clone(), default, self.what.clone()]
    }
}

/// What is read from the schema.
struct Found<'s> {
    defs: &'s Value,
    values: BTreeMap<String, Vec<Field>>,
}

impl<'s> Found<'s> {
    /// The definition behind a reference, which may be one of a value or of nothing; with its name.
    fn resolved(&self, of: &'s Value) -> (&'s Value, Option<&'s str>) {
        let either =
            of["anyOf"].as_array().and_then(|all| all.iter().find(|one| one["$ref"].is_string()));
        let name = either.unwrap_or(of)["$ref"].as_str().and_then(|path| path.rsplit('/').next());
        name.map_or((of, None), |name| (&self.defs[name], Some(name)))
    }

    /// The fields of an object, first those that it must have.
    fn fields(&mut self, object: &'s Value) -> Vec<Field> {
        let needed = object["required"].as_array().map_or(&[][..], Vec::as_slice);
        let named = object["properties"].as_object().into_iter().flatten();
        let mut fields: Vec<_> = named
            .map(|(name, of)| Field {
                field: name.clone(),
                value: self.value(of),
                needed: needed.iter().any(|needed| needed == name),
                default: of.get("default").filter(|value| !value.is_null()).cloned(),
                what: text(&of["description"]),
            })
            .collect();
        fields.sort_by_key(|field| !field.needed);
        fields
    }

    /// What may stand there.
    fn value(&mut self, of: &'s Value) -> String {
        let (of, name) = self.resolved(of);
        let is = |kind: &str| {
            of["type"] == kind
                || of["type"].as_array().is_some_and(|all| all.iter().any(|one| one == kind))
        };
        if let Some(name) = name {
            let words = of["oneOf"].as_array().into_iter().flatten();
            let words: Vec<_> =
                words.filter_map(|one| one.get("const")).map(Value::to_string).collect();
            if !words.is_empty() {
                return words.join(" or ");
            }
            let name = name.to_lowercase();
            if name != TARGET && !self.values.contains_key(&name) {
                self.values.insert(name.clone(), Vec::new());
                let fields = self.fields(of);
                self.values.insert(name.clone(), fields);
            }
            return name;
        }
        match of["pattern"].as_str() {
            Some(pattern) if pattern.contains("ppm") => SHARE.to_owned(),
            Some(pattern) if pattern.contains("ms") => DURATION.to_owned(),
            _ if is("array") => format!("list of {}", self.value(&of["items"])),
            _ if is("integer") => "number".to_owned(),
            _ if is("boolean") => "true or false".to_owned(),
            _ => "text".to_owned(),
        }
    }

    /// Moves the fields of a value to where they are meant, and those of the values in them.
    fn keep(&mut self, name: &str, meant: &mut BTreeMap<String, Vec<Field>>) {
        let name = name.trim_start_matches("list of ");
        let Some(fields) = self.values.remove(name) else { return };
        for field in &fields {
            self.keep(&field.value, meant);
        }
        meant.insert(name.to_owned(), fields);
    }
}

/// A description in one line.
fn text(description: &Value) -> String {
    description.as_str().unwrap_or_default().replace('\n', " ")
}
