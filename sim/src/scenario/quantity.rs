//! Quantities as people write them: `"250ms"`, `"1.5s"`, `"0.5%"`. No floats anywhere.

use interregnum_core::{Fold, Span};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// A duration: a decimal number and one of the units ns, us or µs, ms, s, m or min, h, d; at most 100
/// years.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub struct Duration(pub Span);

/// A share of one, in parts per million: `"1%"`, `"0.5%"`, `"250ppm"`; at most 100 %.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub struct Ratio(u32);

impl Ratio {
    /// Always.
    pub const ONE: Self = Self(1_000_000);

    /// A ratio of `ppm` parts per million; more than a million counts as one.
    #[must_use]
    pub const fn ppm(ppm: u32) -> Self {
        if ppm > 1_000_000 { Self::ONE } else { Self(ppm) }
    }

    /// The parts per million, 0 to 1,000,000.
    #[must_use]
    pub const fn as_ppm(self) -> u32 {
        self.0
    }
}

/// A seed: a decimal number, or `0x` and up to 16 hex digits, as text, for not every reader of JSON
/// keeps 64 bits of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seed(pub u64);

const SEED: &str = "a seed in double quotes, such as \"42\" or \"0x2a\"";
const DURATION: &str =
    "a duration such as \"250ms\" or \"1.5s\" (ns, us or µs, ms, s, m or min, h, d)";
const RATIO: &str = "a share such as \"1%\", \"0.5%\" or \"250ppm\", at most \"100%\"";
const LONGEST: Span = Span::secs(100 * 366 * 24 * 3600);

/// What is wrong with a number.
enum Flaw {
    /// It is none, or not a multiple of the smallest unit.
    Form,
    /// It is too large.
    Size,
}

/// Reads `digits[.digits]` as a multiple of `unit`, exactly, or fails.
fn decimal(number: &str, unit: u64) -> Result<u64, Flaw> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) || number.ends_with('.') {
        return Err(Flaw::Form);
    }
    // Digits alone do not fail to be a number, except by being too many.
    let whole = whole.parse::<u64>().map_err(|_| Flaw::Size)?;
    let mut value = whole.checked_mul(unit).ok_or(Flaw::Size)?;
    let mut place = unit;
    for digit in fraction.bytes() {
        // A digit below the smallest unit would be lost: refuse rather than round.
        if (place < 10 || !place.is_multiple_of(10)) && digit != b'0' {
            return Err(Flaw::Form);
        }
        place /= 10;
        let more = place.saturating_mul(u64::from(digit - b'0'));
        value = value.checked_add(more).ok_or(Flaw::Size)?;
    }
    Ok(value)
}

fn split_unit(text: &str) -> (&str, &str) {
    let text = text.trim();
    let at = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    (&text[..at], text[at..].trim_start())
}

impl FromStr for Duration {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (number, unit) = split_unit(text);
        let unit = match unit {
            "ns" => Span::nanos(1),
            "us" | "µs" => Span::micros(1),
            "ms" => Span::millis(1),
            "s" => Span::secs(1),
            "m" | "min" => Span::secs(60),
            "h" => Span::secs(3600),
            "d" => Span::secs(86_400),
            _ => return Err(DURATION),
        };
        match decimal(number, unit.as_nanos()).map(Span::nanos) {
            Err(Flaw::Form) => Err(DURATION),
            Ok(span) if span <= LONGEST => Ok(Self(span)),
            Ok(_) | Err(Flaw::Size) => Err("a duration of at most 100 years"),
        }
    }
}

impl FromStr for Ratio {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (number, unit) = split_unit(text);
        let unit = match unit {
            "%" => 10_000,
            "ppm" => 1,
            _ => return Err(RATIO),
        };
        let ppm = decimal(number, unit).map_err(|_| RATIO)?;
        u32::try_from(ppm).ok().filter(|ppm| *ppm <= Self::ONE.0).map(Self).ok_or(RATIO)
    }
}

