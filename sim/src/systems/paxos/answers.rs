//! A8 and A9: what clients are answered, and in which order.
//!
//! **A8** is judged when a node answers. A request's outcome is looked up in the reference replay's
//! sessions, a repeated request's included; a read of the leader's state is asked of the reference's state
//! after the slot that the answer names.
//!
//! **A9**, by log order. Every answer names the slot it reflects, and by A8 it is what the reference gives
//! there. A command, or a read through the log, takes effect in a slot of its own; a read of the leader's
//! state comes between the slot it names and the next. So the log is an order of all answered requests in
//! which each gives the right answer, and what is left is real time: whatever was answered before a request
//! was first made must precede it. That holds exactly if its slot is above (a read of the leader's state: not
//! below) every slot that any client was answered from by then. A retry repeats a request, so what counts is
//! its first call; only a read of the leader's state starts anew with each call, and is held to its own.
//!
//! A run without a violation is therefore linearizable, given that a chosen request was made by somebody
//! (which nobody checks here): nothing is missed. A violation contradicts the *log's* order. Another order
//! may explain the same answers, where a stale read happens to see nothing that changed; no sound leader
//! gives such an answer, so it is reported all the same.
//!
//! Kept are each client's last thousand calls. An answer to an older call is not judged. A client may make
//! calls besides that are not of this service: only the order of their numbers is relied on.

use super::ledger::Ledger;
use super::properties::{A8, A9};
use super::reference::Reference;
use crate::check::{Failure, Tally};
use crate::clock::TrueTime;
use crate::seen::Client;
use interregnum_core::consensus::{App, Applied, ClientId, Entry, LogSlot, RequestId};
use interregnum_core::paxos::{Call, Reply};
use interregnum_core::{CallId, Fold, NodeId};
use std::collections::VecDeque;

/// So many calls of each client are kept.
const CALLS: usize = 1024;
/// So many clients are watched.
const CLIENTS: usize = 1 << 16;

/// A call that may still be answered.
#[derive(Clone, Debug, Fold)]
pub(super) struct Asked<A: App> {
    /// The number of the call among its client's.
    nth: u32,
    client: ClientId,
    request: RequestId,
    /// What is read; `None` for a command.
    query: Option<A::Query>,
    /// When the call was made.
    pub(super) at: TrueTime,
    /// The highest slot that any client had been answered from when this call was made.
    floor: LogSlot,
    /// The same for the first call of the request.
    first_floor: LogSlot,
}

/// What the reference says of a request.
enum Outcome<O> {
    /// It took effect in this slot and gave this.
    Of(LogSlot, O),
    /// It took effect, but so long ago that nobody knows any more how.
    TooOld,
    /// It never took effect.
    Never,
}

/// Judges answers.
#[derive(Clone, Debug, Fold)]
pub(super) struct Answers<A: App> {
    pub(super) replies: Tally,
    pub(super) order: Tally,
    #[fold(skip)]
    pub(super) commands_answered: u64,
    #[fold(skip)]
    pub(super) reads_by_lease: u64,
    #[fold(skip)]
    pub(super) reads_by_log: u64,
    /// Of each client the last calls, in the order in which they were made.
    rings: Vec<VecDeque<Asked<A>>>,
    /// The highest slot that any client was answered from.
    answered_upto: LogSlot,
    /// By whom and when.
    answered_by: Option<(Client, TrueTime)>,
}

impl<A: App> Answers<A> {
    pub(super) const fn new() -> Self {
        Self {
            replies: Tally::new(&A8),
            order: Tally::new(&A9),
            commands_answered: 0,
            reads_by_lease: 0,
            reads_by_log: 0,
            rings: Vec::new(),
            answered_upto: LogSlot::ZERO,
            answered_by: None,
        }
    }

    /// A client makes a call.
    pub(super) fn asked(&mut self, now: TrueTime, by: Client, id: CallId, call: &Call<A>) {
        let (client, request, query) = match call {
            Call::Submit { client, request, .. } => (*client, *request, None),
            Call::Read { client, request, query, .. } => (*client, *request, Some(query.clone())),
        };
        let index = by.0 as usize;
        if index >= CLIENTS {
            return;
        }
        while self.rings.len() <= index {
            self.rings.push(VecDeque::new());
        }
        let calls = &mut self.rings[index];
        if calls.len() >= CALLS {
            calls.pop_front();
        }
        let floor = self.answered_upto;
        let repeats = |last: &&Asked<A>| last.client == client && last.request == request;
        let first_floor = calls.back().filter(repeats).map_or(floor, |last| last.first_floor);
        let (_, nth) = numbers(id);
        calls.push_back(Asked { nth, client, request, query, at: now, floor, first_floor });
    }

    /// The call, if it is kept.
    pub(super) fn find(&self, id: CallId) -> Option<&Asked<A>> {
        let (client, nth) = numbers(id);
        // From the latest call on: nearly every answer is to that one.
        let latest = self.rings.get(client)?.iter().rev();
        latest.into_iter().find(|asked| asked.nth <= nth).filter(|asked| asked.nth == nth)
    }

