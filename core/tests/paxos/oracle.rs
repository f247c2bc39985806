//! The judge of the random runs. What is chosen follows from durable acceptances alone; everything a
//! machine applied or answered is compared with a replay of that.

use interregnum_core::CallId;
use interregnum_core::NodeId;
use interregnum_core::NodeSet;
use interregnum_core::consensus::App;
use interregnum_core::consensus::{
    Applied, ClientId, Consensus, Entry, LogSlot, Replica, RequestId,
};
use interregnum_core::kv::{Kv, KvQuery};
use interregnum_core::paxos::{Ballot, Call, Paxos, Record, Reply, Rules};
use std::collections::BTreeMap;

#[derive(Debug)]
pub(crate) struct Oracle {
    members: u8,
    votes: BTreeMap<(LogSlot, Ballot), (Entry<Kv>, NodeSet)>,
    chosen: BTreeMap<LogSlot, Entry<Kv>>,
    /// The states after 0, 1, 2, ... slots.
    replay: Vec<Replica<Kv>>,
    outcomes: Vec<Applied<<Kv as App>::Output>>,
    calls: BTreeMap<CallId, Asked>,
    /// The highest slot that any answer so far was computed from.
    answered: LogSlot,
    /// The highest slot that any node has applied.
    highest: LogSlot,
    /// The highest slot at which each node was checked.
    seen: BTreeMap<NodeId, LogSlot>,
    pub(crate) violation: Option<String>,
    /// Who held the lease and had not applied everything that somebody had.
    pub(crate) behind: Option<String>,
}

#[derive(Debug)]
struct Asked {
    client: ClientId,
    request: RequestId,
    query: Option<KvQuery>,
    answered_before: LogSlot,
}

impl Oracle {
    pub(crate) fn new(members: u8) -> Self {
        Self {
            members,
            votes: BTreeMap::new(),
            chosen: BTreeMap::new(),
            replay: vec![Replica::default()],
            outcomes: vec![Applied::Nothing],
            calls: BTreeMap::new(),
            answered: LogSlot::ZERO,
            highest: LogSlot::ZERO,
            seen: BTreeMap::new(),
            violation: None,
            behind: None,
        }
    }

    fn blame(&mut self, what: impl FnOnce() -> String) {
        if self.violation.is_none() {
            self.violation = Some(what());
        }
    }

    pub(crate) fn on_durable(&mut self, node: NodeId, record: &Record<Kv>) {
        let Record::Accepted { slot, ballot, entry } = record else {
            return;
        };
        let fresh = || (entry.clone(), NodeSet::EMPTY);
        let (first, voters) = self.votes.entry((*slot, *ballot)).or_insert_with(fresh);
        if first != entry {
            let what = format!("two values in {ballot} {slot}: {first:?} and {entry:?}");
            return self.blame(|| what);
        }
        voters.insert(node);
        if voters.len() * 2 > u32::from(self.members) {
            self.choose(*slot, entry);
        }
    }

    fn choose(&mut self, slot: LogSlot, entry: &Entry<Kv>) {
        let chosen = self.chosen.entry(slot).or_insert_with(|| entry.clone());
        if chosen != entry {
            let what = format!("{slot} is chosen twice: {chosen:?} and {entry:?}");
            return self.blame(|| what);
        }
        while let Some(entry) = self.chosen.get(&LogSlot(self.replay.len() as u64)) {
            let mut state = self.replay[self.replay.len() - 1].clone();
            self.outcomes.push(state.apply(LogSlot(self.replay.len() as u64), entry));
            self.replay.push(state);
        }
    }

    fn state(&self, slot: LogSlot) -> Option<&Replica<Kv>> {
        self.replay.get(usize::try_from(slot.0).ok()?)
    }

    pub(crate) fn on_state<R: Rules>(&mut self, node: NodeId, machine: &Paxos<Kv, R>) {
        let applied = machine.applied();
        self.highest = self.highest.max(applied);
        if self.seen.insert(node, applied) == Some(applied) {
            return;
        }
        match self.state(applied) {
            None => self.blame(|| format!("{node} applied {applied}, which is not chosen")),
            Some(state) if state.app != *machine.app() => {
                self.blame(|| format!("{node} has another state at {applied} than the replay"));
            }
            Some(_) => {}
        }
    }

    /// Whether anybody knows of something chosen that the holder of the lease has not applied.
    pub(crate) fn on_holder(&mut self, node: NodeId, applied: LogSlot) {
        let highest = self.highest;
        if applied < highest && self.behind.is_none() {
            self.behind = Some(format!("{node} holds the lease at {applied}; {highest} is known"));
        }
    }

    pub(crate) fn on_call(&mut self, id: CallId, call: &Call<Kv>) {
        let (client, request, query) = match call {
            Call::Submit { client, request, .. } => (*client, *request, None),
            Call::Read { client, request, query, .. } => (*client, *request, Some(*query)),
        };
        let answered_before = self.answered;
        self.calls.insert(id, Asked { client, request, query, answered_before });
    }

    pub(crate) fn on_reply(&mut self, id: CallId, reply: &Reply<Kv>) {
        let (slot, output) = match reply {
            Reply::Applied { slot, output } => (*slot, *output),
            Reply::Read { as_of, output } => (*as_of, *output),
            _ => return,
        };
        let Some(asked) = self.calls.get(&id) else {
            return self.blame(|| format!("{id} was never asked"));
        };
        let Some(state) = self.state(slot) else {
            return self.blame(|| format!("{id} is answered from {slot}, which is not chosen"));
        };
        let own_entry = matches!(
            self.chosen.get(&slot),
            Some(Entry::Request { client, request, .. })
                if *client == asked.client && *request == asked.request
        );
        let index = usize::try_from(slot.0).expect("a replayed slot");
        if own_entry && self.outcomes[index] == (Applied::Outcome { slot, output }) {
            self.answered = self.answered.max(slot);
        } else if let Some(query) = asked.query {
            let (right, stale) = (state.app.query(&query), slot < asked.answered_before);
            if right != output {
                return self.blame(|| format!("{id} reads {output:?}, not {right:?}, at {slot}"));
            }
            if stale {
                self.blame(|| format!("{id} reads {slot} after something later was answered"));
            }
        } else if own_entry {
            self.blame(|| format!("{id} is answered {reply:?}, which is not the outcome"));
        } else {
            self.blame(|| format!("{id} is answered {reply:?}, but was not applied there"));
        }
        self.answered = self.answered.max(slot);
    }

    /// How many slots are chosen without a gap.
    pub(crate) fn chosen_upto(&self) -> LogSlot {
        LogSlot(self.replay.len() as u64 - 1)
    }
}
