//! What an exhaustive search asks of Paxos besides.
//!
//! Not searched: settings with leases, for a lease reads a clock.

use super::{PaxosSystem, Variant};
use crate::system::{ExplorableSystem, Setup, System};
use interregnum_core::consensus::{ClientId, RequestId};
use interregnum_core::kv::{Kv, KvCommand, KvQuery};
use interregnum_core::paxos::{Call, ReadMode, Reply};
use interregnum_core::{Fingerprint, Machine};

/// So many calls of each client are there to be made.
const CALLS: u64 = 8;

impl<R: Variant> ExplorableSystem for PaxosSystem<R> {
    /// Every client writes a value that nobody else writes, reads, writes another one, and so on, all under one
    /// key.
    fn script(&self, setup: &Setup<'_, Self>) -> Vec<Vec<<Self::Process as Machine>::Call>> {
        let clients = 0..setup.load.clients;
        clients.map(|client| (1..=CALLS).map(|nth| call(client, nth)).collect()).collect()
    }

    fn is_refusal(reply: &Reply<Kv>) -> bool {
        matches!(reply, Reply::NotLeader { .. } | Reply::Overloaded)
    }

    /// What is applied, and what came of it.
    fn decided(&self, process: &<Self as System>::Process) -> Fingerprint {
        Fingerprint::of(&process.decisions())
    }
}

fn call(client: u32, nth: u64) -> Call<Kv> {
    let (id, request) = (ClientId(client), RequestId(nth));
    if nth.is_multiple_of(2) {
        let query = KvQuery::Get { key: 0 };
        return Call::Read { client: id, request, query, mode: ReadMode::Log };
    }
    let value = (u64::from(client) << 8) | nth;
    Call::Submit { client: id, request, command: KvCommand::Put { key: 0, value } }
}

macro_rules! explorations {
    ($($name:literal),* $(,)?) => {
        /// The planted bugs that a small search shows, each with its bounds and the shortest history.
        const EXPLORATIONS: &[(&str, &str)] = &[$((
            concat!("paxos/", $name),
            include_str!(concat!("../../../../scenarios/audit/explore/paxos/", $name, ".json")),
        )),*];
    };
}
explorations! {
    "promise-not-durable",
    "accepted-not-durable",
    "accept-ignores-promise",
    "accept-is-no-promise",
    "ballot-not-durable",
    "ballots-tie",
    "ignores-reported-value",
    "votes-by-message",
    "minority-quorum",
    "acknowledges-early",
    "raises-ballot-in-place",
    "failed-sync-forgiven",
}

/// The scenario within whose bounds the planted bug is found.
pub(super) fn exploration_of(mutant: &str) -> Option<&'static str> {
    EXPLORATIONS.iter().find(|(id, _)| *id == mutant).map(|(_, scenario)| *scenario)
}
