//! A state of the cluster: nodes, messages, clients, and what the checks remember.

use super::jury::Seat;
use crate::cluster::Branch;
use crate::explore::Purse;
use crate::seen::MessageId;
use interregnum_core::{Explorable, Fingerprint, Fold, Machine, ProcessId};
use std::sync::Arc;

/// A state. Its parts are shared with the states that it came from.
#[derive(Debug)]
pub struct State<M: Machine> {
    pub(super) nodes: Vec<Arc<Branch<M>>>,
    /// The messages on their way, by fingerprint.
    pub(super) mail: Vec<Arc<Mail<M>>>,
    pub(super) jury: Vec<Arc<Seat<M>>>,
    pub(super) clients: Vec<Client>,
    /// The nodes that are cut off from the others.
    pub(super) cut: u8,
    pub(super) purse: Purse,
    pub(super) print: u128,
}

/// A message on its way.
#[derive(Debug)]
pub(super) struct Mail<M: Machine> {
    pub(super) print: Fingerprint,
    /// Which message it is, for whoever follows the history.
    pub(super) id: MessageId,
    pub(super) from: ProcessId,
    /// The number of the process that is to have it.
    pub(super) to: u32,
    pub(super) message: M::Message,
}

impl<M: Machine> Mail<M> {
    pub(super) fn new((id, from, to, message): (MessageId, ProcessId, u32, M::Message)) -> Self {
        let print = Fingerprint::of(&(MAIL, from, to, &message));
        Self { print, id, from, to, message }
    }
}

/// How far a client has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Fold)]
pub(super) struct Client {
    /// How many calls it has made.
    pub(super) asked: u8,
    /// Whether it waits for an answer.
    pub(super) waits: bool,
}

const NODE: u8 = 0;
const MAIL: u8 = 1;
const SEAT: u8 = 2;
const CLIENTS: u8 = 3;
const CUT: u8 = 4;

/// The part that a node has in the print of a state.
pub(super) fn node_print(index: usize, print: Fingerprint) -> u128 {
    Fingerprint::of(&(NODE, index, print)).0
}

/// The part that a check has.
pub(super) fn seat_print(index: usize, print: Fingerprint) -> u128 {
    Fingerprint::of(&(SEAT, index, print)).0
}

/// The part that clients have.
pub(super) fn clients_print(clients: &[Client]) -> u128 {
    Fingerprint::of(&(CLIENTS, clients)).0
}

/// The part that a partition has.
pub(super) fn cut_print(cut: u8) -> u128 {
    if cut == 0 { 0 } else { Fingerprint::of(&(CUT, cut)).0 }
}

impl<M: Explorable> State<M> {
    /// Whether a message is between nodes that do not reach each other.
    pub(super) fn is_cut(&self, mail: &Mail<M>) -> bool {
        let side = |node: usize| u32::from(self.cut) >> node.min(31) & 1;
        side(mail.from.node.index()) != side(mail.to as usize)
    }

    /// The print from all parts anew. Sums, so that the order of messages makes no difference and two equal
    /// ones do not cancel.
    pub(super) fn whole_print(&self) -> u128 {
        let nodes =
            self.nodes.iter().enumerate().map(|(index, node)| node_print(index, node.print));
        let mail = self.mail.iter().map(|mail| mail.print.0);
        let jury = self.jury.iter().enumerate().map(|(index, seat)| seat_print(index, seat.print));
        let parts = nodes.chain(mail).chain(jury);
        let rest = clients_print(&self.clients).wrapping_add(cut_print(self.cut));
        parts.fold(rest, u128::wrapping_add)
    }

    /// About how many bytes it takes by itself. Most nodes and checks are shared with other states.
    pub(super) fn weight(&self) -> usize {
        let pointers = self.nodes.len() + self.mail.len() + self.jury.len();
        let changed = self.nodes.first().map_or(0, |node| node.weight());
        size_of::<Self>() + pointers * size_of::<usize>() + changed + WEIGHT_OF_A_CHECK
    }
}

/// A guess.
const WEIGHT_OF_A_CHECK: usize = 1024;
