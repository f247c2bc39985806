//! L5: no ballot is asked for twice.
//!
//! Replies name nothing but the ballot that they are for. Were one asked for twice, what was answered to the first
//! question would count for the second: for a lease that is counted from later on, and that those who answered may
//! have forgotten, or granted to somebody else since. All of it is seen on the wire.

use super::properties::L5;
use crate::check::{Branching, Check, Failure, Report, Tally, View};
use crate::clock::TrueTime;
use crate::seen::{Kind, Kinds, Seen};
use interregnum_core::paxos_lease::{Ballot, Message};
use interregnum_core::{Fold, Folder, Machine, NodeId, NodeSet};

/// What a node asked for last.
#[derive(Clone, Copy, Debug, Default)]
struct Asked {
    last: Option<Ballot>,
    /// Whom, up to now.
    whom: NodeSet,
    since: TrueTime,
    /// Whether it has fallen since.
    fell: bool,
}

/// What happened when is remembered for the evidence, and makes no difference. Of what a former life asked for only
/// the start matters.
impl Fold for Asked {
    fn fold(&self, into: &mut Folder) {
        let Self { last, whom, since: _, fell } = self;
        match (last, fell) {
            (Some(last), true) => (true, last.restart).fold(into),
            (last, _) => (false, *last, *whom).fold(into),
        }
    }
}

impl Asked {
    /// Whether `node` may ask `to` for `ballot`: it goes on with its question, or asks for what it never asked for.
    fn allows(&self, node: NodeId, to: NodeId, ballot: Ballot) -> bool {
        let is_new = match self.last {
            None => true,
            Some(last) if self.fell => ballot.restart > last.restart,
            Some(last) => ballot > last || (ballot == last && !self.whom.contains(to)),
        };
        is_new && ballot.node == node
    }

    fn asks(&mut self, now: TrueTime, to: NodeId, ballot: Ballot) {
        if self.fell || self.last != Some(ballot) {
            *self = Self { last: Some(ballot), since: now, ..Self::default() };
        }
        self.whom.insert(to);
    }
}

/// Judges what is asked for.
#[derive(Clone, Debug)]
pub(super) struct Ballots {
    tally: Tally,
    nodes: Vec<Asked>,
}

impl Ballots {
    pub(super) fn new(members: u8) -> Self {
        Self { tally: Tally::new(&L5), nodes: vec![Asked::default(); usize::from(members)] }
    }

    fn asks(&mut self, now: TrueTime, from: NodeId, to: NodeId, ballot: Ballot) -> Option<Failure> {
        let asked = self.nodes.get_mut(from.index())?;
        let before = *asked;
        asked.asks(now, to, ballot);
        match before.last.is_some_and(|last| before.fell || last != ballot) {
            true => self.tally.exercised(now),
            false => self.tally.checked(),
        }
        if before.allows(from, to, ballot) {
            return None;
        }
        self.tally.violated += 1;
        let why = match ballot.node == from {
            true => "which it may have asked in before",
            false => "which is not its own",
        };
        let what = format!("{from} asks in {ballot}, {why}");
        let mut failure = Failure::new(&L5, what);
        if let Some(last) = before.last {
            failure = failure.because(before.since, from, format!("asks in {last}"));
        }
        let anew = if before.fell { "starts anew, and asks" } else { "asks" };
        Some(failure.because(now, from, format!("{anew} in {ballot}")))
    }
}

impl<M: Machine<Message = Message>> Check<M> for Ballots {
    fn branching(self: Box<Self>) -> Option<Box<dyn Branching<M>>> {
        Some(self)
    }

    fn interest(&self) -> Kinds {
        Kinds::of(&[Kind::Sent, Kind::Crashed, Kind::Halted])
    }

    fn observe(&mut self, seen: &Seen<'_, M>, view: View<'_, M>, report: &mut Report) {
        match *seen {
            Seen::Sent { from, to, message: Message::Prepare { ballot }, .. } => {
                if let Some(failure) = self.asks(view.now(), from.node, to.node, *ballot) {
                    report.fail(failure);
                }
            }
            Seen::Crashed { process, .. } | Seen::Halted { process, .. } => {
                if let Some(asked) = self.nodes.get_mut(process.node.index()) {
                    asked.fell = true;
                }
            }
            _ => {}
        }
    }

    fn tallies(&self) -> Vec<Tally> {
        vec![self.tally.clone()]
    }
}

impl<M: Machine<Message = Message>> Branching<M> for Ballots {
    fn branch(&self) -> Box<dyn Branching<M>> {
        Box::new(self.clone())
    }

    fn fold(&self, _: View<'_, M>, into: &mut Folder) {
        self.nodes.iter().for_each(|asked| asked.fold(into));
    }
}
