//! Faults of clocks. A node has a monotonic clock, whose rate errs, and a wall clock, which is also
//! set wrong and stepped.

use super::{Fields, Strike};
use crate::scenario::{Duration, Target};
use interregnum_core::Span;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Clocks run at another rate while it lasts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClockRate {
    /// Whose clocks.
    pub target: Target,
    /// How many parts per million they run fast; slow, if negative. What the system relies on is
    /// its own affair: this may be far beyond it.
    #[schemars(range(min = -500_000, max = 500_000))]
    pub ppm: i32,
}

impl Strike for ClockRate {
    fn target(&self) -> Option<&Target> {
        Some(&self.target)
    }

    fn check(&self, fields: &mut Fields<'_, '_>) {
        fields.target("target", &self.target);
        if self.ppm.unsigned_abs() > 500_000 {
            let message = format!("found `{}`, expected -500000 to 500000", self.ppm);
            fields.wrong("ppm", message, Some("a clock is off by half at most"));
        }
    }
}

/// Wall clocks are set forward or back, and back again when the fault ends: give exactly one of
/// `forward` and `back`. Monotonic clocks are not touched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClockStep {
    /// Whose clocks.
    pub target: Target,
    /// So far forward.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forward: Option<Duration>,
    /// So far back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back: Option<Duration>,
}

impl ClockStep {
    /// By how many nanoseconds.
    pub(crate) fn by_ns(&self) -> i64 {
        let nanos = |of: Option<Duration>| of.map_or(Span::ZERO, |of| of.0).as_nanos();
        let signed = |nanos: u64| i64::try_from(nanos).unwrap_or(i64::MAX);
        signed(nanos(self.forward)).saturating_sub(signed(nanos(self.back)))
    }
}

impl Strike for ClockStep {
    fn target(&self) -> Option<&Target> {
        Some(&self.target)
    }

    fn check(&self, fields: &mut Fields<'_, '_>) {
        fields.target("target", &self.target);
        let given = [("forward", self.forward), ("back", self.back)];
        let given: Vec<_> = given.iter().filter_map(|(name, by)| Some((*name, (*by)?))).collect();
        match given.as_slice() {
            [(name, by)] if by.0 == Span::ZERO => {
                fields.wrong(name, "a step by no time", Some("say how far: \"5s\""));
            }
            [_] => {}
            [] => fields.wrong("", "a step that leads nowhere", Some("give `forward` or `back`")),
            _ => fields.wrong("back", "a step both forward and back", Some("give one of them")),
        }
    }
}