    /// Whether the client has made a later request than the one that `id` asked for: its own calls tell,
    /// whatever the reference's sessions say.
    fn has_gone_on(&self, id: CallId, asked: &Asked<A>) -> bool {
        let calls = self.rings.get(numbers(id).0);
        let latest = calls.and_then(|calls| calls.iter().rev().find(|c| c.client == asked.client));
        latest.is_some_and(|latest| latest.request > asked.request)
    }

    /// A node answers: A8. The slots that the answer speaks of are chosen.
    pub(super) fn replied(
        &mut self,
        now: TrueTime,
        node: NodeId,
        (id, reply): (CallId, &Reply<A>),
        ledger: &Ledger<A>,
        reference: &mut Reference<A>,
    ) -> Option<Failure> {
        let Some(asked) = self.find(id) else {
            self.replies.checked();
            return None;
        };
        let expected = match reply {
            Reply::Applied { slot, output } if asked.query.is_none() => {
                in_own_slot(asked, *slot, output, ledger, reference)
            }
            Reply::Read { as_of, output } => match &asked.query {
                None => Err("a read's answer to a command".to_owned()),
                Some(_) if is_own_slot(asked, *as_of, ledger, reference) == Some(true) => {
                    in_own_slot(asked, *as_of, output, ledger, reference)
                }
                Some(query) => of_state(query, *as_of, output, ledger, reference),
            },
            Reply::Applied { .. } => Err("a command's answer to a read".to_owned()),
            Reply::Forgotten if !self.has_gone_on(id, asked) => {
                Err("that the client has gone on, but it asked for nothing since".to_owned())
            }
            Reply::Forgotten => match reference.head().outcome(asked.client, asked.request) {
                Some(Applied::Forgotten) => Ok(true),
                _ => Err("that the client has gone on, which it has not".to_owned()),
            },
            Reply::NotLeader { .. } | Reply::Overloaded | Reply::Unknown { .. } => return None,
        };
        match expected {
            Ok(true) => self.replies.exercised(now),
            Ok(false) => self.replies.checked(),
            Err(instead) => {
                let (client, request) = (asked.client, asked.request);
                self.replies.exercised(now);
                self.replies.violated += 1;
                let what =
                    format!("{node} answers {request:?} of {client:?} not as the replay does");
                let fact = format!("answers {reply:?} to {id}: {instead}");
                return Some(Failure::new(&A8, what).because(now, node, fact));
            }
        }
        None
    }

    /// An answer reaches its client: A9.
    pub(super) fn answered(
        &mut self,
        now: TrueTime,
        by: Client,
        (id, reply): (CallId, &Reply<A>),
        ledger: &Ledger<A>,
        reference: &Reference<A>,
    ) -> Option<Failure> {
        let asked = self.find(id)?;
        let (slot, own) = match reply {
            Reply::Applied { slot, .. } => (*slot, Some(true)),
            Reply::Read { as_of, .. } => (*as_of, is_own_slot(asked, *as_of, ledger, reference)),
            _ => return None,
        };
        // The least slot allowed; the weaker of both where it is forgotten how a read was answered.
        let least = match own {
            Some(true) => asked.first_floor.next(),
            Some(false) => asked.floor,
            None => asked.first_floor,
        };
        let (request, floor_was_zero) = (asked.request, least <= LogSlot::FIRST);
        match (reply, own) {
            (Reply::Applied { .. }, _) => self.commands_answered += 1,
            (_, Some(false)) => self.reads_by_lease += 1,
            _ => self.reads_by_log += 1,
        }
        if floor_was_zero {
            self.order.checked();
        } else {
            self.order.exercised(now);
        }
        if slot >= least {
            if slot > self.answered_upto {
                self.answered_upto = slot;
                self.answered_by = Some((by, now));
            }
            return None;
        }
        self.order.violated += 1;
        let what = format!(
            "client {} is answered from {slot}, although {} had been seen before it asked",
            by.0,
            if own == Some(true) { least.before() } else { least }
        );
        Some(self.order_failure(what, now, by, request, reply))
    }

    fn order_failure(
        &self,
        what: String,
        now: TrueTime,
        by: Client,
        request: RequestId,
        reply: &Reply<A>,
    ) -> Failure {
        let mut failure = Failure::new(&A9, what);
        let mut fact = |at: TrueTime, what: String| {
            failure.evidence.push(crate::outcome::Evidence { at_ns: at.0, node: None, what });
        };
        if let Some((client, at)) = self.answered_by {
            fact(at, format!("client {} was answered from {}", client.0, self.answered_upto));
        }
        fact(now, format!("client {} is answered {reply:?} to {request:?}", by.0));
        failure
    }
}

