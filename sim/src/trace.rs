//! The trace: one line for each thing seen, made when a run is repeated for it.
//!
//! A line knows which earlier line it follows from, where that is not simply the line before it of the same
//! process: a message from its sending, an answer from the reply, a record on the medium from its write.
//! So whoever reads a trace can tell what could have led to what, without knowing the protocol.

use crate::check::View;
use crate::clock::TrueTime;
use crate::cluster::Cluster;
use crate::outcome::TraceLine;
use crate::seen::{Client, MessageId, Seen};
use interregnum_core::{CallId, Fingerprint, Machine, NodeId, Part, Place, ProcessId};
use std::collections::{BTreeMap, VecDeque};

/// Whoever takes the lines of a trace. Any `FnMut(TraceLine)` takes them all.
pub trait Recorder {
    /// Whether the text of this line is wanted: its number, its moment, and the fingerprint of the run so far.
    fn wants(&mut self, line: u64, at_ns: u64, so_far: Fingerprint) -> bool {
        let _ = (line, at_ns, so_far);
        true
    }

    /// Whether lines are to tell the states of processes.
    fn wants_states(&self) -> bool {
        false
    }

    /// Takes a line.
    fn take(&mut self, line: TraceLine);
}

impl<F: FnMut(TraceLine)> Recorder for F {
    fn take(&mut self, line: TraceLine) {
        self(line);
    }
}

/// How many origins of one kind are remembered: of what has been under way for longer, it is not told where
/// it came from.
const MOST_ORIGINS: usize = 1 << 16;

/// Makes lines for a recorder.
pub(crate) struct Tracer<'r, M: Machine> {
    recorder: &'r mut dyn Recorder,
    glance: fn(&M) -> String,
    lines: u64,
    origins: Origins,
    states: BTreeMap<ProcessId, String>,
}

impl<'r, M: Machine> Tracer<'r, M> {
    pub(crate) fn new(recorder: &'r mut dyn Recorder, glance: fn(&M) -> String) -> Self {
        let (origins, states) = (Origins::default(), BTreeMap::new());
        Self { recorder, glance, lines: 0, origins, states }
    }

    pub(crate) fn see(
        &mut self,
        (event, now, so_far): (u64, TrueTime, Fingerprint),
        cluster: &Cluster<M>,
        seen: &Seen<'_, M>,
    ) {
        let number = self.lines;
        self.lines += 1;
        let cause = self.origins.of(number, seen);
        if !self.recorder.wants(number, now.0, so_far) {
            return;
        }
        let state =
            if self.recorder.wants_states() { self.state(cluster, now, seen) } else { None };
        let kind = seen.kind().name().to_owned();
        let (process, peer) = (place(seen), peer(seen));
        let what = what(seen);
        let at_ns = now.0;
        self.recorder.take(TraceLine {
            line: number,
            event,
            at_ns,
            kind,
            process,
            peer,
            what,
            cause,
            state,
        });
    }

    /// The state in which an input finds its process, if it is another one than was last told.
    fn state(&mut self, cluster: &Cluster<M>, now: TrueTime, seen: &Seen<'_, M>) -> Option<String> {
        let is_input = matches!(
            seen,
            Seen::Delivered { .. }
                | Seen::Fired { .. }
                | Seen::Noticed { .. }
                | Seen::Called { .. }
                | Seen::DiskDone { .. }
        );
        let process = seen.process().filter(|_| is_input)?;
        let state = (self.glance)(View::new(cluster, now).machine(process)?);
        if self.states.get(&process) == Some(&state) {
            return None;
        }
        self.states.insert(process, state.clone());
        Some(state)
    }
}

/// The lines that later lines follow from.
#[derive(Debug, Default)]
struct Origins {
    messages: BTreeMap<MessageId, u64>,
    calls: BTreeMap<CallId, u64>,
    replies: BTreeMap<CallId, u64>,
    notices: BTreeMap<(NodeId, Part, Part), VecDeque<u64>>,
    writes: BTreeMap<(ProcessId, Place), VecDeque<u64>>,
    clients: BTreeMap<Client, u64>,
    disks: BTreeMap<ProcessId, u64>,
}

