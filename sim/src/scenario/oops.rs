//! serde's mistakes, kept as data until someone knows where they are.

use super::problem::{quote, suggest};
use serde::de::{self, Expected, Unexpected, Visitor};
use serde::forward_to_deserialize_any;
use std::fmt;

/// Where in a document a mistake is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Where {
    /// At the value that starts at this offset, or at its key.
    Value(usize),
    /// In a blank that was supplied to the object that starts at this offset.
    Blank(usize),
}

/// What is wrong.
#[derive(Debug)]
pub(super) enum What {
    MissingField(&'static str),
    UnknownField { name: String, known: &'static [&'static str] },
    Other { message: String, help: Option<String> },
}

/// A mistake and, once it is known, its place.
#[derive(Debug)]
pub(super) struct Oops {
    pub(super) place: Option<Where>,
    pub(super) what: What,
}

impl Oops {
    const fn new(what: What) -> Self {
        Self { place: None, what }
    }

    /// The mistake with a place, unless something further in has already given it one.
    pub(super) fn at(mut self, place: Where) -> Self {
        self.place.get_or_insert(place);
        self
    }

    pub(super) fn wrong(found: Unexpected<'_>, expected: &str) -> Self {
        let message = format!("{}, expected {expected}", describe(found));
        Self::new(What::Other { message, help: None })
    }
}

impl std::error::Error for Oops {}

impl fmt::Display for Oops {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.what)
    }
}

impl de::Error for Oops {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(What::Other { message: message.to_string(), help: None })
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::wrong(found, plain(&expected.to_string()))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::wrong(found, plain(&expected.to_string()))
    }

    fn invalid_length(length: usize, expected: &dyn Expected) -> Self {
        let expected = expected.to_string();
        let expected = match expected.strip_prefix("an array of length ") {
            Some(count) => format!("a list of {count}"),
            None => plain(&expected).to_owned(),
        };
        let message = match length {
            0 => format!("nothing in it, expected {expected}"),
            _ => format!("{length} in it, expected {expected}"),
        };
        Self::new(What::Other { message, help: None })
    }

    fn unknown_variant(name: &str, known: &'static [&'static str]) -> Self {
        let message = format!("unknown value {}", quote(name));
        let help = suggest(name, "known here", known.iter().copied());
        Self::new(What::Other { message, help })
    }

    fn unknown_field(name: &str, known: &'static [&'static str]) -> Self {
        Self::new(What::UnknownField { name: name.to_owned(), known })
    }

    fn missing_field(name: &'static str) -> Self {
        Self::new(What::MissingField(name))
    }
}

fn describe(found: Unexpected<'_>) -> String {
    match found {
        Unexpected::Bool(bool) => format!("found `{bool}`"),
        Unexpected::Unsigned(number) => format!("found `{number}`"),
        Unexpected::Signed(number) => format!("found `{number}`"),
        Unexpected::Str(text) => {
            let quoted = quote(text);
            format!("found \"{}\"", quoted.trim_matches('`'))
        }
        Unexpected::Seq => "found a list".to_owned(),
        Unexpected::Map => "found an object".to_owned(),
        Unexpected::Unit | Unexpected::Option => "found `null`".to_owned(),
        Unexpected::Other(text) => format!("found {}", quote(text)),
        other => format!("found {other}"),
    }
}

/// serde's words for what it expects, as people say them who never saw Rust.
fn plain(expected: &str) -> &str {
    match expected {
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" => "a whole number from 0 to 4294967295",
        "u64" | "usize" => "a whole number, not negative",
        "i8" | "i16" | "i32" | "i64" | "any valid JSON value" => "a whole number",
        "a boolean" => "true or false",
        "a string" | "string" => "text in double quotes",
        "a sequence" => "a list",
        _ if expected.starts_with("struct ") || expected == "a map" => "an object",
        _ => expected,
    }
}

/// Stands for a field that is missing: nothing, in whatever shape is asked for.
pub(super) struct Blank;

impl<'de> de::Deserializer<'de> for Blank {
    type Error = Oops;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Oops> {
        visitor.visit_unit()
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Oops> {
        visitor.visit_str("")
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Oops> {
        visitor.visit_str("")
    }

    fn deserialize_u8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Oops> {
        visitor.visit_u64(0)
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Oops> {
        visitor.visit_u64(0)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Oops> {
        visitor.visit_u64(0)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Oops> {
        visitor.visit_none()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u16 u128 f32 f64 char bytes byte_buf unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}
