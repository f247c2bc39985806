use super::*;
use crate::{Case, Record};
use interregnum_core::Fingerprint;
use interregnum_sim::campaign::Seeds;
use interregnum_sim::outcome::{
    Caveat, Highlight, HighlightKind, Observed, Outcome, PropertyKind, PropertyOutcome, Violation,
};
use interregnum_sim::scenario::Scenario;
use interregnum_sim::verdict::judge;

const HOSTILE: &str = "</title></style><script>alert(1)</script>\"'&\u{202e}\u{1b}[31m";

fn scenario() -> Scenario {
    let text = r#"{"version": 1, "title": "t", "system": "none"}"#;
    serde_json::from_str(text).unwrap()
}

/// A run in which every text is hostile.
fn violation() -> Violation {
    Violation {
        invariant: "A1".to_owned(),
        name: HOSTILE.to_owned(),
        formula: HOSTILE.to_owned(),
        what: HOSTILE.to_owned(),
        evidence: Vec::new(),
        at_ns: u64::MAX,
        event: 1,
        nodes: vec![0, 200],
        faults: vec![HOSTILE.to_owned()],
    }
}

fn outcome(seed: u64, highlights: u64) -> Outcome {
    let kinds = [
        HighlightKind::FaultBegan,
        HighlightKind::Rose,
        HighlightKind::Paused,
        HighlightKind::Down,
        HighlightKind::FaultEnded,
        HighlightKind::Up,
        HighlightKind::Resumed,
        HighlightKind::Fell,
        HighlightKind::Calm,
    ];
    let highlight = |n: u64| Highlight {
        at_ns: n * 1_000,
        node: (!n.is_multiple_of(3)).then_some(u8::try_from(n % 7).unwrap()),
        kind: kinds[usize::try_from(n).unwrap() % kinds.len()],
        what: HOSTILE.to_owned(),
    };
    Outcome {
        seed,
        observed: Observed::Violated,
        fingerprint: Fingerprint(1),
        virtual_ns: highlights * 1_000,
        events: u64::MAX,
        properties: vec![PropertyOutcome {
            id: "A1".to_owned(),
            name: HOSTILE.to_owned(),
            formula: HOSTILE.to_owned(),
            kind: PropertyKind::Invariant,
            verdict: Finding::Violated,
            checked: u64::MAX,
            exercised: 1,
            violated: 1,
            last_exercised_ns: None,
            took_ns: None,
            bound_ns: None,
        }],
        faults: Vec::new(),
        idle_faults: Vec::new(),
        counts: [(HOSTILE.to_owned(), u64::MAX)].into(),
        drawn: vec![(HOSTILE.to_owned(), HOSTILE.to_owned())],
        violation: Some(violation()),
        highlights: (0..highlights).map(highlight).collect(),
        highlights_left_out: 5,
        highlights_gap: usize::try_from(highlights / 2).unwrap(),
        latency: Default::default(),
        caveats: vec![Caveat {
            at_ns: 7,
            what: HOSTILE.to_owned(),
            ends_claims: true,
            kinds: Vec::new(),
        }],
    }
}

fn page_of(runs: u64, highlights: u64) -> String {
    let scenario = scenario();
    let mut case = Case::new(HOSTILE, &scenario, Fingerprint(0));
    case.title = HOSTILE.to_owned();
    case.why = HOSTILE.to_owned();
    let seeds = Seeds { first: 0, count: runs };
    let mut summary = Summary::new(case.clone(), &scenario, seeds);
    for seed in 0..runs {
        let outcome = outcome(seed, highlights);
        let judgement = judge(&scenario, &outcome);
        let record =
            Record { case: &case, outcome: &outcome, judgement: &judgement, replay: HOSTILE };
        summary.add(&record);
    }
    let summaries = [summary];
    let end = End { summaries: &summaries, interrupted: true, error: Some(HOSTILE) };
    of_run(&end, HOSTILE).pop().unwrap().text
}

