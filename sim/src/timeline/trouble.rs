//! What faults do to messages on links that are not cut.

use crate::clock::TrueTime;
use crate::cluster::{Cargo, Endpoint, Fate};
use crate::dice::{DelayLaw, Dice, within};
use crate::scenario::{Links, Ratio};
use crate::seen::DropCause;
use interregnum_core::{Machine, NodeId, NodeSet, Span};

/// Something that a fault does to messages while it lasts.
#[derive(Debug)]
pub(crate) struct Disturbance {
    pub(crate) fault: u32,
    pub(crate) whom: Whom,
    pub(crate) what: Trouble,
    pub(crate) dice: Dice,
}

/// Which messages a disturbance strikes.
#[derive(Clone, Debug)]
pub(crate) struct Whom {
    /// Those to or from these nodes,
    pub(crate) nodes: NodeSet,
    /// from or to these at the other end,
    pub(crate) peer: Option<NodeSet>,
    /// of this class,
    pub(crate) class: Option<String>,
    /// on these links.
    pub(crate) links: Option<Links>,
}

/// What a disturbance does.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Trouble {
    Loss(Ratio),
    Duplication(Ratio),
    Delay(DelayLaw),
    Hold(Ratio, DelayLaw),
    /// What is sent now arrives then.
    Clog(TrueTime),
    /// Everything takes so many times as long, until then: what is left is done at the usual speed.
    Slow(u16, TrueTime),
}

impl Whom {
    /// Whether it strikes this.
    pub(super) fn contains<M: Machine>(
        &self,
        from: Endpoint,
        to: Endpoint,
        cargo: Cargo<'_, M>,
        class_of: fn(&M::Message) -> &'static str,
    ) -> bool {
        let at = |end: Endpoint, set: NodeSet| end.node.is_some_and(|node| set.contains(node));
        let ends = match self.peer {
            None => at(from, self.nodes) || at(to, self.nodes),
            Some(peer) => {
                (at(from, self.nodes) && at(to, peer)) || (at(to, self.nodes) && at(from, peer))
            }
        };
        let links = match cargo {
            Cargo::Message(_) => Links::Nodes,
            Cargo::Call | Cargo::Reply => Links::Clients,
            Cargo::Disk => Links::Disks,
        };
        ends && self.links.is_none_or(|only| only == links)
            && self.class.as_ref().is_none_or(
                |only| matches!(cargo, Cargo::Message(message) if class_of(message) == only),
            )
    }
}

impl Disturbance {
    /// Does it to one message, which alone would take so long; true if that makes a difference. What
    /// may arrive twice comes with the law of its second delay.
    pub(super) fn strike(
        &mut self,
        fate: &mut Fate,
        alone: Span,
        now: TrueTime,
        repeats: Option<&DelayLaw>,
    ) -> bool {
        // One word a message and trouble, whatever became of the message before.
        let word = self.dice.word();
        let Fate::Arrives { after, again } = fate else { return false };
        let before = (*after, *again);
        match self.what {
            Trouble::Loss(ratio) => {
                let lost = within(word >> 32, ratio);
                if lost {
                    *fate = Fate::Lost(DropCause::Fault);
                }
                return lost;
            }
            Trouble::Duplication(ratio) => {
                if let Some(law) = repeats
                    && again.is_none()
                    && within(word >> 32, ratio)
                {
                    *again = Some(*after + law.draw(word << 32));
                }
            }
            Trouble::Delay(law) => *after = *after + law.draw(word),
            Trouble::Hold(ratio, law) => {
                if within(word >> 32, ratio) {
                    *after = *after + law.draw(word << 32);
                }
            }
            Trouble::Clog(until) => {
                let opens = until.since(now);
                *after = opens.max(*after);
                *again = again.map(|again| opens.max(again));
            }
            Trouble::Slow(times, until) => {
                // Two slow ends are no slower than the slower one.
                *after = slowed(alone, times, until.since(now)).max(*after);
            }
        }
        (*after, *again) != before
    }

    /// How long a node's disk takes, if this concerns it.
    pub(super) fn slowed(&self, node: NodeId, takes: Span, now: TrueTime) -> Span {
        match self.what {
            Trouble::Slow(times, until) if self.whom.nodes.contains(node) => {
                slowed(takes, times, until.since(now))
            }
            _ => takes,
        }
    }
}

/// How long something takes that is slowed down for the time that is left.
fn slowed(takes: Span, times: u16, left: Span) -> Span {
    takes.times(u64::from(times)).min(left + takes)
}
