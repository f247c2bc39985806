//! What an exhaustive search asks of PaxosLease besides, and the planted bugs that small ones show.

use super::PaxosLeaseSystem;
use super::mutants::Variant;
use crate::system::{ExplorableSystem, Setup, System};
use interregnum_core::paxos_lease::{Call, Reply};
use interregnum_core::{Fingerprint, Machine};

/// So many calls of each client are there to be made.
const CALLS: usize = 8;

impl<R: Variant> ExplorableSystem for PaxosLeaseSystem<R> {
    /// The first client asks to give the lease up, the others to act on it, again and again.
    fn script(&self, setup: &Setup<'_, Self>) -> Vec<Vec<<Self::Process as Machine>::Call>> {
        let call = |client| if client == 0 { Call::Release } else { Call::Act };
        (0..setup.load.clients).map(|client| vec![call(client); CALLS]).collect()
    }

    fn is_refusal(reply: &Reply) -> bool {
        matches!(reply, Reply::NotHolder { .. })
    }

    /// Who holds the lease, in which ballot.
    fn decided(&self, process: &<Self as System>::Process) -> Fingerprint {
        Fingerprint::of(&process.decisions().map(|(ballot, _)| ballot))
    }
}
