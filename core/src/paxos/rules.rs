//! The predicates that decide safety, one trait per role, each with its sound body.
//!
//! The machine asks its rules wherever the paper argues; a wrong answer at any of them breaks an
//! invariant that a checker watches. Tests replace single predicates to prove that the checkers bite.
//! Deliberately absent: anything that only liveness or speed depends on, except the two predicates of the
//! election, whose repair is what makes leaders stable under partial connectivity.

use super::config::Lease;
use super::fact::Damage;
use super::message::Ballot;
use crate::consensus::LogSlot;
use crate::{Fold, LocalTime, NodeId, NodeSet, Span};
use core::fmt::Debug;
use core::hash::Hash;

/// The sound rules.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub struct Sound;

impl AcceptorRules for Sound {}
impl ProposerRules for Sound {}
impl LearnerRules for Sound {}
impl ReaderRules for Sound {}
impl Rules for Sound {}

/// The rules of every role.
pub trait Rules:
    AcceptorRules + ProposerRules + LearnerRules + ReaderRules + Clone + Debug + Eq + Hash + 'static
{
}

/// The replies to one question.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub struct Tally {
    /// The distinct nodes that replied.
    pub voters: NodeSet,
    /// How many replies came, repetitions included; it must decide nothing.
    pub replies: u32,
}

impl Tally {
    /// Counts a reply; true if its sender had not replied before.
    pub const fn add(&mut self, from: NodeId) -> bool {
        self.replies = self.replies.saturating_add(1);
        self.voters.insert(from)
    }
}

/// How far a snapshot has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub enum SnapshotStage {
    /// Written; a power failure may lose it.
    Written,
    /// Durable, but the pointer still names the snapshot before.
    Durable,
    /// Durable and pointed to.
    Pointed,
}

/// How far a client's request has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub enum Progress {
    /// The leader sent it out.
    Proposed,
    /// The leader's own acceptance is durable.
    AcceptedHere,
    /// It is chosen and applied, in the ballot this node leads.
    AppliedInOwnBallot,
    /// It was applied before (a repeated request), in whatever ballot.
    AppliedBefore {
        /// Whether lease reads may happen anywhere in the cluster.
        leases: bool,
        /// Whether this node holds the lease and has recovered its epoch, so that it is the one
        /// who may answer reads.
        reader: bool,
    },
}

/// What an acceptor may do.
pub trait AcceptorRules: Send + Sync {
    /// Phase 1: whether a promise for `ballot` may be given after one for `promised`.
    fn may_promise(&self, promised: Ballot, ballot: Ballot) -> bool {
        ballot >= promised
    }

    /// Phase 2: whether an entry may be accepted in `ballot` after promising `promised`.
    fn may_accept(&self, promised: Ballot, ballot: Ballot) -> bool {
        ballot >= promised
    }

    /// Whether an entry may take the place of what the slot holds, which may be known to be chosen: a late
    /// accept of a ballot that lost must not displace that, even where nothing higher was promised.
    fn may_displace(&self, chosen: bool, same_entry: bool) -> bool {
        !chosen || same_entry
    }

    /// What the acceptor has promised once it accepts in `ballot`: an acceptance is a promise, too.
    fn promised_by_accepting(&self, promised: Ballot, ballot: Ballot) -> Ballot {
        promised.max(ballot)
    }

    /// Whether a reply may reveal a promise of which so many of the two copies are durable.
    fn may_reveal_promise(&self, durable_copies: u8) -> bool {
        durable_copies == 2
    }

    /// Whether a reply may reveal an acceptance.
    fn may_reveal_acceptance(&self, durable: bool) -> bool {
        durable
    }

    /// Where the acceptor says its log starts: below, everything is chosen, never empty.
    fn log_start_told(&self, log_start: LogSlot) -> LogSlot {
        log_start
    }

    /// Whether a promise tells which entries were lost, so that it does not count for their slots.
    fn tells_faulty_slots(&self) -> bool {
        true
    }

    /// Whether a node may vote and propose whose disk lost its format, its promise or its snapshot.
    fn may_vote_after(&self, damage: Damage) -> bool {
        let _ = damage;
        false
    }

    /// Whether a sync that completes makes up for an earlier one that failed.
    fn makes_up_for_failed_sync(&self) -> bool {
        false
    }

    /// Whether the leader of `ballot` may be granted a lease after promising `promised`.
    fn may_grant(&self, promised: Ballot, ballot: Ballot) -> bool {
        ballot >= promised
    }

    /// Whether a live grant to `holder` forbids a promise to `candidate`, which may be this node itself.
    fn grant_forbids(&self, holder: NodeId, candidate: NodeId) -> bool {
        holder != candidate
    }

    /// Whether the end of one heartbeat's grant, named by its ballot and number, ends the live one: a late
    /// release must not end what the same owner was granted since.
    fn is_released(&self, granted: (Ballot, u64), released: (Ballot, u64)) -> bool {
        released == granted
    }