/// The client and the number of a call.
const fn numbers(id: CallId) -> (usize, u32) {
    #[expect(clippy::cast_possible_truncation, reason = "each half is 32 bits by construction")]
    ((id.0 >> 32) as usize, id.0 as u32)
}

/// Compares an answer with what the request came to. `Ok(false)`: too long ago to tell.
fn in_own_slot<A: App>(
    asked: &Asked<A>,
    slot: LogSlot,
    output: &A::Output,
    ledger: &Ledger<A>,
    reference: &Reference<A>,
) -> Result<bool, String> {
    match outcome(asked, slot, ledger, reference) {
        Outcome::TooOld => Ok(false),
        Outcome::Of(in_slot, gave) if in_slot == slot && gave == *output => Ok(true),
        Outcome::Of(in_slot, gave) => Err(format!("in the replay {in_slot} gave {gave:?}")),
        Outcome::Never => Err("in the replay it has not taken effect".to_owned()),
    }
}

fn outcome<A: App>(
    asked: &Asked<A>,
    slot: LogSlot,
    ledger: &Ledger<A>,
    reference: &Reference<A>,
) -> Outcome<A::Output> {
    match reference.head().outcome(asked.client, asked.request) {
        None | Some(Applied::Nothing) => Outcome::Never,
        Some(Applied::Outcome { slot, output }) => Outcome::Of(slot, output),
        Some(Applied::Forgotten) if slot < ledger.base() => Outcome::TooOld,
        Some(Applied::Forgotten) => {
            let cell = ledger.cell(slot).filter(|_| holds(asked, slot, ledger) == Some(true));
            match cell.and_then(|cell| cell.outcome.clone()) {
                Some(Applied::Outcome { slot, output }) => Outcome::Of(slot, output),
                _ => Outcome::Never,
            }
        }
    }
}

/// Whether `slot` holds the very request; `None` if the slot is dropped.
fn holds<A: App>(asked: &Asked<A>, slot: LogSlot, ledger: &Ledger<A>) -> Option<bool> {
    if slot < ledger.base() {
        return None;
    }
    let entry = ledger.cell(slot).and_then(|cell| cell.chosen()).map(|chosen| &chosen.entry);
    Some(matches!(entry, Some(Entry::Request { client, request, .. })
        if (*client, *request) == (asked.client, asked.request)))
}

/// Whether a read was answered from a slot of its own; `None` if that is forgotten. A slot in which a late
/// copy of the request had no effect, for its client had gone on, is not its own: the state after it may
/// be read like any other.
fn is_own_slot<A: App>(
    asked: &Asked<A>,
    as_of: LogSlot,
    ledger: &Ledger<A>,
    reference: &Reference<A>,
) -> Option<bool> {
    match reference.head().outcome(asked.client, asked.request) {
        Some(Applied::Outcome { slot, .. }) => Some(slot == as_of),
        Some(Applied::Forgotten) => {
            // A repetition that came after its client had gone on gave nothing: who answers from there
            // looked at its own state.
            let outcome = ledger.cell(as_of).and_then(|cell| cell.outcome.as_ref());
            let gave = matches!(outcome, Some(Applied::Outcome { slot, .. }) if *slot == as_of);
            holds(asked, as_of, ledger).map(|holds| holds && gave)
        }
        None | Some(Applied::Nothing) => Some(false),
    }
}

/// Compares a read's answer with the reference's state. `Ok(false)`: too long ago to tell.
fn of_state<A: App>(
    query: &A::Query,
    as_of: LogSlot,
    output: &A::Output,
    ledger: &Ledger<A>,
    reference: &mut Reference<A>,
) -> Result<bool, String> {
    let Some(replica) = reference.at(ledger, as_of) else { return Ok(false) };
    let expected = replica.app.query(query);
    if expected == *output { Ok(true) } else { Err(format!("after {as_of} it is {expected:?}")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use interregnum_core::kv::{Kv, KvQuery};
    use interregnum_core::paxos::ReadMode;

    #[test]
    fn calls_are_found_by_their_numbers_whichever_were_left_out() {
        let mut answers = Answers::<Kv>::new();
        let id = |nth: u64| CallId(3 << 32 | nth);
        let numbers: Vec<u64> = (0..CALLS as u64 + 5).map(|n| 7 + n * 3 + n % 2).collect();
        for &nth in &numbers {
            let (client, request, query) = (ClientId(3), RequestId(nth), KvQuery::Get { key: 1 });
            let call = Call::Read { client, request, query, mode: ReadMode::Log };
            answers.asked(TrueTime(nth), Client(3), id(nth), &call);
        }
        let (old, kept) = numbers.split_at(5);
        for &nth in kept {
            assert_eq!(answers.find(id(nth)).map(|asked| asked.at), Some(TrueTime(nth)));
            assert!(answers.find(id(nth + 1)).is_none());
        }
        assert!(old.iter().all(|nth| answers.find(id(*nth)).is_none()));
    }
}