#[test]
fn no_text_gets_out_of_its_place() {
    let page = page_of(3, 40);
    assert_eq!(page.matches("<script").count(), 1, "its own");
    assert!(page.matches("</title>").count() > 0);
    assert!(page.contains("&lt;script&gt;alert(1)"));
    assert!(page.chars().all(|c| c == '\n' || !(c.is_control() || c == '\u{202e}')));
}

#[test]
fn a_page_has_a_bounded_size() {
    let small = page_of(2_000, 100).len();
    let large = page_of(20_000, 100).len();
    assert!(large < small + 100, "{small} {large}");
    assert!(small < 2_000_000, "{small}");
}

#[test]
fn a_run_without_anything_is_drawn_too() {
    assert!(page_of(0, 0).contains("nothing ran"));
    assert!(page_of(1, 1).contains("violated"));
}

/// Of a run whose middle was not kept the first and the last events are told, and how many lie between.
#[test]
fn what_was_left_out_lies_between_what_is_told() {
    let at = |at_ns: u64, kind, what: &str| Highlight {
        at_ns: at_ns * 1_000_000_000,
        node: Some(1),
        kind,
        what: what.to_owned(),
    };
    let mut run = outcome(1, 0);
    run.highlights_left_out = 1_234;
    run.highlights = (0..500).map(|n| at(n, HighlightKind::Up, &format!("up {n}"))).collect();
    run.highlights_gap = 100;
    let words = run::events(&run).into_string();
    for shown in ["up 0<", "up 99<", "1,434 more", "up 300<", "up 499<"] {
        assert!(words.contains(shown), "{shown}");
    }
    assert!(!words.contains("up 100<") && !words.contains("up 299<"));
    run.highlights.truncate(250);
    run.highlights_left_out = 0;
    let words = run::events(&run).into_string();
    assert!((0..250).all(|n| words.contains(&format!("up {n}<"))) && !words.contains("more"));
}

/// Browsers compare the script with the digest in the policy of the page.
#[test]
fn the_policy_names_the_script() {
    use base64::prelude::{BASE64_STANDARD, Engine};
    use sha2::{Digest, Sha256};
    let digest = BASE64_STANDARD.encode(Sha256::digest(SCRIPT));
    assert_eq!(DIGEST, format!("sha256-{digest}"));
    assert!(page_of(1, 1).contains(&format!("<script>{SCRIPT}</script>")));
}

/// Whatever an audit was told, its pages hold it as text.
#[test]
fn no_text_gets_out_of_its_place_in_an_audit() {
    for file in of_audit(&crate::fixture::audit()) {
        assert_eq!(file.text.matches("<script").count(), 1, "{}", file.path);
        assert!(!file.text.contains("<b> `"), "{}", file.path);
        assert!(file.text.chars().all(|c| c == '\n' || !(c.is_control() || c == '\u{202e}')));
    }
}

/// Above so many scenarios some have no section: nothing points at it, and no trace is stored that no page
/// names.
#[test]
fn every_address_on_a_page_leads_somewhere() {
    let outcome = crate::fixture::outcome(1, Observed::Violated, 1);
    let mut summary = crate::fixture::summary("t", 1, &[outcome]);
    summary.kept[0].recording = Some(crate::fixture::recording(10));
    let summaries = vec![summary; MOST_EXPLAINED + 5];
    let end = End { summaries: &summaries, interrupted: false, error: None };
    let files = crate::documents::of_run(&end, "1.0.0").unwrap();
    let index = &files.last().unwrap().text;
    assert!(index.contains("200 of the scenarios are explained below"));
    let section = index.split("href=\"#s").skip(1).map(|rest| rest.split('"').next().unwrap());
    let sections: Vec<_> = section.filter(|number| number.parse::<usize>().is_ok()).collect();
    assert_eq!(sections.len(), MOST_EXPLAINED);
    assert!(sections.iter().all(|number| index.contains(&format!("id=\"s{number}\""))));
    let pages = || files.iter().filter(|file| file.path.ends_with(".html"));
    for file in files.iter().filter(|file| file.path.starts_with("traces/")) {
        let is_named = |page: &File| page.text.contains(&file.path);
        assert!(pages().any(is_named), "{}", file.path);
    }
    let named = pages().map(|page| page.text.matches(".shiviz.log\"").count()).sum::<usize>();
    assert_eq!(files.iter().filter(|file| file.path.ends_with(".shiviz.log")).count(), named);
}

