//! What only the whole document shows: names that must exist, numbers that must fit together.

mod faults;

pub(crate) use faults::Fields;

use super::problem::suggest;
use super::{Delay, Observed, Scenario};
use crate::outcome::{Property, PropertyKind};
use crate::seen::Kind;
use crate::subject::{Mistake, Registry, Subject};
use interregnum_core::{NodeSet, Span};

/// Adds every mistake to `mistakes`. The system's own settings are the system's to check.
pub(super) fn check(scenario: &Scenario, registry: &Registry, mistakes: &mut Vec<Mistake>) {
    let subject = registry.find(&scenario.system);
    // What cannot be known yet is not held against the file.
    let disks = subject
        .filter(|_| scenario.cluster.is_sound())
        .and_then(|subject| subject.shared_disks(scenario));
    let places = scenario.cluster.nodes.saturating_add(disks.unwrap_or(NodeSet::CAPACITY));
    let mut checker = Checker { scenario, subject, places, mistakes: Vec::new() };
    if checker.subject.is_none() {
        let message = format!("unknown system `{}`", scenario.system.escape_debug());
        let known = registry.iter().map(Subject::id).collect::<Vec<_>>();
        checker.add("system", message, suggest(&scenario.system, "known", known));
    }
    checker.document();
    checker.cluster();
    checker.faults();
    checker.mutant(registry);
    checker.expect();
    mistakes.append(&mut checker.mistakes);
}

struct Checker<'s> {
    scenario: &'s Scenario,
    subject: Option<&'s dyn Subject>,
    /// The nodes and, after them, the shared disks, which are nodes as well.
    places: u8,
    mistakes: Vec<Mistake>,
}

