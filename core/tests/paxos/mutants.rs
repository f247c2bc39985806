//! Rules broken one at a time: random schedules must expose each of them as a violation, not as a stall.

use crate::random::campaign;
use interregnum_core::NodeId;
use interregnum_core::consensus::LogSlot;
use interregnum_core::paxos::{
    AcceptorRules, Ballot, LearnerRules, Progress, ProposerRules, ReaderRules, Rules,
    SnapshotStage, Tally,
};

/// Rules that are sound but for one predicate, and a test that the oracle sees it.
macro_rules! broken {
    ($name:ident, $test:ident, leases: $leases:expr, $($role:ident { $($body:tt)* })*) => {
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        struct $name;
        broken!(@roles $name; [$($role { $($body)* })*]);
        impl Rules for $name {}
        #[test]
        fn $test() {
            let violation = campaign(&$name, 6_000, 1_200, $leases).violation;
            let violation = violation.expect("a broken rule must be caught");
            // A stall would be no proof that the broken rule was seen.
            assert!(!violation.contains("rounds"), "{violation}");
        }
    };
    (@roles $name:ident; [$($role:ident { $($body:tt)* })*]) => {
        $(impl $role for $name { $($body)* })*
    };
}

broken!(AcceptanceNotFlushed, an_acceptance_told_before_it_is_durable_is_caught, leases: false,
    AcceptorRules { fn may_reveal_acceptance(&self, _: bool) -> bool { true } }
    ProposerRules {} LearnerRules {} ReaderRules {});
broken!(AcceptsAnything, accepting_below_the_promise_is_caught, leases: false,
    AcceptorRules { fn may_accept(&self, _: Ballot, _: Ballot) -> bool { true } }
    ProposerRules {} LearnerRules {} ReaderRules {});
broken!(PicksFirst, proposing_the_first_report_is_caught, leases: false,
    AcceptorRules {}
    ProposerRules { fn supersedes(&self, best: Ballot, reported: Ballot) -> bool { reported < best } }
    LearnerRules {} ReaderRules {});
broken!(OwnLogOnly, looking_only_at_the_own_log_is_caught, leases: false,
    AcceptorRules {}
    ProposerRules { fn heeds_report_of(&self, me: NodeId, reporter: NodeId) -> bool { me == reporter } }
    LearnerRules {} ReaderRules {});
broken!(CountsMessages, counting_messages_instead_of_nodes_is_caught, leases: false,
    AcceptorRules {}
    ProposerRules {
        fn is_quorum(&self, tally: Tally, members: u8) -> bool {
            tally.replies * 2 > u32::from(members)
        }
    }
    LearnerRules {} ReaderRules {});
broken!(CutsEarly, cutting_the_log_before_the_snapshot_is_durable_is_caught, leases: false,
    AcceptorRules { fn may_truncate(&self, stage: SnapshotStage) -> bool { stage == SnapshotStage::Written } }
    ProposerRules {} LearnerRules {} ReaderRules {});
broken!(SkipsGaps, applying_over_a_gap_is_caught, leases: false,
    AcceptorRules {} ProposerRules {}
    LearnerRules { fn may_apply(&self, applied: LogSlot, slot: LogSlot) -> bool { slot > applied } }
    ReaderRules {});
broken!(ForgetsSessions, a_snapshot_without_its_sessions_is_caught, leases: false,
    AcceptorRules {} ProposerRules {}
    LearnerRules { fn installs_sessions(&self) -> bool { false } }
    ReaderRules {});
broken!(AnswersEarly, an_answer_before_the_entry_is_chosen_is_caught, leases: false,
    AcceptorRules {} ProposerRules {}
    LearnerRules { fn may_acknowledge(&self, _: Progress) -> bool { true } }
    ReaderRules {});
broken!(HidesDamage, promising_a_lost_entry_as_never_accepted_is_caught, leases: false,
    AcceptorRules { fn tells_faulty_slots(&self) -> bool { false } }
    ProposerRules {} LearnerRules {} ReaderRules {});
broken!(ReadsUnrecovered, reading_before_the_epoch_is_recovered_is_caught, leases: true,
    AcceptorRules {} ProposerRules {} LearnerRules {}
    ReaderRules { fn has_recovered(&self, _: LogSlot, _: LogSlot) -> bool { true } });