    /// How long after a restart the acceptor gives no promise, for it forgot what it granted.
    fn silence_after_restart(&self, lease: &Lease) -> Span {
        lease.grant
    }

    /// Whether the log may be cut up to a snapshot that has come this far.
    fn may_truncate(&self, stage: SnapshotStage) -> bool {
        stage == SnapshotStage::Pointed
    }
}

/// What a proposer may do.
pub trait ProposerRules {
    /// Whether a ballot may be used of which the own promise has so many durable copies: a ballot that a
    /// crash makes forgotten would be used twice.
    fn may_use_ballot(&self, durable_copies: u8) -> bool {
        durable_copies == 2
    }

    /// Whether a node may propose, be it without a vote, whose disk lost its format, its promise or its
    /// snapshot: it forgot which ballots it used.
    fn may_propose_after(&self, damage: Damage) -> bool {
        let _ = damage;
        false
    }

    /// Whether a promise or refusal for `reply` counts for the proposer of `ballot`.
    fn counts_for(&self, ballot: Ballot, reply: Ballot) -> bool {
        reply == ballot
    }

    /// The ballot in which a proposer goes on after an acceptor refused it for `promised`: the promises it
    /// has were given to this one, and another one would need its own.
    fn ballot_after_refusal(&self, ballot: Ballot, promised: Ballot) -> Ballot {
        let _ = promised;
        ballot
    }

    /// Whether the replies come from a majority of the configured nodes.
    fn is_quorum(&self, tally: Tally, members: u8) -> bool {
        tally.voters.len() * 2 > u32::from(members)
    }

    /// Whether what `reporter` holds is heeded by the proposer `me`.
    fn heeds_report_of(&self, me: NodeId, reporter: NodeId) -> bool {
        let _ = (me, reporter);
        true
    }

    /// Whether an entry reported as accepted in `reported` takes the place of one from `best`.
    fn supersedes(&self, best: Ballot, reported: Ballot) -> bool {
        reported > best
    }

    /// Whether a promise that tells the slot faulty counts for that slot.
    fn counts_faulty(&self) -> bool {
        false
    }

    /// Whether a leader goes on in its ballot once others told it what is chosen in a slot for which it
    /// proposed: if that may be another entry, a higher ballot chose it, and whoever accepted the leader's
    /// own one would take its word that the slot is chosen for that.
    fn may_lead_on(&self, own_entry: bool) -> bool {
        own_entry
    }

    /// Election: whether a node may take over. Only a quorum-connected one may, and only if nobody it
    /// hears is content.
    fn may_take_over(&self, happy: bool, any_replier_happy: bool, quorum_connected: bool) -> bool {
        !happy && !any_replier_happy && quorum_connected
    }

    /// Election: whether an elected node remains content, by whether a majority that it reaches knows of
    /// nobody later.
    fn may_stay_elected(&self, by_majority: bool) -> bool {
        by_majority
    }

    /// Election: whether a leader that no majority answered for so many rounds gives up its ballot.
    fn abdicates(&self, silent_rounds: u32, limit: u32) -> bool {
        silent_rounds >= limit
    }
}

/// What a learner may conclude.
pub trait LearnerRules {
    /// Whether an acceptance in `vote` counts towards the entry being chosen in `ballot`.
    fn counts_vote(&self, ballot: Ballot, vote: Ballot) -> bool {
        vote == ballot
    }

    /// Whether an equal entry that phase 1 found accepted in `reported` is already a vote in `ballot`.
    fn counts_report(&self, ballot: Ballot, reported: Ballot) -> bool {
        reported == ballot
    }

    /// Whether the entry this node accepted in `accepted` is the one that the leader of `ballot` says
    /// was chosen: only one ballot's entry is known to be the same.
    fn is_covered(&self, accepted: Ballot, ballot: Ballot) -> bool {
        accepted == ballot
    }

    /// Whether `slot` may be applied after `applied`: there are no gaps.
    fn may_apply(&self, applied: LogSlot, slot: LogSlot) -> bool {
        slot == applied.next()
    }

    /// Whether a snapshot up to `snapshot` may replace a state up to `applied`.
    fn may_install(&self, applied: LogSlot, snapshot: LogSlot) -> bool {
        snapshot > applied
    }

    /// Whether the sessions are part of the state a snapshot replaces.
    fn installs_sessions(&self) -> bool {
        true
    }

    /// Whether a client may be told that its request took effect.
    fn may_acknowledge(&self, progress: Progress) -> bool {
        match progress {
            Progress::Proposed | Progress::AcceptedHere => false,
            Progress::AppliedInOwnBallot => true,
            Progress::AppliedBefore { leases, reader } => !leases || reader,
        }
    }
}

/// What a leader may read from its own state.
pub trait ReaderRules {
    /// Whether the leader has applied everything that its phase 1 found up to `top`.
    fn has_recovered(&self, applied: LogSlot, top: LogSlot) -> bool {
        applied >= top
    }

