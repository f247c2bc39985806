//! The scenarios of each planted bug, by the bug's id: in `scenarios/audit/paxos-lease/` the one whose runs must catch
//! it, in `scenarios/audit/explore/paxos-lease/` the one within whose bounds a search must, with the shortest history.

macro_rules! texts {
    ($name:ident in $folder:literal: $($bug:literal),* $(,)?) => {
        /// The text of the scenario of `mutant`.
        pub(super) fn $name(mutant: &str) -> Option<&'static str> {
            match mutant.strip_prefix("paxos-lease/")? {
                $($bug => Some(include_str!(concat!(
                    "../../../../scenarios/audit/", $folder, "/", $bug, ".json"
                ))),)*
                _ => None,
            }
        }
    };
}

texts![scenario_of in "paxos-lease":
    "accept-ignores-promise",
    "amnesiac-asks",
    "ends-by-timer",
    "granted-without-margin",
    "held-from-accept",
    "held-from-receipt",
    "held-rounded-up",
    "held-without-margin",
    "host-acks-before-sync",
    "host-drops-facts",
    "host-fires-timers-early",
    "host-forges-facts",
    "late-record-replaces",
    "late-replies-count",
    "minority-quorum",
    "no-silence-after-restart",
    "own-lease-is-open",
    "promise-sinks",
    "release-by-owner",
    "renews-before-majority",
    "silence-a-tick-short",
    "start-not-durable",
    "votes-by-message",
    "wall-clock",
];
texts![exploration_of in "explore/paxos-lease":
    "accept-ignores-promise",
    "ends-by-timer",
    "granted-without-margin",
    "held-from-accept",
    "held-from-receipt",
    "held-rounded-up",
    "held-without-margin",
    "late-replies-count",
    "minority-quorum",
    "no-silence-after-restart",
    "promise-sinks",
    "release-by-owner",
    "renews-before-majority",
    "silence-a-tick-short",
    "start-not-durable",
    "votes-by-message",
];
