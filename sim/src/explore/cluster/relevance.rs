//! What the machines say of messages on their way: which ones never matter any more, and which may arrive at once.

use super::ClusterModel;
use super::state::{Mail, State};
use crate::cluster::Branch;
use crate::explore::Purse;
use crate::system::ExplorableSystem;
use interregnum_core::{Explorable, Machine, Pending};
use std::sync::Arc;

/// The first message of which nothing is lost if it arrives at once.
pub(super) fn urgent_message<S: ExplorableSystem>(
    model: &ClusterModel<'_, S>,
    state: &State<S::Process>,
) -> Option<usize> {
    let is_urgent = |mail: &Arc<Mail<S::Process>>| {
        if !state.nodes[mail.to as usize].is_awake() || state.is_cut(mail) {
            return false;
        }
        let at = |index: usize| &state.nodes[index];
        asked(model, &at, state.purse, mail, |machine, config, pending| {
            machine.is_urgent(config, pending)
        })
    };
    state.mail.iter().position(is_urgent)
}

/// Forgets the messages that can never matter any more.
pub(super) fn forget_moot<'n, S: ExplorableSystem>(
    model: &ClusterModel<'_, S>,
    at: impl Fn(usize) -> &'n Arc<Branch<S::Process>>,
    purse: Purse,
    mail: &mut Vec<Arc<Mail<S::Process>>>,
) {
    mail.retain(|mail| {
        !asked(model, &at, purse, mail, |machine, config, pending| machine.is_moot(config, pending))
    });
}

/// What the receiver of a message says of it; nothing, if it is down.
fn asked<'n, S: ExplorableSystem>(
    model: &ClusterModel<'_, S>,
    at: &impl Fn(usize) -> &'n Arc<Branch<S::Process>>,
    purse: Purse,
    mail: &Mail<S::Process>,
    question: impl FnOnce(
        &S::Process,
        &<S::Process as Machine>::Config,
        &Pending<'_, S::Process>,
    ) -> bool,
) -> bool {
    let (from, to) = (mail.from.node.index(), mail.to as usize);
    let Some(receiver) = &at(to).machine else { return false };
    let pending = Pending {
        from: mail.from,
        message: &mail.message,
        sender: at(from).machine.as_deref(),
        senders: model.prospect(from, at(from), purse),
        receivers: model.prospect(to, at(to), purse),
    };
    question(receiver, &model.configs[to], &pending)
}
