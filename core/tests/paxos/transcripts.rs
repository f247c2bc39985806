//! Scripted interactions: each file is a sequence of commands, a line of dashes, and all that happened.
//!
//! `INTERREGNUM_BLESS=1 cargo test -p interregnum-core` rewrites the outputs; review them as a diff.
//! A block may hold several commands; what they caused is listed below the dashes, in order.

use crate::disk::Fate;
use crate::lab::Lab;
use interregnum_core::consensus::{ClientId, Consensus, LogSlot, RequestId};
use interregnum_core::kv::{Kv, KvCommand, KvQuery};
use interregnum_core::paxos::record::{Lane, PROMISED, entry_place, mirror_place};
use interregnum_core::paxos::{Call, Lease, ReadMode, Settings, Sound};
use interregnum_core::{CallId, NodeId, Ppm, Span, Window};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

struct Script {
    lab: Lab<Sound>,
    calls: u64,
}

#[test]
fn every_transcript_holds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts/paxos");
    let mut files: Vec<PathBuf> = fs::read_dir(&folder)
        .expect("the folder of transcripts")
        .map(|entry| entry.expect("a readable entry").path())
        .collect();
    files.sort();
    assert!(files.len() >= 8, "transcripts are missing");
    for file in files {
        let expected = fs::read_to_string(&file).expect("a readable transcript");
        let actual = replay(&expected);
        if blesses() {
            fs::write(&file, &actual).expect("a writable transcript");
        }
        let name = file.display();
        for (line, (want, got)) in expected.lines().zip(actual.lines()).enumerate() {
            assert!(blesses() || want == got, "{name}:{}\nwant {want}\n got {got}", line + 1);
        }
        assert!(blesses() || expected == actual, "{name}: one is longer than the other");
    }
}

#[expect(clippy::disallowed_methods, reason = "it rewrites expectations and decides no run")]
fn blesses() -> bool {
    env::var("INTERREGNUM_BLESS").is_ok_and(|value| value == "1")
}

/// The transcript with fresh outputs.
fn replay(text: &str) -> String {
    let mut script = Script { lab: Lab::new(&Sound, &Settings::default()), calls: 0 };
    let mut out = String::new();
    let mut in_output = false;
    for line in text.lines() {
        if line == "----" {
            in_output = true;
            writeln!(out, "----").expect("text");
            for said in script.lab.said.drain(..) {
                writeln!(out, "{said}").expect("text");
            }
        } else if line.is_empty() {
            in_output = false;
            writeln!(out).expect("text");
        } else if !in_output {
            writeln!(out, "{line}").expect("text");
            if !line.starts_with('#') {
                script.command(line);
            }
        }
    }
    assert_eq!(script.lab.oracle.violation, None);
    out
}

