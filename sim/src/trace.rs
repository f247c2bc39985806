//! One line of a trace for each thing seen.

use crate::clock::TrueTime;
use crate::outcome::TraceLine;
use crate::seen::Seen;
use interregnum_core::Machine;

/// The line for `seen`.
pub(crate) fn line<M: Machine>(event: u64, now: TrueTime, seen: &Seen<'_, M>) -> TraceLine {
    let peer = match seen {
        Seen::Sent { to, .. } => Some(to.to_string()),
        Seen::Delivered { from, .. } | Seen::Dropped { from, .. } => Some(from.to_string()),
        Seen::Notified { to, .. } => Some(to.to_string()),
        Seen::Noticed { from, .. } => Some(from.to_string()),
        Seen::Asked { client, .. } | Seen::Answered { client, .. } => {
            Some(format!("client-{}", client.0))
        }
        _ => None,
    };
    TraceLine {
        event,
        at_ns: now.0,
        kind: seen.kind().name().to_owned(),
        process: seen.process().map(|process| process.to_string()),
        peer,
        what: what(seen),
    }
}

fn what<M: Machine>(seen: &Seen<'_, M>) -> String {
    match seen {
        Seen::Sent { message, .. } | Seen::Delivered { message, .. } => format!("{message:?}"),
        Seen::Dropped { message, why, .. } => format!("{why:?}: {message:?}"),
        Seen::Fired { timer, .. } => format!("{timer:?}"),
        Seen::Notified { notice, .. } | Seen::Noticed { notice, .. } => format!("{notice:?}"),
        Seen::ToldExit { exited, .. } => format!("{exited} ended"),
        Seen::Asked { id, call, .. } | Seen::Called { id, call, .. } => format!("{id} {call:?}"),
        Seen::Replied { id, reply, .. } | Seen::Answered { id, reply, .. } => {
            format!("{id} {reply:?}")
        }
        Seen::Written { at, record, .. } => format!("{at:?} {record:?}"),
        Seen::Durable { node, at, record, .. } => format!("on {node} {at:?} {record:?}"),
        Seen::Erased { node, volume, slots, .. } => {
            format!("on {node} {volume:?} {:?} to before {:?}", slots.start, slots.end)
        }
        Seen::Forgotten { node, at, .. } => format!("on {node} {at:?}"),
        Seen::Damaged { node, at, harm } => format!("on {node} {at:?} {harm:?}"),
        Seen::Replaced { node } => format!("disk of {node}"),
        Seen::Misread { at, stale, .. } => {
            format!("{at:?} {}", if *stale { "stale" } else { "unreadable for now" })
        }
        Seen::DiskDone { ticket, end, .. } => format!("{end:?} {ticket:?}"),
        Seen::Fact { fact, .. } => format!("{fact:?}"),
        Seen::Probe { name, .. } => (*name).to_owned(),
        Seen::Booted { incarnation, .. } => format!("incarnation {incarnation}"),
        Seen::Crashed { why, .. } => format!("{why:?}"),
        Seen::Halted { reason, .. } => (*reason).to_owned(),
        Seen::Paused { .. } | Seen::Resumed { .. } => String::new(),
        Seen::ClockChanged { node, change } => format!("of {node}: {change:?}"),
        Seen::FaultBegan { index, kind, nodes } => format!("fault {index}: {kind} on {nodes}"),
        Seen::FaultEnded { index, kind } => format!("fault {index}: {kind}"),
        Seen::Calm { core } => format!("core {core}"),
    }
}
