//! That what becomes durable under one key is one value: judged of numbers under themselves, which always
//! agree, and of all numbers under one key, which do not.

use crate::system::{Toy, ToySystem};
use crate::{base, prepare, ready};
use interregnum_sim::outcome::{Finding, Observed};
use interregnum_sim::prelude::*;

pub(crate) static SAME: Property =
    Property::invariant("T3", "one number", "what is durable under one key is one number");

/// Each number under itself, which always agrees.
pub(crate) fn by_number(seen: &Seen<'_, Toy>, show: &mut dyn FnMut(NodeId, u64, u64)) {
    if let Seen::Durable { node, record, .. } = seen {
        show(*node, **record, **record);
    }
}

/// All numbers under one key, which does not.
pub(crate) fn all_alike(seen: &Seen<'_, Toy>, show: &mut dyn FnMut(NodeId, u64, u64)) {
    by_number(seen, &mut |node, _, number| show(node, 0, number));
}

#[test]
fn agreement_holds_of_what_agrees_and_shows_who_differed() {
    let outcome = prepare(false, base()).run(1);
    let same = outcome.properties.iter().find(|property| property.id == "T3").unwrap();
    assert_eq!(same.verdict, Finding::Held, "every number is durable on two disks");
    let outcome = ready(ToySystem { hasty: false, all_alike: true }, base()).run(1);
    let violation = outcome.violation.unwrap();
    assert_eq!((outcome.observed, &*violation.invariant), (Observed::Violated, "T3"));
    assert_eq!(violation.evidence.len(), 2, "the first to show it, and the first to differ");
}