    /// The number of the next heartbeat: each sending has its own, so that a grant tells when it was asked
    /// for.
    fn next_heartbeat(&self, last: u64) -> u64 {
        last.saturating_add(1)
    }

    /// Whether a grant of heartbeat `granted` counts for `heartbeat`.
    fn counts_grant(&self, heartbeat: u64, granted: u64) -> bool {
        granted == heartbeat
    }

    /// Whether the grants of one heartbeat make a lease: a majority of the configured nodes must exclude
    /// all others.
    fn may_hold(&self, grants: Tally, members: u8) -> bool {
        grants.voters.len() * 2 > u32::from(members)
    }

    /// When a lease begins whose request was sent at `sent` and granted by a majority at `granted`, on
    /// the holder's clock.
    fn lease_begins(&self, sent: LocalTime, granted: LocalTime) -> LocalTime {
        let _ = granted;
        sent
    }

    /// For how long the holder acts on a lease.
    fn lease_usable(&self, lease: &Lease) -> Span {
        lease.usable()
    }

    /// Whether a lease may still be acted on, the clock read after what is to be answered.
    fn is_lease_live(&self, now: LocalTime, until: LocalTime) -> bool {
        now < until
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Ppm;

    const fn ballot(round: u64, node: u8) -> Ballot {
        Ballot { round, node: NodeId(node) }
    }

    #[test]
    fn ballots_are_ordered_by_round_and_then_by_node() {
        for (promised, asked, allowed) in [
            (Ballot::NONE, ballot(1, 0), true),
            (ballot(2, 1), ballot(2, 1), true),
            (ballot(2, 1), ballot(2, 0), false),
            (ballot(2, 1), ballot(2, 2), true),
            (ballot(2, 1), ballot(1, 9), false),
        ] {
            assert_eq!(Sound.may_promise(promised, asked), allowed);
            assert_eq!(Sound.may_accept(promised, asked), allowed);
            assert_eq!(Sound.may_grant(promised, asked), allowed);
            assert_eq!(Sound.promised_by_accepting(promised, asked), promised.max(asked));
        }
    }

    #[test]
    fn a_quorum_is_a_majority_of_distinct_configured_nodes() {
        for (voters, members, quorum) in
            [(1, 1, true), (1, 2, false), (2, 3, true), (2, 4, false), (65, 128, true)]
        {
            let tally = Tally { voters: NodeSet::first(voters), replies: 1_000 };
            assert_eq!(Sound.is_quorum(tally, members), quorum, "{voters} of {members}");
        }
        let mut tally = Tally::default();
        assert!(tally.add(NodeId(1)) && !tally.add(NodeId(1)));
        assert!(!Sound.is_quorum(tally, 3), "one node twice is one node");
    }

    #[test]
    fn any_two_quorums_of_up_to_seven_nodes_share_a_node() {
        for members in 1..=7_u8 {
            let set = |bits: u32| NodeId::first(members).filter(|n| bits >> n.0 & 1 == 1).collect();
            let quorum = |voters| Sound.is_quorum(Tally { voters, replies: 0 }, members);
            let sets: alloc::vec::Vec<NodeSet> =
                (0..1_u32 << members).map(set).filter(|set| quorum(*set)).collect();
            for a in &sets {
                assert!(sets.iter().all(|b| !a.intersection(*b).is_empty()));
            }
        }
    }

    #[test]
    fn nothing_is_revealed_or_acknowledged_early() {
        assert_eq!([0, 1, 2].map(|copies| Sound.may_reveal_promise(copies)), [false, false, true]);
        assert_eq!([0, 1, 2].map(|copies| Sound.may_use_ballot(copies)), [false, false, true]);
        assert!(!Sound.may_acknowledge(Progress::Proposed));
        assert!(!Sound.may_acknowledge(Progress::AcceptedHere));
        for (leases, reader, allowed) in
            [(false, false, true), (true, false, false), (true, true, true)]
        {
            let progress = Progress::AppliedBefore { leases, reader };
            assert_eq!(Sound.may_acknowledge(progress), allowed);
        }
        use SnapshotStage::{Durable, Pointed, Written};
        assert_eq!(
            [Written, Durable, Pointed].map(|s| Sound.may_truncate(s)),
            [false, false, true]
        );
    }

    #[test]
    fn a_lease_is_usable_for_less_than_it_was_granted() {
        let lease = Lease { grant: Span::millis(1_000), guard: Span::millis(5), rate: Ppm(1_000) };
        let usable = Sound.lease_usable(&lease);
        assert!(usable < Span::millis(995) && usable > Span::millis(990), "{usable}");
        let (sent, granted) = (LocalTime(5), LocalTime(9));
        assert_eq!(Sound.lease_begins(sent, granted), sent);
        assert!(Sound.is_lease_live(LocalTime(8), LocalTime(9)));
        assert!(!Sound.is_lease_live(LocalTime(9), LocalTime(9)));
    }
}
