use super::*;
use crate::fake::registry;
use proptest::prelude::*;

mod clocks_and_seams;

const GOOD: &str = r#"{
  "$schema": "../scenario.schema.json",
  "version": 1,
  "title": "A deposed leader wakes up",
  "why": "A pause longer than the lease must not yield two leaders.",
  "system": "fake",
  "mutant": "fake/forgetful",
  "cluster": { "nodes": 5, "groups": { "rack 1": [0, 1] } },
  "settings": { "lease": "2s", "batch": { "most": 3 } },
  "workload": { "clients": 3 },
  "network": { "delay": { "min": "1ms", "mean": "4ms" }, "loss": "1%" },
  "faults": [
    { "at": "4s", "for": "3s", "pause": { "target": "leader" } },
    { "at": "5s", "crash": { "target": { "any": "follower" }, "after_effects": 2 } },
    { "at": "6s", "partition": { "groups": [{ "group": "rack 1" }, { "nodes": [2, 3] }] } },
    { "at": "7s", "partition": { "from": { "node": 1 }, "to": { "holder": { "role": 3 } } } }
  ],
  "chaos": { "for": "60s", "limits": "tolerated", "kinds": ["crash", "power-loss"] },
  "calm": { "within": "30s" },
  "expect": { "observed": "violated", "invariant": "X1", "at_least": { "leader_changes": 1 } }
}"#;

/// Each mistake as `line:column path: message (help)`.
fn mistakes(text: &str) -> Vec<String> {
    let problems = load(text.as_bytes(), &registry()).expect_err("this is not right");
    let line = |p: Problem| {
        let help = p.help.map_or(String::new(), |help| format!(" ({help})"));
        format!("{}:{} {}: {}{help}", p.line, p.column, p.path, p.message)
    };
    problems.into_iter().map(line).collect()
}

/// Replaces a piece of the right scenario and demands exactly one mistake, for each row.
#[track_caller]
fn table(rows: &[(&str, &str, &str)]) {
    let mut found = Vec::new();
    for (from, to, _) in rows {
        assert!(GOOD.contains(from), "{from}");
        found.push(mistakes(&GOOD.replacen(from, to, 1)).join("\n"));
    }
    let expected: Vec<_> = rows.iter().map(|(.., expected)| *expected).collect();
    assert_eq!(found, expected, "{found:#?}");
}

#[test]
fn a_right_scenario_is_read() {
    let loaded = load(GOOD.as_bytes(), &registry()).unwrap();
    assert_eq!(loaded.scenario.faults.len(), 4);
    let written = serde_json::to_string(&loaded.scenario).unwrap();
    assert_eq!(load(written.as_bytes(), &registry()).unwrap().hash, loaded.hash);
}

#[test]
fn identity_is_what_the_scenario_says_not_how() {
    let hash = |from, to| {
        load(GOOD.replacen(from, to, 1).as_bytes(), &registry()).unwrap().hash.to_string()
    };
    let base = hash("", "");
    assert_eq!(hash("A deposed", "The deposed"), base);
    assert_eq!(hash("must not", "may never"), base);
    assert_eq!(hash("\"leader_changes\": 1", "\"leader_changes\": 2"), base);
    assert_eq!(hash("\"for\": \"3s\"", "\"for\": \"3000ms\""), base);
    assert_eq!(hash("\"nodes\": 5, ", ""), base);
    assert_ne!(hash("\"at\": \"4s\"", "\"at\": \"4.1s\""), base);
    assert_ne!(hash("\"clients\": 3", "\"clients\": 4"), base);
    assert_eq!(base, "438c8352f46e1fd05039c6bd9f730a79", "stored replay lines carry this");
}