impl Checker<'_> {
    fn add(&mut self, path: &str, message: impl Into<String>, help: Option<String>) {
        // One mistake repeated in thousands of faults is not worth thousands of messages.
        if self.mistakes.len() < crate::scenario::load::MOST_PROBLEMS {
            self.mistakes.push(Mistake { path: path.to_owned(), message: message.into(), help });
        }
    }

    fn document(&mut self) {
        let scenario = self.scenario;
        if scenario.title.trim().is_empty() {
            let help = Some("say in a few words what the scenario shows".to_owned());
            self.add("title", "the title is empty", help);
        }
        if scenario.max_events == 0 {
            self.add("max_events", "found `0`, expected at least 1", None);
        }
        self.delay("network.delay", &scenario.network.delay);
        self.delay("disks.sync", &scenario.disks.sync);
        if scenario.clocks.rate_ppm > 500_000 {
            let message = format!("found `{}`, expected at most 500000", scenario.clocks.rate_ppm);
            self.add("clocks.rate_ppm", message, None);
        }
        if let Some(chaos) = &scenario.chaos {
            if chaos.lasts.0 == Span::ZERO {
                let help = Some("say how long: \"60s\"; or leave out `chaos`".to_owned());
                self.add("chaos.for", "chaos that lasts no time draws no faults", help);
            }
            if chaos.kinds.as_ref().is_some_and(Vec::is_empty) {
                let help = Some("without this field, every kind is drawn from".to_owned());
                self.add("chaos.kinds", "an empty list of kinds draws no faults", help);
            }
        }
    }

    fn delay(&mut self, path: &str, delay: &Delay) {
        if delay.mean < delay.min {
            let message =
                format!("the mean {} is shorter than the minimum {}", delay.mean, delay.min);
            let help = Some("make the mean at least the minimum".to_owned());
            self.add(&format!("{path}.mean"), message, help);
        }
        if let Some(max) = delay.max.filter(|max| *max < delay.mean) {
            let message = format!("the maximum {max} is shorter than the mean {}", delay.mean);
            let help = Some("make the maximum at least the mean, or leave it out".to_owned());
            self.add(&format!("{path}.max"), message, help);
        }
    }

    fn cluster(&mut self) {
        let cluster = &self.scenario.cluster;
        if !cluster.is_sound() {
            let message = format!("found `{}`, expected 1 to 128 nodes", cluster.nodes);
            self.add("cluster.nodes", message, None);
        }
        for (name, nodes) in &cluster.groups {
            let path = format!("cluster.groups{}", crate::scenario::key(name));
            if nodes.is_empty() {
                let help = Some("list its nodes, or leave it out".to_owned());
                self.add(&path, "a group without nodes", help);
            }
            self.nodes(&path, nodes);
        }
    }

    fn nodes(&mut self, path: &str, nodes: &[u8]) {
        let mut seen = Vec::new();
        for (index, node) in nodes.iter().enumerate() {
            let path = format!("{path}[{index}]");
            self.node(&path, *node);
            if seen.contains(node) {
                let help = Some("leave out one of them".to_owned());
                self.add(&path, format!("node {node} is listed twice"), help);
            }
            // A list may be long; the numbers in it are few.
            if !seen.contains(node) {
                seen.push(*node);
            }
        }
    }

    fn node(&mut self, path: &str, node: u8) {
        if node >= self.places && self.places > 0 {
            let message = format!("there is no node {node}");
            let help = Some(format!("the nodes are 0 to {}", self.places - 1));
            self.add(path, message, help);
        }
    }

    fn mutant(&mut self, registry: &Registry) {
        let (Some(id), Some(subject)) = (&self.scenario.mutant, self.subject) else { return };
        let mutants = subject.mutants();
        if mutants.iter().any(|mutant| mutant.id == id) {
            return;
        }
        let elsewhere = registry.iter().find(|s| s.mutants().iter().any(|mutant| mutant.id == id));
        let help = match elsewhere {
            Some(other) => Some(format!("it is a planted bug of system `{}`", other.id())),
            None => suggest(id, "known here", mutants.iter().map(|mutant| mutant.id))
                .or_else(|| Some("the system has none: leave it out".to_owned())),
        };
        let message =
            format!("unknown planted bug `{}` of system `{}`", id.escape_debug(), subject.id());
        self.add("mutant", message, help);
    }

    fn expect(&mut self) {
        let Some(subject) = self.subject else { return };
        let properties = subject.properties();
        self.expected_property(&properties);
        self.searched_properties(&properties);
        let counters: Vec<&str> = Kind::ALL
            .iter()
            .map(|kind| kind.name())
            .chain(["calls"])
            .chain(subject.counters().iter().copied())
            .chain(properties.iter().map(|property| property.id))
            .collect();
        for name in self.scenario.expect.at_least.keys() {
            if !counters.contains(&name.as_str()) && !name.starts_with("probe:") {
                let message = format!("unknown count `{}`", name.escape_debug());
                let path = format!("expect.at_least{}", crate::scenario::key(name));
                self.add(&path, message, suggest(name, "known here", counters.iter().copied()));
            }
        }
    }

    /// A search exercises invariants, and nothing else.
    fn searched_properties(&mut self, properties: &[Property]) {
        let is_invariant = |property: &&Property| property.kind == PropertyKind::Invariant;
        let names: Vec<_> = properties.iter().filter(is_invariant).map(|p| p.id).collect();
        let at_least = self.scenario.explore.as_ref().map(|explore| &explore.at_least);
        for name in at_least.into_iter().flat_map(|at_least| at_least.keys()) {
            if !names.contains(&name.as_str()) {
                let message = format!("unknown invariant `{}`", name.escape_debug());
                let path = format!("explore.at_least{}", crate::scenario::key(name));
                self.add(&path, message, suggest(name, "known here", names.iter().copied()));
            }
        }
    }

    fn expected_property(&mut self, properties: &[Property]) {
        let expect = &self.scenario.expect;
        let Some(id) = &expect.invariant else { return };
        let wanted = match expect.observed {
            Observed::Held => {
                let help = Some("add `\"observed\": \"violated\"`, or `\"stalled\"`".to_owned());
                let message = "names what must fail, but everything is expected to hold";
                return self.add("expect.invariant", message, help);
            }
            Observed::Violated | Observed::InconsistentEvidence => PropertyKind::Invariant,
            Observed::Stalled => PropertyKind::Liveness,
        };
        match properties.iter().find(|property| property.id == id) {
            Some(property) if property.kind == wanted => {}
            Some(_) => {
                let message = match wanted {
                    PropertyKind::Invariant => format!("{id} is a liveness property: it stalls"),
                    PropertyKind::Liveness => format!("{id} is an invariant: it is violated"),
                };
                let help = match wanted {
                    PropertyKind::Invariant => "expect `\"observed\": \"stalled\"`",
                    PropertyKind::Liveness => "expect `\"observed\": \"violated\"`",
                };
                self.add("expect.invariant", message, Some(help.to_owned()));
            }
            None => {
                let known = properties.iter().filter(|p| p.kind == wanted).map(|p| p.id);
                let help = suggest(id, "known here", known.collect::<Vec<_>>());
                let message = format!("unknown property `{}`", id.escape_debug());
                self.add("expect.invariant", message, help);
            }
        }
    }
}
