use super::*;
use crate::fixture;
use roxmltree::{Document, Node};

/// The cases of a document, as a parser reads them that is not the writer's.
fn cases<'d>(document: &'d Document<'d>, suite: usize) -> Vec<(&'d str, &'d str, Node<'d, 'd>)> {
    let is = |name| move |node: &Node<'d, 'd>| node.has_tag_name(name);
    let suite = document.root_element().children().filter(is("testsuite")).nth(suite).unwrap();
    let result = |case: &Node<'d, 'd>| {
        let result = case
            .children()
            .find(|child| ["failure", "error", "skipped"].contains(&child.tag_name().name()));
        result.map_or("success", |result| result.tag_name().name())
    };
    let cases = suite.children().filter(is("testcase"));
    cases.map(|case| (case.attribute("name").unwrap(), result(&case), case)).collect()
}

fn results<'d>(document: &'d Document<'d>, suite: usize) -> Vec<(&'d str, &'d str)> {
    let short = |name: &'d str| name.split(" a name").next().unwrap();
    cases(document, suite).into_iter().map(|(name, result, _)| (short(name), result)).collect()
}

#[test]
fn whatever_is_said_in_a_run_the_document_is_well_formed() {
    let summaries = fixture::summaries();
    let error = Some(fixture::HOSTILE);
    let end = End { summaries: &summaries, interrupted: true, error };
    let text = run(&end, "1.0.0").unwrap();
    let document = Document::parse(&text).unwrap();
    assert_eq!(
        results(&document, 0),
        [("verdict", "success"), ("Z0", "success"), ("Z1", "skipped")]
    );
    let failed = [
        ("verdict", "failure"),
        ("Z0", "success"),
        ("Z1", "skipped"),
        ("Z2", "skipped"),
        ("Z3", "error"),
        ("Z4", "failure"),
        ("Z5", "failure"),
    ];
    assert_eq!(results(&document, 1), failed);
    assert_eq!(results(&document, 2)[0], ("verdict", "error"));
    assert_eq!(results(&document, 3), [("verdict", "error")]);
    assert_eq!(results(&document, 4), [("interrupted", "error"), ("internal error", "error")]);
    let counts =
        ["tests", "failures", "errors"].map(|name| document.root_element().attribute(name));
    assert_eq!(counts, [Some("16"), Some("3"), Some("5")]);
}

#[test]
fn a_failure_is_told_run_by_run_with_its_command_line() {
    let summaries = fixture::summaries();
    let end = End { summaries: &summaries[1..2], interrupted: false, error: None };
    let text = run(&end, "1.0.0").unwrap();
    let document = Document::parse(&text).unwrap();
    let (_, _, case) = cases(&document, 0).pop().unwrap();
    assert_eq!(case.attribute("classname"), Some("folder/a,b:c.json"));
    let child = |name| case.children().find(|child| child.has_tag_name(name)).unwrap();
    let failure = child("failure");
    assert!(failure.attribute("message").unwrap().ends_with("(in 20 of 20 runs)"));
    assert_eq!(failure.attribute("type"), Some("violated"));
    let body = failure.text().unwrap();
    for expected in ["seed 0x0", "seed 0xb", "on n1", "8 more runs not shown here"] {
        assert!(body.contains(expected), "{expected}: {body}");
    }
    let lines: Vec<_> = child("system-out").text().unwrap().lines().collect();
    assert_eq!((lines.len(), lines[1]), (12, "interregnum replay it --seed 0x1"));
}

#[test]
fn an_audit_is_a_suite_for_each_system() {
    let text = audit(&fixture::audit()).unwrap();
    let document = Document::parse(&text).unwrap();
    let (bug, twin) = ("z/bug", "z/bug (sound twin)");
    let expected = [
        (bug, "success"),
        (twin, "success"),
        (bug, "error"),
        (twin, "success"),
        (bug, "failure"),
        (twin, "success"),
        (bug, "failure"),
        (twin, "success"),
        (bug, "failure"),
        (twin, "success"),
        (bug, "failure"),
        (bug, "success"),
        (twin, "failure"),
        (bug, "success"),
        (twin, "error"),
        ("z/spared", "skipped"),
    ];
    assert_eq!(results(&document, 0), expected);
    assert_eq!(results(&document, 1).len(), 2);
}