impl Origins {
    /// The line that line `number` follows from.
    fn of<M: Machine>(&mut self, number: u64, seen: &Seen<'_, M>) -> Option<u64> {
        match *seen {
            Seen::Sent { id, .. } => put(&mut self.messages, id, number),
            Seen::Delivered { id, .. } | Seen::Dropped { id, .. } => {
                return self.messages.get(&id).copied();
            }
            Seen::Asked { client, id, .. } => {
                put(&mut self.calls, id, number);
                return self.clients.get(&client).copied();
            }
            Seen::Called { id, .. } => return self.calls.remove(&id),
            Seen::Replied { id, .. } => put(&mut self.replies, id, number),
            Seen::Answered { client, id, .. } => {
                put(&mut self.clients, client, number);
                return self.replies.remove(&id);
            }
            Seen::Notified { from, to, .. } => {
                push(&mut self.notices, (from.node, from.part, to), number);
            }
            Seen::Noticed { from, to, .. } => {
                return pop(&mut self.notices, (to.node, from, to.part));
            }
            Seen::Written { process, at, .. } => push(&mut self.writes, (process, at), number),
            Seen::Durable { at, by, .. } | Seen::Forgotten { at, by, .. } => {
                self.disks.insert(by, number);
                return pop(&mut self.writes, (by, at));
            }
            Seen::Erased { by, .. } => {
                self.disks.insert(by, number);
            }
            Seen::DiskDone { process, .. } => return self.disks.get(&process).copied(),
            _ => {}
        }
        None
    }
}

fn put<K: Ord>(map: &mut BTreeMap<K, u64>, key: K, number: u64) {
    if map.len() >= MOST_ORIGINS {
        map.pop_first();
    }
    map.insert(key, number);
}

fn push<K: Ord>(map: &mut BTreeMap<K, VecDeque<u64>>, key: K, number: u64) {
    if map.len() >= MOST_ORIGINS {
        map.pop_first();
    }
    let queue = map.entry(key).or_default();
    if queue.len() >= MOST_ORIGINS {
        queue.pop_front();
    }
    queue.push_back(number);
}

fn pop<K: Ord>(map: &mut BTreeMap<K, VecDeque<u64>>, key: K) -> Option<u64> {
    let queue = map.get_mut(&key)?;
    let number = queue.pop_front();
    if queue.is_empty() {
        map.remove(&key);
    }
    number
}

/// The process, or the node, that it happened to.
fn place<M: Machine>(seen: &Seen<'_, M>) -> Option<String> {
    match seen {
        Seen::Damaged { node, .. } | Seen::Replaced { node } | Seen::ClockChanged { node, .. } => {
            Some(node.to_string())
        }
        _ => seen.process().map(|process| process.to_string()),
    }
}

fn peer<M: Machine>(seen: &Seen<'_, M>) -> Option<String> {
    match seen {
        Seen::Sent { to, .. } => Some(to.to_string()),
        Seen::Delivered { from, .. } | Seen::Dropped { from, .. } => Some(from.to_string()),
        Seen::Notified { to, .. } => Some(to.to_string()),
        Seen::Noticed { from, .. } => Some(from.to_string()),
        Seen::Asked { client, .. } | Seen::Answered { client, .. } => {
            Some(format!("client-{}", client.0))
        }
        _ => None,
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
        Seen::Damaged { at, harm, .. } => format!("{at:?} {harm:?}"),
        Seen::Replaced { .. } => "by a blank disk".to_owned(),
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
        Seen::ClockChanged { change, .. } => format!("{change:?}"),
        Seen::FaultBegan { index, kind, nodes } => format!("fault {index}: {kind} on {nodes}"),
        Seen::FaultEnded { index, kind } => format!("fault {index}: {kind}"),
        Seen::Calm { core } => format!("core {core}"),
    }
}