#[test]
fn wrong_fields() {
    table(&[
        (
            "\"pause\"",
            "\"pasue\"",
            "13:32 faults[0].pasue: unknown field `pasue` (did you mean `pause`?)",
        ),
        (
            "\"loss\": \"1%\"",
            "\"loss\": 1",
            "11:66 network.loss: found `1`, expected a share such as \"1%\", \"0.5%\" or \"250ppm\", at most \"100%\"",
        ),
        (
            "\"4s\"",
            "\"4 parsecs\"",
            "13:13 faults[0].at: found \"4 parsecs\", expected a duration such as \"250ms\" or \"1.5s\" (ns, us or µs, ms, s, m or min, h, d)",
        ),
        (
            "\"nodes\": 5",
            "\"nodes\": 300",
            "8:25 cluster.nodes: found `300`, expected 1 to 128 nodes",
        ),
        (
            "\"nodes\": 5",
            "\"nodes\": 5.0",
            "8:25 cluster.nodes: found `5.0`, expected a whole number from 1 to 128",
        ),
        (
            "\"tolerated\"",
            "\"tolerate\"",
            "18:38 chaos.limits: unknown value `tolerate` (did you mean `tolerated`?)",
        ),
        (
            "\"title\": \"A deposed leader wakes up\",",
            "",
            "1:1 : missing field `title` (add `\"title\": ...` to this object)",
        ),
        (
            "\"at\": \"5s\", ",
            "",
            "14:5 faults[1]: missing field `at` (add `\"at\": ...` to this object)",
        ),
        (
            "\"version\": 1",
            "\"version\": 2",
            "3:14 version: this is a file of format version 2, expected 1 (run it with the command that it was written for, or write it anew for version 1)",
        ),
        (
            "\"node\": 1",
            "\"node\": 1, \"prat\": \"x\"",
            "16:55 faults[3].partition.from.prat: unknown field `prat` (did you mean `part`?)",
        ),
        (
            "\"calm\"",
            "\"title\": \"again\", \"calm\"",
            "19:3 title: duplicate field `title` (leave out one of them)",
        ),
    ]);
}

#[test]
fn wrong_names_and_numbers() {
    table(&[
        ("\"fake\"", "\"fakes\"", "6:13 system: unknown system `fakes` (did you mean `fake`?)"),
        (
            "fake/forgetful",
            "fake/forgetfull",
            "7:13 mutant: unknown planted bug `fake/forgetfull` of system `fake` (did you mean `fake/forgetful`?)",
        ),
        (
            "\"leader\"",
            "\"laeder\"",
            "13:53 faults[0].pause.target: unknown target `laeder` of system `fake` (did you mean `leader`?)",
        ),
        (
            "\"rack 1\" }",
            "\"rack 2\" }",
            "15:56 faults[2].partition.groups[0].group: unknown group `rack 2` (did you mean `rack 1`?)",
        ),
        (
            "[2, 3]",
            "[2, 5]",
            "15:83 faults[2].partition.groups[1].nodes[1]: there is no node 5 (the nodes are 0 to 4)",
        ),
        (
            "[0, 1]",
            "[0, 0]",
            "8:54 cluster.groups[\"rack 1\"][1]: node 0 is listed twice (leave out one of them)",
        ),
        (
            "\"X1\"",
            "\"XL\"",
            "20:52 expect.invariant: XL is a liveness property: it stalls (expect `\"observed\": \"stalled\"`)",
        ),
        (
            "leader_changes",
            "leader_change",
            "20:72 expect.at_least.leader_change: unknown count `leader_change` (did you mean `leader_changes`?)",
        ),
        (
            "\"from\": { \"node\": 1 }, ",
            "",
            "16:19 faults[3].partition: a one-way partition without `from` (give exactly one of `groups`, `isolate`, `from` with `to`, and `shape`)",
        ),
        ("\"30s\"", "\"1s\"", "19:23 calm.within: shorter than the bound"),
        (
            "\"most\": 3",
            "\"most\": \"3\"",
            "9:51 settings.batch.most: found \"3\", expected a whole number from 0 to 4294967295",
        ),
        (
            "\"mean\": \"4ms\"",
            "\"mean\": \"4us\"",
            "11:49 network.delay.mean: the mean 4us is shorter than the minimum 1ms (make the mean at least the minimum)",
        ),
    ]);
}

#[test]
fn many_mistakes_at_once_and_none_that_follow_from_others() {
    let text = r#"{
  "version": 1,
  "system": "fake",
  "colour": "red",
  "cluster": { "nodes": "five" },
  "faults": [
    { "at": 4, "pause": { "target": "leader" } },
    { "at": "4s", "crsh": { "target": "leader" } },
    { "at": "4s" },
    { "at": "4s", "crash": { "target": 7 } },
    { "at": "4s", "pause": { "target": "leader" }, "loss": { "ratio": "1%" } },
    { "at": "4s", "crash": { "target": { "node": 9 } } }
  ],
  "expect": { "observed": "hold" }
}"#;
    let found = mistakes(text);
    let expected = [
        "1:1 : missing field `title`",
        "4:3 colour: unknown field `colour` (known here: ",
        "5:25 cluster.nodes: found \"five\", expected a whole number from 1 to 128",
        "7:13 faults[0].at: found `4`, expected a duration",
        "8:19 faults[1].crsh: unknown field `crsh` (did you mean `crash`?)",
        "9:5 faults[2]: a fault of no kind",
        "10:40 faults[3].crash.target: found `7`, expected a target",
        "11:52 faults[4].loss: a fault of 2 kinds: `pause`, `loss`",
        "12:50 faults[5].crash.target.node: there is no node 9",
        "14:27 expect.observed: unknown value `hold` (did you mean `held`?)",
    ];
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.starts_with(expected), "{found}\n{expected}");
    }
}

