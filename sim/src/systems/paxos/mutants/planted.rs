//! Rules that deviate from the sound ones in one place.

use super::{Bug, MUTANTS, rows};
use crate::planted;
use crate::subject::Mutant;
use interregnum_core::consensus::LogSlot;
use interregnum_core::paxos::{
    AcceptorRules, Ballot, Damage, LearnerRules, Lease, Progress, ProposerRules, ReaderRules,
    Rules, SnapshotStage, Sound, Tally,
};
use interregnum_core::{LocalTime, NodeId, Span};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// The rules of one run, sound or not.
pub trait Variant: Rules {
    /// The rules to run `mutant` with.
    fn of(mutant: Option<&Mutant>) -> Self;

    /// How often they differed from the sound rules, where that is counted.
    fn deviations(&self) -> Option<Arc<AtomicU64>>;
}

impl Variant for Sound {
    fn of(_: Option<&Mutant>) -> Self {
        Self
    }

    fn deviations(&self) -> Option<Arc<AtomicU64>> {
        None
    }
}

/// Rules with one bug, or none.
pub type Planted = planted::Planted<Bug>;

impl Variant for Planted {
    fn of(mutant: Option<&Mutant>) -> Self {
        let named = |(known, _): &(&Mutant, Bug)| mutant.is_some_and(|m| m.id == known.id);
        Self::new(MUTANTS.iter().zip(rows::BUGS).find(named).map(|(_, bug)| bug))
    }

    fn deviations(&self) -> Option<Arc<AtomicU64>> {
        Some(self.counter())
    }
}

impl Planted {
    /// Whether `ballot` may follow `promised`: where ballots tie, only rounds are compared.
    fn in_order(&self, sound: bool, promised: Ballot, ballot: Ballot) -> bool {
        self.answer(Bug::BallotsTie, sound, || ballot.round >= promised.round)
    }
}

impl Rules for Planted {}

impl AcceptorRules for Planted {
    fn may_promise(&self, promised: Ballot, ballot: Ballot) -> bool {
        self.in_order(Sound.may_promise(promised, ballot), promised, ballot)
    }

    fn may_accept(&self, promised: Ballot, ballot: Ballot) -> bool {
        let sound = Sound.may_accept(promised, ballot);
        let sound = self.in_order(sound, promised, ballot);
        self.answer(Bug::AcceptIgnoresPromise, sound, || true)
    }

    fn may_displace(&self, chosen: bool, same_entry: bool) -> bool {
        self.answer(Bug::DisplacesChosen, Sound.may_displace(chosen, same_entry), || true)
    }

    fn promised_by_accepting(&self, promised: Ballot, ballot: Ballot) -> Ballot {
        let sound = Sound.promised_by_accepting(promised, ballot);
        self.answer(Bug::AcceptIsNoPromise, sound, || promised)
    }

    fn may_reveal_promise(&self, durable_copies: u8) -> bool {
        let sound = Sound.may_reveal_promise(durable_copies);
        let half = self.answer(Bug::PromiseHalfDurable, sound, || durable_copies >= 1);
        self.answer(Bug::PromiseNotDurable, half, || true)
    }

    fn tells_faulty_slots(&self) -> bool {
        self.answer(Bug::DamageReadAsEmpty, Sound.tells_faulty_slots(), || false)
    }

    fn may_vote_after(&self, damage: Damage) -> bool {
        let sound = Sound.may_vote_after(damage);
        self.answer(Bug::BlankVotes, sound, || damage == Damage::Format)
    }

    fn makes_up_for_failed_sync(&self) -> bool {
        self.answer(Bug::FailedSyncForgiven, Sound.makes_up_for_failed_sync(), || true)
    }

    fn may_reveal_acceptance(&self, durable: bool) -> bool {
        self.answer(Bug::AcceptedNotDurable, Sound.may_reveal_acceptance(durable), || true)
    }

    fn log_start_told(&self, log_start: LogSlot) -> LogSlot {
        let sound = Sound.log_start_told(log_start);
        self.answer(Bug::CompactedIsEmpty, sound, || LogSlot::FIRST)
    }

    fn may_grant(&self, promised: Ballot, ballot: Ballot) -> bool {
        let sound = self.in_order(Sound.may_grant(promised, ballot), promised, ballot);
        self.answer(Bug::GrantsBelowPromise, sound, || true)
    }

    fn is_released(&self, granted: (Ballot, u64), released: (Ballot, u64)) -> bool {
        let sound = Sound.is_released(granted, released);
        self.answer(Bug::ReleaseByOwner, sound, || granted.0.node == released.0.node)
    }

    fn silence_after_restart(&self, lease: &Lease) -> Span {
        self.answer(Bug::NoSilence, Sound.silence_after_restart(lease), || Span::ZERO)
    }

    fn may_truncate(&self, stage: SnapshotStage) -> bool {
        self.answer(Bug::TruncatesEarly, Sound.may_truncate(stage), || true)
    }
}

impl ProposerRules for Planted {
    fn may_propose_after(&self, damage: Damage) -> bool {
        let sound = Sound.may_propose_after(damage);
        self.answer(Bug::AmnesiacProposes, sound, || damage == Damage::Promise)
    }

    fn counts_faulty(&self) -> bool {
        self.answer(Bug::FaultyCountsAsEmpty, Sound.counts_faulty(), || true)
    }

