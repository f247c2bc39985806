//! The scenario of each planted bug, by the bug's id: the files in `scenarios/audit/paxos/`, one for each
//! bug and named after it.
//!
//! They are part of the program, so that an audit needs no folder of files, and so that the system
//! brings its own as one of another crate would.

macro_rules! trials {
    ($($name:literal),* $(,)?) => {
        /// The text of the scenario that must catch `mutant`.
        pub(super) fn scenario_of(mutant: &str) -> Option<&'static str> {
            match mutant.strip_prefix("paxos/")? {
                $($name => Some(include_str!(concat!(
                    "../../../../scenarios/audit/paxos/", $name, ".json"
                ))),)*
                _ => None,
            }
        }

        /// The names of the files.
        #[cfg(test)]
        pub(super) const NAMES: &[&str] = &[$($name),*];
    };
}

trials![
    "accept-ignores-promise",
    "accept-is-no-promise",
    "accepted-not-durable",
    "acknowledges-early",
    "amnesiac-proposes",
    "applies-over-gaps",
    "ballot-not-durable",
    "ballots-tie",
    "blank-votes",
    "compacted-is-empty",
    "damage-read-as-empty",
    "displaces-chosen",
    "duels",
    "failed-sync-forgiven",
    "faulty-counts-as-empty",
    "grants-below-promise",
    "grants-without-number",
    "heartbeat-sent-again",
    "host-acks-before-sync",
    "host-drops-facts",
    "host-fires-timers-early",
    "host-forges-facts",
    "ignores-reported-value",
    "installs-older-snapshot",
    "late-replies-count",
    "leads-on-overtaken",
    "lease-before-majority",
    "lease-from-receipt",
    "lease-rounded-up",
    "lease-subtraction-wraps",
    "lease-without-margin",
    "minority-quorum",
    "never-abdicates",
    "no-silence-after-restart",
    "promise-half-durable",
    "promise-not-durable",
    "raises-ballot-in-place",
    "reads-after-lease",
    "reads-before-recovery",
    "release-by-owner",
    "sessions-left-out",
    "truncates-early",
    "value-pick-lowest",
    "votes-across-ballots",
    "votes-by-message",
];
