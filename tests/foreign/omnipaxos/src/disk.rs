//! OmniPaxos' storage: its state is one record, replaced as a whole, like a file renamed into place.

use interregnum_sim::prelude::*;
use omnipaxos::ballot_leader_election::Ballot;
use omnipaxos::storage::{Entry, NoSnapshot, StopSign, Storage, StorageOp, StorageResult};
use std::{cell::RefCell, rc::Rc, sync::Arc};

/// An entry of the log: a client's call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Fold)]
pub struct Command(pub CallId);

impl Entry for Command {
    type Snapshot = NoSnapshot;
}

#[derive(Clone, Debug, Default, Fold)]
pub struct State {
    pub boots: u64,
    pub log: Vec<Command>,
    pub decided: Printed<usize>,
    promise: Printed<Option<Ballot>>,
    accepted: Printed<Option<Ballot>>,
}

/// OmniPaxos owns its storage, so the replica keeps a second handle. Whoever holds a record of the
/// state sees by its address that there is a newer one.
#[derive(Clone, Debug)]
pub struct Disk(pub Rc<RefCell<Arc<State>>>);

macro_rules! reads {
    ($($name:ident(|$state:ident $(, $at:ident)*| $how:expr) -> $out:ty;)*) => {
        $(fn $name(&self $(, $at: usize)*) -> StorageResult<$out> {
            let $state = self.0.borrow();
            Ok($how)
        })*
    };
}

macro_rules! writes {
    ($($name:ident(|$state:ident $(, $arg:ident: $ty:ty)*| $how:expr);)*) => {
        $(fn $name(&mut self $(, $arg: $ty)*) -> StorageResult<()> {
            let mut shared = self.0.borrow_mut();
            let $state = Arc::make_mut(&mut shared);
            Ok($how)
        })*
    };
}

impl Storage<Command> for Disk {
    reads! {
        get_promise(|state| state.promise.0) -> Option<Ballot>;
        get_accepted_round(|state| state.accepted.0) -> Option<Ballot>;
        get_decided_idx(|state| state.decided.0) -> usize;
        get_log_len(|state| state.log.len()) -> usize;
        get_suffix(|state, from| state.log.get(from..).unwrap_or_default().into()) -> Vec<Command>;
        get_entries(|state, from, to| state.log.get(from..to).unwrap_or_default().into()) -> Vec<Command>;
        get_compacted_idx(|_state| 0) -> usize;
        get_stopsign(|_state| None) -> Option<StopSign>;
        get_snapshot(|_state| None) -> Option<NoSnapshot>;
    }
    writes! {
        set_promise(|state, ballot: Ballot| state.promise.0 = Some(ballot));
        set_accepted_round(|state, ballot: Ballot| state.accepted.0 = Some(ballot));
        set_decided_idx(|state, index: usize| state.decided.0 = index);
        append_entry(|state, entry: Command| state.log.push(entry));
        append_entries(|state, entries: Vec<Command>| state.log.extend(entries));
        append_on_prefix(|state, from: usize, entries: Vec<Command>| {
            state.log.splice(from.., entries);
        });
        write_atomically(|state, ops: Vec<StorageOp<Command>>| for op in ops {
            match op {
                StorageOp::SetAcceptedRound(ballot) => state.accepted.0 = Some(ballot),
                StorageOp::SetDecidedIndex(index) => state.decided.0 = index,
                StorageOp::AppendOnPrefix(from, entries) => _ = state.log.splice(from.., entries),
                op => unused(op),
            }
        });
        trim(|_state, index: usize| unused(index));
        set_compacted_idx(|_state, index: usize| unused(index));
        set_stopsign(|_state, sign: Option<StopSign>| unused(sign));
        set_snapshot(|_state, snapshot: Option<NoSnapshot>| unused(snapshot));
    }
}

fn unused(what: impl std::fmt::Debug) {
    unreachable!("nobody compacts or reconfigures: {what:?}")
}