#[test]
fn what_is_not_json_is_explained() {
    let first = |text: &str| mistakes(text).swap_remove(0);
    assert!(first("").contains("`interregnum scenario new FILE`"));
    assert_eq!(first("[]"), "1:1 : found a list, expected an object");
    assert_eq!(
        first("{\n  \"a\": 1,\n}"),
        "2:9 : this is not JSON: a comma too many (JSON allows no comma after the last item)"
    );
    assert_eq!(
        first(&"[".repeat(100_000)),
        "1:65 : more than 64 levels deep (no field of a scenario lies that deep: is a bracket missing?)"
    );
    assert!(first(&format!("{}{}", "[".repeat(64), "]".repeat(64))).contains("expected an object"));
    assert!(first(&" ".repeat(MOST_BYTES + 1)).contains("larger than"));
    let bytes = load(b"{\"title\": \"\xff\"}", &registry()).unwrap_err();
    assert_eq!((bytes[0].line, bytes[0].column), (1, 12));
    let bom = format!("\u{feff}{GOOD}");
    assert!(load(bom.as_bytes(), &registry()).is_ok());
}

#[test]
fn hostile_sizes_are_refused_quickly() {
    let fault = r#"{"at":"1s","crash":{"target":"all"}}"#;
    let many = |count: usize, fault: &str| {
        let faults = vec![fault; count].join(",");
        format!(r#"{{"version":1,"title":"t","system":"fake","faults":[{faults}]}}"#)
    };
    assert!(load(many(MOST_FAULTS, fault).as_bytes(), &registry()).is_ok());
    assert!(mistakes(&many(MOST_FAULTS + 1, fault))[0].contains("expected at most 10000"));
    assert_eq!(mistakes(&many(MOST_FAULTS, r#"{"at":"1s","crsh":{}}"#)).len(), 20);
    assert_eq!(mistakes(&many(MOST_FAULTS, r#"{"at":"1s"}"#)).len(), 20);
    let wide = format!("{{{}}}", vec![r#""x":0"#; 100_000].join(","));
    assert_eq!(mistakes(&wide).len(), 20);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// Whatever is done to a file, it is read or refused, and each mistake has its place in it.
    #[test]
    fn no_file_is_too_strange(
        edits in prop::collection::vec(
            (any::<prop::sample::Index>(), 0..4_u8, any::<u8>(), 0..40_usize), 1..6,
        ),
    ) {
        let mut bytes = GOOD.as_bytes().to_vec();
        for (index, edit, byte, length) in edits {
            if bytes.is_empty() {
                break;
            }
            let at = index.index(bytes.len());
            let end = (at + length).min(bytes.len());
            match edit {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, b"{}[]\",:0-ens\\"[usize::from(byte) % 13]),
                2 => drop(bytes.drain(at..end)),
                _ => bytes.extend_from_within(at..end),
            }
        }
        if let Err(problems) = load(&bytes, &registry()) {
            prop_assert!(!problems.is_empty() && problems.len() <= 20);
            for problem in problems {
                prop_assert!(problem.span.start <= problem.span.end);
                prop_assert!(problem.span.end <= bytes.len());
                prop_assert!(problem.line >= 1 && problem.column >= 1);
            }
        }
    }

    /// Values of any type in any field are read or refused with a place.
    #[test]
    fn any_value_in_any_field(
        from in prop::sample::select(vec![
            "\"4s\"", "5", "\"leader\"", "[0, 1]", "{ \"any\": \"follower\" }", "\"1%\"", "3",
            "{ \"node\": 1 }", "\"tolerated\"", "[\"crash\", \"power-loss\"]", "1",
        ]),
        to in prop::sample::select(vec![
            "null", "true", "[]", "{}", "\"\"", "-1", "1e400", "18446744073709551616", "[[{}]]",
            "{\"a\":{\"b\":null}}", "0.5", "\"\\u0000\"",
        ]),
    ) {
        if let Err(problems) = load(GOOD.replace(from, to).as_bytes(), &registry()) {
            prop_assert!(!problems.is_empty());
        }
    }
}

/// Puts a fault into the right scenario and demands exactly one mistake, for each row.
#[track_caller]
fn faults(rows: &[(&str, &str)]) {
    let wrong = |fault: &str| {
        let text = GOOD.replacen(
            r#"{ "at": "4s", "for": "3s", "pause": { "target": "leader" } }"#,
            fault,
            1,
        );
        assert_ne!(text, GOOD);
        mistakes(&text).join("\n")
    };
    let found: Vec<_> = rows.iter().map(|(fault, _)| wrong(fault)).collect();
    let expected: Vec<_> = rows.iter().map(|(_, expected)| *expected).collect();
    assert_eq!(found, expected, "{found:#?}");
}

#[test]
fn every_kind_of_fault_is_read() {
    for fault in [
        r#"{ "at": "4s", "loss": { "ratio": "5%", "only": { "class": "promise" } } }"#,
        r#"{ "at": "4s", "delay": { "extra": { "min": "1s", "mean": "1s" }, "target": { "node": 1 },
             "only": { "peer": { "node": 2 } } } }"#,
        r#"{ "at": "4s", "hold": { "ratio": "5%", "extra": { "min": "1s", "mean": "2s" } } }"#,
        r#"{ "at": "4s", "clog": { "only": { "links": "clients" } } }"#,
        r#"{ "at": "4s", "slow": { "target": { "group": "rack 1" }, "times": 20 } }"#,
        r#"{ "at": "4s", "clock_rate": { "target": "all", "ppm": -500000 } }"#,
        r#"{ "at": "4s", "clock_step": { "target": "leader", "back": "1h" } }"#,
        r#"{ "at": "4s", "partition": { "shape": "constrained", "around": { "node": 0 } } }"#,
        r#"{ "at": "4s", "when": { "seam": "promise-sent", "side": "before", "nth": 2, "within": "1s" },
             "crash": { "target": "all" } }"#,
        r#"{ "at": "4s", "when": { "seam": "sync" }, "partition": { "isolate": "leader" } }"#,
    ] {
        let text = GOOD.replacen(
            r#"{ "at": "4s", "for": "3s", "pause": { "target": "leader" } }"#,
            fault,
            1,
        );
        let loaded =
            load(text.as_bytes(), &registry()).unwrap_or_else(|e| panic!("{fault}: {e:?}"));
        let written = serde_json::to_string(&loaded.scenario).unwrap();
        assert_eq!(load(written.as_bytes(), &registry()).unwrap().hash, loaded.hash, "{fault}");
    }
}

#[test]
fn wrong_messages_and_links() {
    faults(&[
        (
            r#"{ "at": "4s", "loss": { "ratio": "5%", "only": { "class": "promize" } } }"#,
            "13:63 faults[0].loss.only.class: unknown class of messages `promize` of system `fake` (did you mean `promise`?)",
        ),
        (
            r#"{ "at": "4s", "loss": { "ratio": "0%" } }"#,
            "13:38 faults[0].loss.ratio: a share of nothing strikes nothing (give a share such as \"50%\", or leave the fault out)",
        ),
        (
            r#"{ "at": "4s", "clog": { "only": { "links": "client" } } }"#,
            "13:48 faults[0].clog.only.links: unknown value `client` (did you mean `clients`?)",
        ),
        (
            r#"{ "at": "4s", "clog": { "only": { "links": "disks" } } }"#,
            "13:48 faults[0].clog.only.links: the system has no shared disks (leave it out)",
        ),
        (
            r#"{ "at": "4s", "slow": { "target": "leader", "times": 1 } }"#,
            "13:58 faults[0].slow.times: found `1`, expected 2 to 10000",
        ),
        (
            r#"{ "at": "4s", "crash": { "target": { "node": 1, "part": "worker" } } }"#,
            "13:61 faults[0].crash.target.part: unknown part `worker` of system `fake` (known here: `main`)",
        ),
        (
            r#"{ "at": "4s", "partition": { "shape": "brigde" } }"#,
            "13:43 faults[0].partition.shape: unknown value `brigde` (did you mean `bridge`?)",
        ),
        (
            r#"{ "at": "4s", "partition": { "shape": "ring", "around": { "node": 1 } } }"#,
            "13:51 faults[0].partition.around: this shape has no middle (leave it out, or choose `bridge`, `quorum-loss` or `constrained`)",
        ),
    ]);
}
