use super::*;
use crate::documents::{self, File};
use crate::json::End;
use crate::{audit::Audit, fixture};
use interregnum_sim::outcome::{Evidence, Observed};

/// A run of so many lines, each of which follows from the one before.
fn run(lines: u64, process: impl Fn(u64) -> String) -> Kept {
    let mut summary = fixture::summary("t", 1, &[fixture::outcome(1, Observed::Violated, 1)]);
    let mut kept = summary.kept.pop().unwrap();
    let line = |number: u64| TraceLine {
        process: Some(process(number)),
        peer: None,
        what: "w".to_owned(),
        state: None,
        kind: "sent".to_owned(),
        at_ns: 5,
        ..fixture::line(number, number.checked_sub(1))
    };
    let lines: Vec<_> = (0..lines).map(line).collect();
    kept.recording =
        Some(Recording { total: lines.len() as u64, lines, neighbour: None, interrupted: false });
    kept
}

fn files_of(kept: &Kept) -> Vec<File> {
    let mut summary = fixture::summary("t", 1, &[fixture::outcome(1, Observed::Violated, 1)]);
    summary.kept = vec![kept.clone()];
    let end = End { summaries: &[summary], interrupted: false, error: None };
    documents::of_run(&end, "1.0.0").unwrap()
}

/// How large all documents on a run are together, and what its page says of what was left out.
fn size_of(kept: &Kept) -> (usize, String) {
    let files = files_of(kept);
    let page = &files.last().unwrap().text;
    let said =
        page.split("<p>too long for a report, which leaves out: ").nth(1).unwrap_or_default();
    let said = said.split("</p>").next().unwrap().to_owned();
    (files.iter().map(|file| file.text.len()).sum(), said)
}

/// What is small in a file stays small in the documents that are made of it, in an audit's, too.
#[test]
fn documents_do_not_become_many_times_as_large_as_results() {
    let many_processes = run(3_000, |number| format!("n{}/p{}", number % 250, number / 250));
    let mut many_facts = run(660, |_| "n1".to_owned());
    let fact = Evidence { at_ns: 5, node: Some(1), what: "w".to_owned() };
    many_facts.outcome.violation.as_mut().unwrap().evidence = vec![fact; 6_000];
    let mut large_state = run(660, |_| "n1".to_owned());
    large_state.recording.as_mut().unwrap().lines[0].state = Some("s".repeat(500_000));
    let mut long_names = run(660, |number| format!("n{number}{}", "x".repeat(2_000)));
    long_names.outcome.violation = None;
    for (kept, left_out, most) in [
        (many_processes, "2,300 recorded lines", 8_000_000),
        (many_facts, "5,700 facts", 8_000_000),
        (large_state, "1 end of a text", 8_000_000),
        (long_names, "", 40_000_000),
    ] {
        let (size, said) = size_of(&kept);
        assert!(size < most, "{left_out}: {size}");
        assert_eq!(said, left_out);
        let mut audit: Audit = fixture::audit();
        audit.rows.truncate(1);
        audit.rows[0].failed = Some(kept);
        let files = documents::of_audit(&audit).unwrap();
        assert!(files.iter().map(|file| file.text.len()).sum::<usize>() < most, "{left_out}");
        assert!(files.iter().any(|file| file.text.contains(left_out)));
    }
}

/// A state that is found again and again is told whole where it was found.
#[test]
fn a_state_is_told_whole_once() {
    let mut kept = run(300, |_| "n1".to_owned());
    kept.recording.as_mut().unwrap().lines[0].state = Some(format!("{}END", "s".repeat(5_000)));
    let files = files_of(&kept);
    let page = &files.last().unwrap().text;
    assert_eq!(page.matches("sEND").count(), 1);
    assert_eq!(page.matches("s…").count(), 299);
}

#[test]
fn what_is_stored_by_a_run_is_not_cut() {
    let summaries = fixture::summaries();
    assert_eq!(super::summaries(&summaries), summaries);
    let audit = fixture::audit();
    assert_eq!(super::audit(&audit), audit);
}
