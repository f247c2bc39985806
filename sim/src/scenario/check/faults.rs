//! Mistakes in faults: what kinds must look like is theirs to say, whether names exist is looked up here.

use super::{Checker, suggest};
use crate::scenario::{Delay, Fault, Ratio, SYNC, Target};
use interregnum_core::Span;

/// The fields of one fault's kind, for the kind to check.
pub(crate) struct Fields<'c, 's> {
    checker: &'c mut Checker<'s>,
    path: String,
}

impl Fields<'_, '_> {
    /// Reports a mistake in a field; the empty name is the kind as a whole.
    pub(crate) fn wrong(&mut self, field: &str, message: impl Into<String>, help: Option<&str>) {
        let path = self.path_of(field);
        self.checker.add(&path, message, help.map(str::to_owned));
    }

    pub(crate) fn target(&mut self, field: &str, target: &Target) {
        let path = self.path_of(field);
        self.checker.target(&path, target);
    }

    /// Targets that may be absent.
    pub(crate) fn targets<'t>(
        &mut self,
        fields: impl IntoIterator<Item = (&'static str, &'t Option<Target>)>,
    ) {
        for (field, target) in fields {
            if let Some(target) = target {
                self.target(field, target);
            }
        }
    }

    /// A share of what happens.
    pub(crate) fn ratio(&mut self, field: &str, ratio: Ratio) {
        if ratio == Ratio::default() {
            let help = Some("give a share such as \"50%\", or leave the fault out");
            self.wrong(field, "a share of nothing strikes nothing", help);
        }
    }

    pub(crate) fn delay(&mut self, field: &str, delay: &Delay) {
        let path = self.path_of(field);
        self.checker.delay(&path, delay);
    }

    /// A class of messages.
    pub(crate) fn class(&mut self, field: &str, class: &str) {
        let Some(subject) = self.checker.subject else { return };
        self.known(field, "class of messages", class, subject.message_classes());
    }

    /// A point in what a process does.
    pub(crate) fn seam(&mut self, field: &str, seam: &str) {
        let Some(subject) = self.checker.subject else { return };
        let known: Vec<_> = [SYNC].into_iter().chain(subject.seams().iter().copied()).collect();
        self.known(field, "seam", seam, &known);
    }

    fn known(&mut self, field: &str, what: &str, name: &str, known: &[&str]) {
        if known.contains(&name) {
            return;
        }
        let system = &self.checker.scenario.system;
        let message = format!("unknown {what} `{}` of system `{system}`", name.escape_debug());
        let help = suggest(name, "known here", known.iter().copied())
            .unwrap_or_else(|| "the system names none: leave it out".to_owned());
        self.wrong(field, message, Some(&help));
    }

    pub(crate) fn least_nodes(&mut self, field: &str, least: u8) {
        let nodes = self.checker.scenario.cluster.nodes;
        if nodes < least && self.checker.scenario.cluster.is_sound() {
            let message = format!("this shape takes {least} nodes, the cluster has {nodes}");
            self.wrong(field, message, Some("raise `cluster.nodes`, or choose another shape"));
        }
    }

    /// Whether there are shared disks; what cannot be known yet is not held against the file.
    pub(crate) fn has_disks(&mut self, field: &str) {
        let nodes = self.checker.scenario.cluster.nodes;
        if self.checker.places == nodes && self.checker.scenario.cluster.is_sound() {
            self.wrong(field, "the system has no shared disks", Some("leave it out"));
        }
    }

    fn path_of(&self, field: &str) -> String {
        if field.is_empty() { self.path.clone() } else { format!("{}.{field}", self.path) }
    }
}

impl<'s> Checker<'s> {
    pub(super) fn faults(&mut self) {
        let scenario = self.scenario;
        for (index, fault) in scenario.faults.iter().enumerate() {
            let path = format!("faults[{index}]");
            self.one_kind(&path, fault);
            self.fault_times(&path, fault);
            for what in fault.given() {
                let path = format!("{path}.{}", what.kind().field());
                what.strike().check(&mut Fields { checker: self, path });
            }
            if let Some(when) = &fault.when {
                let path = format!("{path}.when");
                when.check(fault, &mut Fields { checker: self, path });
            }
        }
    }

