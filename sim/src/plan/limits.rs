//! Keeps drawn faults within what a system claims to survive.

use crate::scenario::{Fault, Target, What};
use interregnum_core::{NodeId, NodeSet, Span};
use std::collections::BTreeMap;

/// Nodes whose processes a fault stops or restarts: those known by name, and how many besides.
#[derive(Clone, Copy, Debug)]
struct Stopped {
    known: NodeSet,
    unknown: u32,
    until: Span,
}

/// Leaves out faults that would strike more nodes at once than the system tolerates.
pub(super) fn thin(faults: &mut Vec<Fault>, limit: u32, groups: &BTreeMap<String, Vec<u8>>) {
    let mut struck: Vec<Stopped> = Vec::new();
    faults.retain(|fault| {
        let Some(more) = stops(fault, groups) else { return true };
        struck.retain(|stopped| stopped.until >= fault.at.0);
        let all = struck.iter().fold((more.known, more.unknown), |(known, unknown), stopped| {
            (known.union(stopped.known), unknown + stopped.unknown)
        });
        let fits = all.0.len() + all.1 <= limit;
        if fits {
            struck.push(more);
        }
        fits
    });
}

/// Whom a fault stops, if it stops anybody, and until when at the latest. A fault that waits for a seam
/// strikes one process, nobody knows which; nor whom words will mean.
fn stops(fault: &Fault, groups: &BTreeMap<String, Vec<u8>>) -> Option<Stopped> {
    let target = match fault.what()? {
        What::Crash(crash) => &crash.target,
        What::PowerLoss(loss) => &loss.target,
        What::Pause(pause) => &pause.target,
        What::TornWrite(torn) => &torn.target,
        What::BlankDisk(disk) => &disk.target,
        _ => return None,
    };
    let lasts = fault.lasts.map_or(Span::MAX, |lasts| lasts.0);
    let nodes = |nodes: &[u8]| nodes.iter().copied().map(NodeId).collect();
    let (known, unknown, waits) = match (&fault.when, target) {
        (Some(when), _) => (NodeSet::EMPTY, 1, when.within.map_or(Span::MAX, |within| within.0)),
        (None, Target::Node { node, .. }) => (nodes(&[*node]), 0, Span::ZERO),
        (None, Target::Nodes(list)) => (nodes(list), 0, Span::ZERO),
        (None, Target::Group(name)) => {
            (groups.get(name).map_or(NodeSet::EMPTY, |list| nodes(list)), 0, Span::ZERO)
        }
        (None, Target::Any(_)) => (NodeSet::EMPTY, 1, Span::ZERO),
        (None, Target::Random(count)) => (NodeSet::EMPTY, u32::from(*count), Span::ZERO),
        _ => (NodeSet::first(NodeSet::CAPACITY), 0, Span::ZERO),
    };
    Some(Stopped { known, unknown, until: fault.at.0 + waits + lasts })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(list: serde_json::Value) -> Vec<Fault> {
        serde_json::from_value(list).unwrap()
    }

    #[test]
    fn never_more_nodes_at_once_than_are_tolerated() {
        let groups = BTreeMap::from([("rack".to_owned(), vec![0, 1])]);
        let mut drawn = faults(serde_json::json!([
            { "at": "1s", "for": "2s", "crash": { "target": { "node": 0 } } },
            { "at": "2s", "for": "1s", "pause": { "target": { "node": 1 } } },
            { "at": "2s", "for": "1s", "crash": { "target": { "node": 0 } } },
            { "at": "2s", "for": "1s", "loss": { "ratio": "1%" } },
            { "at": "4s", "for": "1s", "power_loss": { "target": { "group": "rack" } } },
            { "at": "4s", "for": "1s", "crash": { "target": { "any": "leader" } } },
            { "at": "6s", "for": "1s", "when": { "seam": "sync", "within": "1s" },
              "crash": { "target": "all" } },
            { "at": "7s", "for": "1s", "crash": { "target": { "node": 2 } } },
            { "at": "9s", "for": "1s", "crash": { "target": { "node": 2 } } },
        ]));
        thin(&mut drawn, 1, &groups);
        let left: Vec<_> = drawn.iter().map(|fault| (fault.at.to_string(), fault.kind())).collect();
        let left: Vec<_> = left.iter().map(|(at, kind)| (at.as_str(), *kind)).collect();
        let expected = [
            ("1s", "crash"),
            ("2s", "crash"),
            ("2s", "loss"),
            ("4s", "crash"),
            ("6s", "crash"),
            ("9s", "crash"),
        ];
        assert_eq!(left, expected);
    }
}
