//! V1: after the faults a leader emerges and answers.
//!
//! Three things must happen after the calm phase began, each judged from wire, disks and clients:
//!
//! 1. A majority hears one leader: the owner of some ballot and those who sent it an acceptance or a
//!    grant in that ballot. Within **B1** = (8 T + G)/(1 - rho) + 4d + 7 flush, where T is the longest
//!    heartbeat round, G a lease grant, d the longest delay of a message and flush the longest sync; more
//!    where abdication takes more than the three rounds that this allows for. Where disks fail, those outside
//!    the core may hang for good, or have lost what only somebody knows whom they do not reach, and nothing
//!    shows it before they lead: one after the other may be elected, and each gives up only after so many
//!    rounds as a sync may take, or as abdication does. A new leader behind
//!    everybody's log start first fetches a snapshot, in the worst case twice, for the first may be cut off
//!    by the next: 2 T/(1 - rho) + 4d + 4 flush more.
//! 2. A client's command becomes chosen: a majority made it durable.
//! 3. Every client gets an answer to a call that it made after the faults.
//!
//! The paper's statement has 2. within B1. A command must reach the leader first, though, and clients have
//! to find it: they wait for answers that never come, and are sent to nodes that are down for good. How
//! long that takes is the workload's business, so 2. and 3. are granted the *patience* that the workload
//! computes, and 1., which needs no client, keeps the machine to B1.

use super::catch_up::Policy;
use super::properties::V1;
use crate::check::{Failure, Tally};
use crate::clock::TrueTime;
use interregnum_core::paxos::Ballot;
use interregnum_core::{Fold, NodeId, NodeSet, Span};

/// The bounds of what must happen in time.
#[derive(Clone, Copy, Debug, Fold)]
pub struct Bounds {
    /// B1: until a majority hears one leader.
    pub leader: Span,
    /// How much longer until every client is answered.
    pub patience: Span,
    /// How many clients there are.
    pub clients: u32,
    /// What catching up is allowed.
    pub catch_up: Policy,
}

/// So many ballots are watched at once after the faults.
const BALLOTS: usize = 16;

/// Judges progress.
#[derive(Clone, Debug, Fold)]
pub(super) struct Progress {
    pub(super) tally: Tally,
    bounds: Bounds,
    quorum: u32,
    /// Whether no majority is left that could make progress.
    excused: bool,
    since: Option<TrueTime>,
    /// Who was heard in which ballot, until a majority was.
    heard: Vec<(Ballot, NodeSet)>,
    led: Option<TrueTime>,
    chosen: Option<TrueTime>,
    /// Which clients were answered.
    answered: Vec<bool>,
    unanswered: u32,
    all_answered: Option<TrueTime>,
}

impl Progress {
    pub(super) fn new(members: u8, bounds: Bounds) -> Self {
        Self {
            tally: Tally::new(&V1),
            bounds,
            quorum: u32::from(members) / 2 + 1,
            excused: false,
            since: None,
            heard: Vec::new(),
            led: None,
            chosen: None,
            answered: Vec::new(),
            unanswered: bounds.clients,
            all_answered: None,
        }
    }

    /// The faults are over for these nodes. Too few of them can vote only where disks failed beyond what
    /// is tolerated: then nothing is owed.
    pub(super) fn calm(&mut self, now: TrueTime, core: NodeSet) {
        if core.len() < self.quorum {
            self.excused = true;
            return;
        }
        self.since = Some(now);
        self.tally.bound = Some(self.bounds.leader + self.bounds.patience);
        self.answered = vec![false; self.bounds.clients as usize];
        self.tally.exercised(now);
        if self.quorum == 1 {
            // A node on its own is a majority that sends nothing: only the other two are judged.
            self.led = Some(now);
        }
        if self.bounds.clients == 0 {
            (self.chosen, self.all_answered) = (Some(now), Some(now));
        }
    }

    /// `from` sent its acceptance or its grant to the leader of `ballot`.
    #[inline]
    pub(super) fn heard(&mut self, now: TrueTime, from: NodeId, ballot: Ballot) -> Option<Failure> {
        let since = self.since?;
        if self.led.is_some() {
            return None;
        }
        let at = self.heard.iter().position(|(known, _)| *known == ballot);
        let at = at.unwrap_or_else(|| {
            if self.heard.len() >= BALLOTS {
                self.heard.sort_by_key(|(known, _)| *known);
                self.heard.remove(0);
            }
            self.heard.push((ballot, NodeSet::EMPTY));
            self.heard.len() - 1
        });
        let (_, nodes) = &mut self.heard[at];
        nodes.insert(from);
        nodes.insert(ballot.node);
        if nodes.len() < self.quorum {
            return None;
        }
        self.led = Some(now);
        if now.since(since) > self.bounds.leader {
            return Some(self.late(now));
        }
        self.reached(now)
    }

    /// A client's command became chosen.
    pub(super) fn chosen(&mut self, now: TrueTime) -> Option<Failure> {
        if self.since.is_none() || self.chosen.is_some() {
            return None;
        }
        self.chosen = Some(now);
        self.reached(now)
    }

    /// A client got an answer to a call that it made at `asked`.
    pub(super) fn answered(
        &mut self,
        now: TrueTime,
        client: u32,
        asked: TrueTime,
    ) -> Option<Failure> {
        if self.since.is_none_or(|since| asked < since) {
            return None;
        }
        let answered = self.answered.get_mut(client as usize)?;
        if std::mem::replace(answered, true) {
            return None;
        }
        self.unanswered = self.unanswered.saturating_sub(1);
        if self.unanswered > 0 {
            return None;
        }
        self.all_answered = Some(now);
        self.reached(now)
    }

    pub(super) fn settled(&self) -> bool {
        self.excused || self.met().is_some()
    }

    pub(super) fn finish(&mut self, now: TrueTime) -> Option<Failure> {
        self.since?;
        if self.settled() { None } else { Some(self.late(now)) }
    }

    /// When the last of the three happened.
    fn met(&self) -> Option<TrueTime> {
        Some(self.led?.max(self.chosen?).max(self.all_answered?))
    }

    fn reached(&mut self, now: TrueTime) -> Option<Failure> {
        let since = self.since?;
        let took = self.met()?.since(since);
        self.tally.took = Some(took);
        if took <= self.bounds.leader + self.bounds.patience { None } else { Some(self.late(now)) }
    }

    fn late(&mut self, now: TrueTime) -> Failure {
        self.tally.violated += 1;
        let since = self.since.unwrap_or(now);
        let all = self.bounds.leader + self.bounds.patience;
        let steps = [
            (self.led, self.bounds.leader, "a majority heard one leader"),
            (self.chosen, all, "a client's command was chosen"),
            (self.all_answered, all, "every client was answered"),
        ];
        let missed = steps
            .iter()
            .find(|(when, bound, _)| when.is_none_or(|when| when.since(since) > *bound));
        let (when, bound, step) = missed.unwrap_or(&steps[2]);
        let what = match when {
            Some(when) => {
                format!("{step} {} after the faults; the bound is {bound}", when.since(since))
            }
            None => format!(
                "{} after the faults it is not true that {step}; the bound is {bound}",
                now.since(since)
            ),
        };
        let mut failure = Failure::new(&V1, what);
        for (when, _, step) in steps {
            if let Some(when) = when {
                let what = format!("{step}, {} after the faults", when.since(since));
                failure.evidence.push(crate::outcome::Evidence { at_ns: when.0, node: None, what });
            }
        }
        failure
    }
}