    fn may_use_ballot(&self, durable_copies: u8) -> bool {
        self.answer(Bug::BallotNotDurable, Sound.may_use_ballot(durable_copies), || true)
    }

    fn counts_for(&self, ballot: Ballot, reply: Ballot) -> bool {
        self.answer(Bug::LateReplies, Sound.counts_for(ballot, reply), || reply <= ballot)
    }

    fn ballot_after_refusal(&self, ballot: Ballot, promised: Ballot) -> Ballot {
        let sound = Sound.ballot_after_refusal(ballot, promised);
        self.answer(Bug::RaisesBallot, sound, || Ballot { round: promised.round + 1, ..ballot })
    }

    fn is_quorum(&self, tally: Tally, members: u8) -> bool {
        let sound = Sound.is_quorum(tally, members);
        let sound = self.answer(Bug::MinorityQuorum, sound, || {
            (tally.voters.len() + 1) * 2 > u32::from(members)
        });
        self.answer(Bug::VotesByMessage, sound, || tally.replies * 2 > u32::from(members))
    }

    fn heeds_report_of(&self, me: NodeId, reporter: NodeId) -> bool {
        let sound = Sound.heeds_report_of(me, reporter);
        self.answer(Bug::IgnoresReportedValue, sound, || me == reporter)
    }

    fn supersedes(&self, best: Ballot, reported: Ballot) -> bool {
        let sound = Sound.supersedes(best, reported);
        self.answer(Bug::ValuePickLowest, sound, || reported < best)
    }

    fn may_lead_on(&self, own_entry: bool) -> bool {
        self.answer(Bug::LeadsOnOvertaken, Sound.may_lead_on(own_entry), || true)
    }

    fn may_stay_elected(&self, by_majority: bool) -> bool {
        self.answer(Bug::NeverAbdicates, Sound.may_stay_elected(by_majority), || true)
    }

    fn abdicates(&self, silent_rounds: u32, limit: u32) -> bool {
        self.answer(Bug::NeverAbdicates, Sound.abdicates(silent_rounds, limit), || false)
    }

    fn may_take_over(&self, happy: bool, any_replier_happy: bool, quorum_connected: bool) -> bool {
        let sound = Sound.may_take_over(happy, any_replier_happy, quorum_connected);
        self.answer(Bug::Duels, sound, || quorum_connected)
    }
}

impl LearnerRules for Planted {
    fn counts_vote(&self, ballot: Ballot, vote: Ballot) -> bool {
        self.answer(Bug::VotesAcrossBallots, Sound.counts_vote(ballot, vote), || true)
    }

    fn counts_report(&self, ballot: Ballot, reported: Ballot) -> bool {
        self.answer(Bug::VotesAcrossBallots, Sound.counts_report(ballot, reported), || true)
    }

    fn may_apply(&self, applied: LogSlot, slot: LogSlot) -> bool {
        self.answer(Bug::AppliesOverGaps, Sound.may_apply(applied, slot), || slot > applied)
    }

    fn may_install(&self, applied: LogSlot, snapshot: LogSlot) -> bool {
        self.answer(Bug::InstallsOlder, Sound.may_install(applied, snapshot), || true)
    }

    fn installs_sessions(&self) -> bool {
        self.answer(Bug::SessionsLeftOut, Sound.installs_sessions(), || false)
    }

    fn may_acknowledge(&self, progress: Progress) -> bool {
        let sound = Sound.may_acknowledge(progress);
        self.answer(Bug::AcknowledgesEarly, sound, || sound || progress == Progress::Proposed)
    }
}

impl ReaderRules for Planted {
    fn has_recovered(&self, applied: LogSlot, top: LogSlot) -> bool {
        self.answer(Bug::ReadsBeforeRecovery, Sound.has_recovered(applied, top), || true)
    }

    fn next_heartbeat(&self, last: u64) -> u64 {
        self.answer(Bug::HeartbeatAgain, Sound.next_heartbeat(last), || last.max(1))
    }

    fn counts_grant(&self, heartbeat: u64, granted: u64) -> bool {
        let sound = Sound.counts_grant(heartbeat, granted);
        self.answer(Bug::GrantsWithoutNumber, sound, || true)
    }

    fn may_hold(&self, grants: Tally, members: u8) -> bool {
        self.answer(Bug::LeaseBeforeMajority, Sound.may_hold(grants, members), || true)
    }

    fn lease_begins(&self, sent: LocalTime, granted: LocalTime) -> LocalTime {
        self.answer(Bug::LeaseFromReceipt, Sound.lease_begins(sent, granted), || granted)
    }

    fn lease_usable(&self, lease: &Lease) -> Span {
        let sound = Sound.lease_usable(lease);
        let sound = self.answer(Bug::LeaseRoundedUp, sound, || {
            let tick = lease.grant.as_nanos().div_ceil(10).max(1);
            Span::nanos(sound.as_nanos().next_multiple_of(tick))
        });
        self.answer(Bug::LeaseWithoutMargin, sound, || lease.grant)
    }

    fn is_lease_live(&self, now: LocalTime, until: LocalTime) -> bool {
        let sound = Sound.is_lease_live(now, until);
        let sound = self.answer(Bug::ReadsAfterLease, sound, || true);
        self.answer(Bug::LeaseWraps, sound, || until.0.wrapping_sub(now.0) != 0)
    }
}
