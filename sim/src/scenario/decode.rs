//! From a positioned document to a typed value, with every mistake on the way.
//!
//! The types' own `Deserialize` decides what is right; nothing is described twice. serde stops at
//! the first mistake, so the reading is repeated: what was wrong is skipped, a field that is
//! missing is supplied blank, and the next reading finds the next mistake. The number of readings
//! is bounded. A value is returned even then, so that the checks of the whole document can still
//! speak of the parts that were right.

use super::document::{Document, Skipped, bytes, shown};
use super::oops::{Oops, What, Where};
use super::problem::{Problem, quote, suggest};
use jsonc_parser::ast::{Array, Object, Value};
use jsonc_parser::common::Ranged;
use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{self, DeserializeOwned, DeserializeSeed, IntoDeserializer, Unexpected, Visitor};
use serde::forward_to_deserialize_any;
use std::collections::BTreeSet;

/// What the readings so far found wanting.
#[derive(Default)]
pub(super) struct Marks {
    /// Values that are passed over.
    pub(super) skipped: Skipped,
    /// Fields that are missing, by the object's offset.
    pub(super) supplied: BTreeSet<(usize, &'static str)>,
}

/// How often the document is read at most; each reading finds a mistake or widens a skipped part.
const MOST_READINGS: usize = 200;

/// Reads `document`, adding what is wrong to `problems`.
pub(super) fn decode<T: DeserializeOwned>(
    document: &Document<'_>,
    marks: &mut Marks,
    problems: &mut Vec<Problem>,
) -> Option<T> {
    for _ in 0..MOST_READINGS {
        let oops = match T::deserialize(Reader { value: &document.root, marks }) {
            Ok(value) => return Some(value),
            Err(oops) => oops,
        };
        if problems.len() >= super::load::MOST_PROBLEMS || !note(document, oops, marks, problems) {
            return None;
        }
    }
    None
}

/// Records a mistake and marks what to do differently next time; false if nothing can be done.
fn note(
    document: &Document<'_>,
    oops: Oops,
    marks: &mut Marks,
    problems: &mut Vec<Problem>,
) -> bool {
    let root = document.root.start();
    let (at, blank) = match oops.place {
        Some(Where::Value(at)) => (at, false),
        Some(Where::Blank(at)) => (at, true),
        None => (root, false),
    };
    match oops.what {
        // A blank did not do: the mistake is known, what holds it cannot be used.
        _ if blank => return at != root && marks.skipped.insert(at),
        What::MissingField(name) => {
            let object = document.object_at(at);
            let field = object.and_then(|object| object.get(name));
            if field.is_none_or(|field| !marks.skipped.contains(&field.value.start())) {
                let message = format!("missing field `{name}`");
                let help = Some(format!("add `\"{name}\": ...` to this object"));
                problems.push(document.problem(at, at..at + 1, message).with_help(help));
            }
            return marks.supplied.insert((at, name));
        }
        What::UnknownField { name, known } => {
            let object = document.object_at(at);
            let inner = object.and_then(|object| object.get(&name));
            let Some(field) = inner.or_else(|| document.field_at(at)) else { return false };
            let problem = document
                .problem(
                    field.value.start(),
                    bytes(&field.name.range()),
                    format!("unknown field {}", quote(&name)),
                )
                .with_help(suggest(&name, "known here", known.iter().copied()));
            problems.push(problem);
            return marks.skipped.insert(field.value.start());
        }
        What::Other { message, help } => {
            // What was passed over is known to be wrong; that it is missing now is no news.
            let is_news = !passed_over_in(document.object_at(at), marks);
            if !is_news {
                return at != root && marks.skipped.insert(at);
            }
            let place = document.find(&document.path_of(at), &Skipped::new());
            let problem = document.problem(at, shown(place.value), message).with_help(help);
            problems.push(problem);
        }
    }
    at != root && marks.skipped.insert(at)
}

/// Whether a field of this object was passed over before.
fn passed_over_in(object: Option<&Object<'_>>, marks: &Marks) -> bool {
    let mut fields = object.into_iter().flat_map(|object| &object.properties);
    fields.any(|field| marks.skipped.contains(&field.value.start()))
}

#[derive(Clone, Copy)]
struct Reader<'d> {
    value: &'d Value<'d>,
    marks: &'d Marks,
}