impl Script {
    fn command(&mut self, line: &str) {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            // cluster 3 lease=400ms interval=4 mirror
            ["cluster", members, options @ ..] => self.cluster(number(members), options),
            // boot n0
            ["boot", node] => self.lab.boot(id(node)),
            // fire n0: its heartbeat round ends
            ["fire", node] => self.lab.fire(id(node)),
            // deliver n0 n1 Prepare: the oldest such message; with `keep`, a copy of it
            ["deliver", from, to, kind, keep @ ..] => {
                let index = self.find(from, to, kind);
                let flight = match keep {
                    ["keep"] => self.lab.wire[index].clone(),
                    _ => self.lab.wire.remove(index),
                };
                self.lab.deliver(flight);
            }
            // drop n0 n1 Prepare
            ["drop", from, to, kind] => drop(self.lab.wire.remove(self.find(from, to, kind))),
            // forget: nothing under way arrives
            ["forget"] => self.lab.wire.clear(),
            // sync n0: its oldest sync completes
            ["sync", node] => assert!(self.lab.flush(id(node)), "nothing to sync at {node}"),
            // settle: everything arrives and every sync completes; with `silently`, unseen
            ["settle", silently @ ..] => {
                self.lab.quiet = silently == ["silently"];
                self.lab.settle();
                self.lab.quiet = false;
            }
            // elect n0: it alone ends rounds until it leads, unseen
            ["elect", node] => self.elect(id(node)),
            // cut n0 n1: both ways
            ["cut", a, b] => self.lab.cut.extend([(id(a), id(b)), (id(b), id(a))]),
            // heal: every link works
            ["heal"] => self.lab.cut.clear(),
            // crash n0: the process; power n0: the node loses what it had not synced
            ["crash", node] => self.lab.crash(id(node)),
            ["power", node] => self.lab.power_loss(id(node), || Fate::Lost),
            // rot n0 s3: both copies of lane 0; rot n0 promise0: a copy of the promise
            ["rot", node, what] => self.rot(id(node), what),
            // pass n0 100ms
            ["pass", node, span] => {
                let node = &mut self.lab.nodes[id(node).index()];
                node.clock = node.clock.after(millis(span));
            }
            // show n0
            ["show", node] => self.show(id(node)),
            _ => self.ask(&words),
        }
    }

    fn ask(&mut self, words: &[&str]) {
        match words {
            // put n0 client request key value
            ["put", node, client, request, key, value] => {
                let (key, value) = (number(key), number(value));
                let (client, request) = (ClientId(number(client)), RequestId(number(request)));
                let command = KvCommand::Put { key, value };
                self.call(id(node), Call::Submit { client, request, command });
            }
            // get n0 client request key log|lease
            ["get", node, client, request, key, mode] => {
                let (client, request) = (ClientId(number(client)), RequestId(number(request)));
                let query = KvQuery::Get { key: number(key) };
                let mode = if *mode == "lease" { ReadMode::Lease } else { ReadMode::Log };
                self.call(id(node), Call::Read { client, request, query, mode });
            }
            _ => panic!("no such command: {words:?}"),
        }
    }

    fn cluster(&mut self, members: u8, options: &[&str]) {
        let mut settings = Settings {
            members,
            heartbeat: Window::exactly(Span::millis(100)),
            ..Settings::default()
        };
        for option in options {
            match option.split_once('=') {
                Some(("lease", grant)) => {
                    let guard = Span::millis(10);
                    let lease = Lease { grant: millis(grant), guard, rate: Ppm(0) };
                    settings.lease = Some(lease);
                }
                Some(("interval", slots)) => {
                    (settings.snapshot_interval, settings.retained) = (number(slots), 0);
                }
                None if *option == "mirror" => settings.mirror = true,
                _ => panic!("no such option: {option}"),
            }
        }
        self.lab = Lab::new(&Sound, &settings);
        for id in self.lab.ids() {
            self.lab.boot(id);
        }
        self.lab.settle();
        self.lab.quiet = false;
    }

    fn elect(&mut self, node: NodeId) {
        self.lab.quiet = true;
        for _ in 0..3 {
            self.lab.fire(node);
            self.lab.settle();
        }
        self.lab.quiet = false;
    }

    fn call(&mut self, node: NodeId, call: Call<Kv>) {
        self.calls += 1;
        self.lab.call(node, CallId(self.calls), call);
    }

    fn find(&self, from: &str, to: &str, kind: &str) -> usize {
        let (from, to) = (id(from), id(to));
        let found = self.lab.wire.iter().position(|flight| {
            let body = format!("{:?}", flight.message.body);
            flight.from == from && flight.to == to && body.starts_with(kind)
        });
        found.unwrap_or_else(|| panic!("no {kind} from {from} to {to} is under way"))
    }

    fn rot(&mut self, node: NodeId, what: &str) {
        let disk = &mut self.lab.nodes[node.index()].disk;
        match what {
            "promise0" => disk.spoil(PROMISED[0]),
            "promise1" => disk.spoil(PROMISED[1]),
            slot => {
                let slot = LogSlot(number(&slot[1..]));
                disk.spoil(entry_place(slot, Lane::Zero));
                disk.spoil(mirror_place(slot, Lane::Zero));
            }
        }
    }

    fn show(&mut self, id: NodeId) {
        let node = &self.lab.nodes[id.index()];
        let line = match &node.machine {
            None => format!("{id} is down"),
            Some(machine) => {
                let hint = machine.leader_hint(&node.config);
                let reads = machine.is_leader_at(&node.config, node.clock);
                let (applied, app) = (machine.applied(), machine.app());
                format!("{id} applied {applied}, leader {hint:?}, may read {reads}, {app:?}")
            }
        };
        self.lab.said.push(line);
    }
}

fn number<T: std::str::FromStr>(word: &str) -> T {
    word.parse().unwrap_or_else(|_| panic!("no number: {word}"))
}

fn id(word: &str) -> NodeId {
    NodeId(number(word.strip_prefix('n').expect("a node is written n0")))
}

fn millis(word: &str) -> Span {
    Span::millis(number(word.strip_suffix("ms").expect("a span is written 100ms")))
}