/// The page on runs of a scenario that looks for a failure.
fn page_on(observed: &[Observed]) -> String {
    let text = r#"{"version": 1, "title": "t", "system": "none",
        "expect": {"observed": "violated"}}"#;
    let scenario: Scenario = serde_json::from_str(text).unwrap();
    let case = Case::new("t.json", &scenario, Fingerprint(0));
    let seeds = Seeds { first: 0, count: observed.len() as u64 };
    let mut summary = Summary::new(case.clone(), &scenario, seeds);
    for (seed, observed) in (0..).zip(observed) {
        let mut outcome = crate::fixture::outcome(seed, observed.clone(), 1);
        let is_plain = |finding| matches!(finding, Finding::Held | Finding::Violated);
        outcome.properties.retain(|property| is_plain(property.verdict));
        let judgement = judge(&scenario, &outcome);
        summary.add(&Record { case: &case, outcome: &outcome, judgement: &judgement, replay: "r" });
    }
    let summaries = [summary.clone(), summary];
    let end = End { summaries: &summaries, interrupted: false, error: None };
    of_run(&end, "1.0.0").pop().unwrap().text
}

/// The runs in the order of a page, each below its heading.
#[test]
fn a_run_that_passed_is_not_among_those_that_did_not() {
    let panicked = Observed::Panicked("no such node".to_owned());
    let page = page_on(&[Observed::Violated, panicked]);
    let place = |text: &str| page.find(text).unwrap_or_else(|| panic!("{text}: {page}"));
    let wrong = place("<h3>The run that did not pass</h3>");
    let found = place("<h3>The failure that was looked for</h3>");
    assert!(wrong < place("seed 0x1, panicked") && place("seed 0x1, panicked") < found);
    assert!(found < place("seed 0x0, violated"));
}

/// Each run is in one of the columns.
#[test]
fn runs_without_the_failure_that_was_looked_for_are_counted() {
    let page = page_on(&vec![Observed::Held; 10]);
    assert!(page.contains("<th class=\"n\">Without the failure</th>"));
    let row = page.split("href=\"#s0\"").nth(1).unwrap().split("</tr>").next().unwrap();
    let cells = row.split("<td class=\"n\">").skip(1);
    let counts: Vec<_> = cells.map(|cell| cell.split('<').next().unwrap()).collect();
    assert_eq!(counts, ["10", "0", "0", "0", "10"], "{row}");
    assert!(!page_on(&[Observed::Violated]).contains("Without the failure"));
}

/// In the terminal, on every page and in every picture.
#[test]
fn one_node_is_not_called_nodes() {
    let mut alone = outcome(1, 40);
    alone.highlights.iter_mut().for_each(|event| event.node = event.node.and(Some(0)));
    let mut summary = crate::fixture::summary("t", 1, &[alone]);
    summary.case.nodes = 1;
    summary.kept[0].recording = Some(crate::fixture::recording(10));
    let text = crate::terminal::summary(crate::terminal::Look::PLAIN, &summary);
    assert!(text.contains(" · 1 node · "), "{text}");
    let mut audit = crate::fixture::audit();
    audit.rows.iter_mut().flat_map(|row| &mut row.case).for_each(|case| case.nodes = 1);
    let summaries = vec![summary; MOST_EXPLAINED];
    let end = End { summaries: &summaries, interrupted: false, error: None };
    let files = of_run(&end, "1.0.0").into_iter().chain(of_audit(&audit));
    for File { path, text } in files.filter(|file| file.path.ends_with(".html")) {
        assert!(!text.contains("1 nodes"), "{path}");
        if path.starts_with("runs/") {
            assert!(text.contains(", 1 node<"), "{path}");
        }
        assert!(path.contains("bug") || path == "index.html" || text.contains("the only node"));
    }
}