impl FromStr for Seed {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (digits, radix) = text.strip_prefix("0x").map_or((text, 10), |hex| (hex, 16));
        // The parser of numbers would take a sign.
        let plain = digits.bytes().all(|b| b.is_ascii_hexdigit());
        let number = plain.then(|| u64::from_str_radix(digits, radix).ok()).flatten();
        number.map(Self).ok_or(SEED)
    }
}

impl fmt::Display for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.0 / 10_000, self.0 % 10_000);
        if rest == 0 {
            write!(f, "{whole}%")
        } else {
            write!(f, "{whole}.{}%", format!("{rest:04}").trim_end_matches('0'))
        }
    }
}

macro_rules! as_text {
    ($ty:ident, $name:literal, $expected:expr, $pattern:literal) => {
        impl<'de> Deserialize<'de> for $ty {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                struct Text;
                impl de::Visitor<'_> for Text {
                    type Value = $ty;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($expected)
                    }

                    fn visit_str<E: de::Error>(self, text: &str) -> Result<$ty, E> {
                        text.parse().map_err(|expected: &str| {
                            E::invalid_value(de::Unexpected::Str(text), &expected)
                        })
                    }
                }
                from.deserialize_str(Text)
            }
        }

        impl Serialize for $ty {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }

        impl JsonSchema for $ty {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "pattern": $pattern, "description": $expected })
            }
        }
    };
}
as_text!(Duration, "Duration", DURATION, r"^\s*[0-9]+(\.[0-9]+)?\s*(ns|us|µs|ms|s|m|min|h|d)$");
as_text!(Ratio, "Ratio", RATIO, r"^\s*[0-9]+(\.[0-9]+)?\s*(%|ppm)$");
as_text!(Seed, "Seed", SEED, r"^([0-9]+|0x[0-9a-fA-F]{1,16})$");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_read_exactly_or_not_at_all() {
        let span = |text: &str| text.parse::<Duration>().map(|d| d.0);
        assert_eq!(span("250ms"), Ok(Span::millis(250)));
        assert_eq!(span("1.5s"), Ok(Span::millis(1500)));
        assert_eq!(span("1.000000001s"), Ok(Span::nanos(1_000_000_001)));
        for wrong in
            ["", "5", "ms", "-1s", "1.s", "1e3s", "0.1ns", "0.05ns", "1.0000000001s", "99999999d"]
        {
            assert!(span(wrong).is_err(), "{wrong}");
        }
        let long = "a duration of at most 100 years";
        assert_eq!(span(&format!("{}d", "9".repeat(40))), Err(long));
        assert_eq!((span("99999999999d"), span("36601d")), (Err(long), Err(long)));
        assert_eq!(span("1.5 min"), Ok(Span::secs(90)));
        assert_eq!("0.5%".parse(), Ok(Ratio::ppm(5_000)));
        assert_eq!("100%".parse(), Ok(Ratio::ONE));
        assert!("100.1%".parse::<Ratio>().is_err() && "0.00001%".parse::<Ratio>().is_err());
    }

    #[test]
    fn seeds_are_text_of_64_bits() {
        assert_eq!("42".parse(), Ok(Seed(42)));
        assert_eq!("0xffffffffffffffff".parse(), Ok(Seed(u64::MAX)));
        assert_eq!(Seed(42).to_string().parse(), Ok(Seed(42)));
        for wrong in ["", "0x", "+1", "-1", "1.0", "ff", "18446744073709551616", " 1"] {
            assert!(wrong.parse::<Seed>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_printed_can_be_read_again() {
        for text in ["1%", "0.5%", "12.345%", "0.0001%"] {
            assert_eq!(text.parse::<Ratio>().unwrap().to_string(), text);
        }
        for text in ["1.5s", "250ms", "7ns"] {
            assert_eq!(text.parse::<Duration>().unwrap().to_string(), text);
        }
    }
}
