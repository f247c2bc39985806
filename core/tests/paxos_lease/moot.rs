//! What a search forgets as moot must come to nothing, whenever it is delivered after all.

use crate::lab::{Flight, Lab};
use crate::random::Chaos;
use interregnum_core::paxos_lease::{PaxosLease, Rules, Sound};
use interregnum_core::{Effect, Explorable, Input, Part, Pending, ProcessId, Prospect};

fn is_moot<R: Rules>(lab: &Lab<R>, flight: &Flight, prospect: Prospect) -> bool {
    let [sender, receiver] = [flight.from, flight.to].map(|id| &lab.nodes[id.index()]);
    receiver.machine.as_ref().is_some_and(|machine| {
        let pending = Pending {
            from: ProcessId::main(flight.from),
            message: &flight.message,
            sender: sender.machine.as_ref(),
            senders: prospect,
            receivers: prospect,
        };
        machine.is_moot(&receiver.config, &pending)
    })
}

/// The state in words, without how many replies came.
fn state<R: Rules>(machine: &PaxosLease<R>) -> String {
    let text = format!("{machine:?}");
    let mut parts = text.split("replies: ");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |all, part| all + part.trim_start_matches(|c: char| c.is_ascii_digit()))
}

/// What nobody else can tell is left out, and so is a message that is moot itself.
fn shows<R: Rules>(
    lab: &Lab<R>,
    flight: &Flight,
    effects: &[Effect<PaxosLease<R>>],
    prospect: Prospect,
) -> Vec<String> {
    let is_nothing = |effect: &Effect<PaxosLease<R>>| match effect {
        Effect::Probe(_) => true,
        Effect::Send { to, message } => {
            let answer = Flight { from: flight.to, to: to.node, message: *message };
            lab.nodes[to.node.index()].machine.is_none() || is_moot(lab, &answer, prospect)
        }
        _ => false,
    };
    effects.iter().filter(|effect| !is_nothing(effect)).map(|e| format!("{e:?}")).collect()
}

/// Delivers a moot message to a copy of its receiver, and compares that with a step in which nothing happens.
fn check<R: Rules>(lab: &Lab<R>, flight: &Flight, prospect: Prospect) {
    let from = ProcessId::main(flight.from);
    let told = lab.peek(flight.to, Input::Message { from, message: flight.message });
    let quiet = lab.peek(flight.to, Input::Exited(Part(9)));
    if let (Some((told, effects)), Some((quiet, others))) = (told, quiet) {
        assert_eq!(state(&told), state(&quiet), "{flight:?}");
        let effects = shows(lab, flight, &effects, prospect);
        assert_eq!(effects, shows(lab, flight, &others, prospect), "{flight:?}");
    }
}

fn compare(restarts: bool) -> usize {
    let prospect = Prospect { fires: true, restarts };
    let mut found = 0;
    for seed in 0..60 {
        let mut run = Chaos::new(&Sound, seed);
        run.disks = false;
        if !restarts {
            run.unrest = 0;
        }
        let mut moot: Vec<Flight> = Vec::new();
        for _ in 0..1_000 {
            run.act();
            for flight in &run.lab.wire {
                if !moot.contains(flight) && is_moot(&run.lab, flight, prospect) {
                    moot.push(*flight);
                }
            }
            for _ in 0..moot.len().min(2) {
                check(&run.lab, &moot[run.chance.index(moot.len())], prospect);
            }
        }
        found += moot.len();
    }
    found
}

#[test]
fn what_is_moot_comes_to_nothing_as_long_as_nobody_starts_anew() {
    assert!(compare(false) > 2_000);
}

#[test]
fn what_is_moot_comes_to_nothing_even_if_nodes_start_anew() {
    assert!(compare(true) > 1_000);
}