impl<'d> Reader<'d> {
    fn found(&self) -> Unexpected<'d> {
        match self.value {
            Value::StringLit(text) => Unexpected::Str(&text.value),
            Value::NumberLit(number) => Unexpected::Other(number.value),
            Value::BooleanLit(bool) => Unexpected::Bool(bool.value),
            Value::Object(_) => Unexpected::Map,
            Value::Array(_) => Unexpected::Seq,
            Value::NullKeyword(_) => Unexpected::Unit,
        }
    }

    fn map(&self, object: &'d Object<'d>) -> Fields<'d> {
        let at = object.range.start;
        let supplied =
            self.marks.supplied.range((at, "")..).take_while(|(of, _)| *of == at).map(|(_, n)| *n);
        Fields {
            at,
            rest: object.properties.iter(),
            supplied: supplied.collect::<Vec<_>>().into_iter(),
            next: None,
            marks: self.marks,
        }
    }

    fn list(&self, array: &'d Array<'d>) -> Elements<'d> {
        Elements { rest: array.elements.iter(), taken: 0, marks: self.marks }
    }

    fn visit<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Oops> {
        match self.value {
            Value::StringLit(text) => visitor.visit_str(&text.value),
            Value::BooleanLit(bool) => visitor.visit_bool(bool.value),
            Value::NullKeyword(_) => visitor.visit_unit(),
            Value::Object(object) => visitor.visit_map(self.map(object)),
            Value::Array(array) => {
                let mut list = self.list(array);
                let value = visitor.visit_seq(&mut list)?;
                list.ended().map(|()| value)
            }
            Value::NumberLit(number) => {
                if let Ok(whole) = number.value.parse::<u64>() {
                    visitor.visit_u64(whole)
                } else if let Ok(whole) = number.value.parse::<i64>() {
                    visitor.visit_i64(whole)
                } else {
                    // Scenario files know no fractions: nothing that decides a run is a float.
                    let found = Unexpected::Other(number.value);
                    Err(de::Error::invalid_type(found, &visitor))
                }
            }
        }
    }
}

impl<'de> de::Deserializer<'de> for Reader<'_> {
    type Error = Oops;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Oops> {
        let at = self.value.start();
        self.visit(visitor).map_err(|oops| oops.at(Where::Value(at)))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Oops> {
        match self.value {
            Value::NullKeyword(_) => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Oops> {
        visitor.visit_newtype_struct(self)
    }

    /// serde's own way also reads an object from a list of its fields; a scenario file has names.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Oops> {
        match self.value {
            Value::Array(_) => {
                let wrong: Oops = de::Error::invalid_type(Unexpected::Seq, &visitor);
                Err(wrong.at(Where::Value(self.value.start())))
            }
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Oops> {
        let at = self.value.start();
        match self.value {
            Value::StringLit(text) => visitor.visit_enum((&*text.value).into_deserializer()),
            Value::Object(object) => {
                visitor.visit_enum(MapAccessDeserializer::new(self.map(object)))
            }
            _ => Err(Oops::wrong(self.found(), &format!("one of `{}`", variants.join("`, `")))),
        }
        .map_err(|oops: Oops| oops.at(Where::Value(at)))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map identifier ignored_any
    }
}

enum Next<'d> {
    Field(&'d Value<'d>),
    Blank,
}

struct Fields<'d> {
    at: usize,
    rest: std::slice::Iter<'d, jsonc_parser::ast::ObjectProp<'d>>,
    supplied: std::vec::IntoIter<&'static str>,
    next: Option<Next<'d>>,
    marks: &'d Marks,
}

impl<'de> de::MapAccess<'de> for Fields<'_> {
    type Error = Oops;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Oops> {
        let skipped = &self.marks.skipped;
        if let Some(field) = self.rest.find(|field| !skipped.contains(&field.value.start())) {
            self.next = Some(Next::Field(&field.value));
            let at = Where::Value(field.value.start());
            let key = StrDeserializer::<Oops>::new(field.name.as_str());
            return seed.deserialize(key).map(Some).map_err(|oops| oops.at(at));
        }
        let Some(name) = self.supplied.next() else { return Ok(None) };
        self.next = Some(Next::Blank);
        seed.deserialize(StrDeserializer::<Oops>::new(name)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Oops> {
        match self.next.take() {
            Some(Next::Field(value)) => seed.deserialize(Reader { value, marks: self.marks }),
            Some(Next::Blank) => {
                seed.deserialize(super::oops::Blank).map_err(|oops| oops.at(Where::Blank(self.at)))
            }
            None => Err(de::Error::custom("a value without its name")),
        }
    }
}

struct Elements<'d> {
    rest: std::slice::Iter<'d, Value<'d>>,
    taken: usize,
    marks: &'d Marks,
}

impl Elements<'_> {
    /// A list of a certain length is read no further than that; what comes after it was not meant to be
    /// passed over.
    fn ended(mut self) -> Result<(), Oops> {
        let skipped = &self.marks.skipped;
        let left = self.rest.by_ref().filter(|value| !skipped.contains(&value.start())).count();
        if left == 0 {
            return Ok(());
        }
        Err(de::Error::invalid_length(
            self.taken + left,
            &format!("a list of {}", self.taken).as_str(),
        ))
    }
}

impl<'de> de::SeqAccess<'de> for Elements<'_> {
    type Error = Oops;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Oops> {
        let skipped = &self.marks.skipped;
        match self.rest.find(|value| !skipped.contains(&value.start())) {
            Some(value) => {
                self.taken += 1;
                seed.deserialize(Reader { value, marks: self.marks }).map(Some)
            }
            None => Ok(None),
        }
    }
}
