//! What a search that tries every order asks of a machine.
//!
//! Deliberately absent: anything that a machine needs to run. Whoever answers nothing here is searched all the
//! same, only longer.

use crate::{Fold, Machine, ProcessId};

/// What exhaustive search asks of a machine beyond being simulated: that it can be copied, told apart by
/// fingerprint, and handed between threads.
pub trait Explorable: Machine<Config: Send + Sync> + Clone + Fold + Send + Sync {
    /// Whether a message on its way to this process can never make a difference any more, neither now nor in
    /// any later state: the search then forgets it. To deny it is never wrong, but costs states.
    ///
    /// Whoever implements this asks the machine's own rules, so that a bug planted there is not reasoned
    /// away.
    fn is_moot(&self, config: &Self::Config, pending: &Pending<'_, Self>) -> bool {
        let _ = (config, pending);
        false
    }

    /// Whether nothing is lost if this process is handed a message at once, before anything else happens: a
    /// later arrival comes to the same, or is as good as none, and that it never arrives is possible in another
    /// way. To deny it is never wrong, but costs states.
    fn is_urgent(&self, config: &Self::Config, pending: &Pending<'_, Self>) -> bool {
        let _ = (config, pending);
        false
    }

    /// The same for a sync that this process has asked for: whether nothing is lost if it completes at once.
    fn completes_at_once(
        &self,
        config: &Self::Config,
        ticket: &Self::Ticket,
        own: Prospect,
    ) -> bool {
        let _ = (config, ticket, own);
        false
    }
}

/// A message on its way, and what may yet happen at either end.
#[derive(Debug)]
pub struct Pending<'a, M: Machine> {
    /// Who sent it.
    pub from: ProcessId,
    /// What it says.
    pub message: &'a M::Message,
    /// The sender as it is now; `None` if it is down.
    pub sender: Option<&'a M>,
    /// What may yet happen to the sender.
    pub senders: Prospect,
    /// What may yet happen to the receiver.
    pub receivers: Prospect,
}

/// What may yet happen to a process within the bounds of a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prospect {
    /// Whether a timer of it may fire.
    pub fires: bool,
    /// Whether it may start anew.
    pub restarts: bool,
}
