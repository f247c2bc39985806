//! Where it hurts: classes of messages that a fault may single out, and points at which it may strike.

use super::evidence::Layer;
use crate::seen::{DiskEnd, Seen};
use interregnum_core::Machine;
use interregnum_core::consensus::App;
use interregnum_core::paxos::{Body, Fact, Reply, Ticket};

/// The classes of messages.
pub(super) const CLASSES: &[&str] = &[
    "prepare",
    "promise",
    "accept",
    "accepted",
    "already-chosen",
    "nack",
    "heartbeat",
    "grant",
    "release",
    "ask",
    "tell",
    "fetch",
    "chosen",
    "snapshot",
];

/// The class of a message.
pub(super) const fn class<A: App>(body: &Body<A>) -> &'static str {
    match body {
        Body::Prepare { .. } => "prepare",
        Body::Promise(_) => "promise",
        Body::Accept { .. } => "accept",
        Body::Accepted { .. } => "accepted",
        Body::AlreadyChosen { .. } => "already-chosen",
        Body::Nack { .. } => "nack",
        Body::Heartbeat { .. } => "heartbeat",
        Body::Grant { .. } => "grant",
        Body::Release { .. } => "release",
        Body::Ask { .. } => "ask",
        Body::Tell { .. } => "tell",
        Body::Fetch { .. } => "fetch",
        Body::Chosen(_) => "chosen",
        Body::Snapshot(_) => "snapshot",
    }
}

/// The seams.
pub(super) const SEAMS: &[&str] = &[
    "promise-durable",
    "promise-sent",
    "accept-sent",
    "accepted-durable",
    "accepted-sent",
    "grant-sent",
    "lease-held",
    "leader-change",
    "snapshot-durable",
    "log-cut",
    "answered",
    "read-answered",
];

/// The seam that a process of the layer is at, if it is at one.
pub(super) fn seam<M, L>(seen: &Seen<'_, M>) -> Option<&'static str>
where
    M: Machine<Ticket = Ticket>,
    L: Layer<M>,
{
    Some(match seen {
        Seen::DiskDone { ticket, end: DiskEnd::Synced, .. } => match ticket {
            Ticket::Promised { .. } => "promise-durable",
            Ticket::Accepted { .. } => "accepted-durable",
            Ticket::Snapshot { .. } => "snapshot-durable",
            Ticket::Pointer { .. } => "log-cut",
            _ => return None,
        },
        Seen::Sent { message, .. } => match L::message(message)?.body {
            Body::Promise(_) => "promise-sent",
            Body::Accept { .. } => "accept-sent",
            Body::Accepted { .. } => "accepted-sent",
            Body::Grant { .. } => "grant-sent",
            _ => return None,
        },
        Seen::Fact { fact, .. } => match L::fact(fact)? {
            Fact::Led { .. } => "leader-change",
            Fact::LeaseHeld { .. } => "lease-held",
            _ => return None,
        },
        Seen::Replied { reply, .. } => match L::reply(reply)? {
            Reply::Applied { .. } => "answered",
            Reply::Read { .. } => "read-answered",
            _ => return None,
        },
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use interregnum_core::NodeId;
    use interregnum_core::kv::Kv;
    use interregnum_core::paxos::Ballot;

    #[test]
    fn classes_are_known_by_name() {
        let ballot = Ballot { round: 1, node: NodeId(0) };
        for body in [
            Body::<Kv>::Grant { ballot, sequence: 1 },
            Body::Nack { ballot, promised: ballot },
            Body::Ask { round: 1 },
        ] {
            assert!(CLASSES.contains(&class(&body)));
        }
    }
}