    fn one_kind(&mut self, path: &str, fault: &Fault) {
        let kinds: Vec<_> = fault.given().iter().map(|what| what.kind().field()).collect();
        let known = || format!("give exactly one of `{}`", Fault::KINDS.join("`, `"));
        match kinds.as_slice() {
            [_] => {}
            [] => self.add(path, "a fault of no kind", Some(known())),
            [.., last] => {
                let message = format!("a fault of {} kinds: `{}`", kinds.len(), kinds.join("`, `"));
                let help = Some("make it one fault for each kind".to_owned());
                self.add(&format!("{path}.{last}"), message, help);
            }
        }
    }

    fn fault_times(&mut self, path: &str, fault: &Fault) {
        if let Some(end) = self.scenario.duration.filter(|end| fault.at >= *end) {
            let message = format!("the fault begins at {}, the run lasts {end}", fault.at);
            let help = Some("start it earlier, or lengthen `duration`".to_owned());
            self.add(&format!("{path}.at"), message, help);
        }
        if fault.lasts.is_some_and(|lasts| lasts.0 == Span::ZERO) {
            let help = Some("without `for`, it lasts until the calm phase".to_owned());
            self.add(&format!("{path}.for"), "a fault that lasts no time", help);
        }
    }

    fn target(&mut self, path: &str, target: &Target) {
        let cluster = &self.scenario.cluster;
        match target {
            Target::All | Target::Majority | Target::Minority => {}
            Target::Random(count) if (1..=cluster.nodes).contains(count) => {}
            Target::Random(count) => {
                let message = format!("found `{count}`, expected 1 to {} nodes", cluster.nodes);
                self.add(&format!("{path}.random"), message, None);
            }
            Target::Group(name) => {
                if !cluster.groups.contains_key(name) {
                    let message = format!("unknown group `{}`", name.escape_debug());
                    let known = cluster.groups.keys().map(String::as_str);
                    let help = suggest(name, "known groups", known)
                        .or_else(|| Some("`cluster.groups` names none".to_owned()));
                    self.add(&format!("{path}.group"), message, help);
                }
            }
            Target::Node { node, part } => {
                self.node(&format!("{path}.node"), *node);
                if let Some(part) = part {
                    self.part(&format!("{path}.part"), part);
                }
            }
            Target::Nodes(nodes) if nodes.is_empty() => {
                self.add(
                    &format!("{path}.nodes"),
                    "a target without nodes",
                    Some("list at least one".to_owned()),
                );
            }
            Target::Nodes(nodes) => self.nodes(&format!("{path}.nodes"), nodes),
            Target::Fault(number) => self.other_fault(&format!("{path}.fault"), *number),
            Target::OtherThan { target, random } => {
                self.target(&format!("{path}.other_than"), target);
                if let Some(count) = random {
                    self.target(path, &Target::Random(*count));
                }
            }
            Target::Named(word) => self.word(path, word, true),
            Target::Any(word) => self.word(&format!("{path}.any"), word, false),
            Target::Asked(word, _) => self.word(path, word, false),
        }
    }

    /// A plan that was drawn names faults by their dice, and those it refers to may have been left out.
    fn other_fault(&mut self, path: &str, number: u32) {
        let faults = &self.scenario.faults;
        let is_listed = usize::try_from(number).is_ok_and(|number| number < faults.len());
        if !is_listed && faults.iter().all(|fault| fault.dice.is_none()) {
            let help = format!("the faults are numbered from 0 to {}", faults.len() - 1);
            self.add(path, format!("there is no fault {number}"), Some(help));
        }
    }

    fn part(&mut self, path: &str, part: &str) {
        let Some(subject) = self.subject else { return };
        let parts = subject.parts();
        if !parts.contains(&part) {
            let message =
                format!("unknown part `{}` of system `{}`", part.escape_debug(), subject.id());
            self.add(path, message, suggest(part, "known here", parts.iter().copied()));
        }
    }

    fn word(&mut self, path: &str, word: &str, alone: bool) {
        let Some(subject) = self.subject else { return };
        let words = subject.target_words();
        if !words.contains(&word) {
            let general: &[&str] = if alone { &["all", "majority", "minority"] } else { &[] };
            let message =
                format!("unknown target `{}` of system `{}`", word.escape_debug(), subject.id());
            let known = words.iter().chain(general).copied();
            let help = suggest(word, "known here", known)
                .or_else(|| Some("the system names none: give {\"random\": 1}".to_owned()));
            self.add(path, message, help);
        }
    }
}
