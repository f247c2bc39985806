//! What people see: reports, opened from the disk in a browser without a window.
//!
//! Where there is no Chromium these tests say that they were not run, and pass; with
//! `INTERREGNUM_BROWSER=required` its absence is a failure. `INTERREGNUM_CHROMIUM` names it if it is not on the
//! path. `INTERREGNUM_REPORT=FILE` has another report looked at, such as that on all scenarios, and
//! `INTERREGNUM_PICTURE=FILE` makes the picture of `README.md` anew.

mod page;

use interregnum::{Exit, Io, Program, builtin, command_from};
use page::{Chromium, Scheme, View};
use std::fs;
use std::io::sink;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const PLANTED: &str = "paxos/ignores-reported-value";

/// What a page must not fall for, in the words of a scenario and in the names of files.
const HOSTILE: &str = "<script>document.title='pwned'</script>\"'><img src=x onerror=\"document.title='pwned'\">\
    </style></title></script><svg onload=\"document.title='pwned'\">";
const HOSTILE_NAME: &str = "<img src=x onerror=document.title='pwned'>\"'";

/// Runs the command inside of this process.
fn interregnum(args: &[&str]) -> Exit {
    let program = Program::new(builtin());
    let mut io = Io::new(Box::new(sink()), Box::new(sink()));
    command_from(&program, ["interregnum"].iter().chain(args), &mut io)
}

/// A report on a planted bug and on a scenario that holds, or the one that is named.
fn report() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    if let Some(named) = std::env::var_os("INTERREGNUM_REPORT") {
        return (folder, fs::canonicalize(named).unwrap());
    }
    let out = folder.path().join("out");
    let quiet =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios/paxos/leader-crashes.json");
    let args = ["run", PLANTED, &quiet.display().to_string(), "--out", &out.display().to_string()];
    assert_eq!(interregnum(&args), Exit::Passed);
    (folder, out.join("index.html"))
}

#[test]
fn a_report_asks_for_nothing_and_is_seen_in_every_light() {
    let Some(chromium) = Chromium::start() else { return };
    let (_folder, file) = report();
    let mut backgrounds = Vec::new();
    for (scheme, scripts) in
        [(Scheme::Light, true), (Scheme::Dark, true), (Scheme::Light, false), (Scheme::Dark, false)]
    {
        for (width, height) in [(1200, 900), (400, 800)] {
            let view = View { scheme, scripts, width, height };
            let page = chromium.open(&file, "", view);
            assert_eq!(page.requests(), Vec::<String>::new(), "{view:?}");
            assert_eq!(page.complaints(), Vec::<String>::new(), "{view:?}");
            let picture = page.picture();
            assert!(picture.colours > 20 && picture.ink_percent >= 2, "{view:?}: {picture:?}");
            assert!(picture.ink_percent < 60, "{view:?}: {picture:?}");
            let wide = page.text("(e => e.scrollWidth - e.clientWidth)(document.documentElement)");
            assert_eq!(wide, "0", "it can be read without scrolling sideways: {view:?}");
            backgrounds.push((scheme, picture.background));
        }
    }
    let brightness = |background: [u8; 3]| background.map(u32::from).iter().sum::<u32>();
    for (scheme, background) in backgrounds {
        match scheme {
            Scheme::Light => assert!(brightness(background) > 600, "{background:?}"),
            Scheme::Dark => assert!(brightness(background) < 150, "{background:?}"),
        }
    }
}

#[test]
fn those_who_do_not_see_are_told() {
    let Some(chromium) = Chromium::start() else { return };
    let (_folder, file) = report();
    let page = chromium.open(&file, "", View::default());
    for (what, count) in [
        ("html[lang]", "1"),
        ("h1", "1"),
        ("svg:not([role=img][aria-label]):not([aria-hidden])", "0"),
        ("th:empty:not([aria-hidden])", "0"),
        ("input:not([id])", "0"),
        ("img, iframe, link, object, embed, [onclick], [onerror], [onload]", "0"),
        ("script", "1"),
    ] {
        let found = page.text(&format!("document.querySelectorAll('{what}').length"));
        assert_eq!(found, count, "{what}");
    }
    let unnamed = "[...document.querySelectorAll('input')].filter(i => !i.labels.length).length";
    assert_eq!(page.text(unnamed), "0");
    let doubles = "(ids => ids.length - new Set(ids).size)([...document.querySelectorAll('[id]')].map(e => e.id))";
    assert_eq!(page.text(doubles), "0", "no two things have the same name");
}

/// The first recording of which enough is not shown at first, as a selector, and the address of such a row.
fn beside(chromium: &Chromium, file: &Path) -> (String, String) {
    let page = chromium.open(file, "", View::default());
    let long = "[...document.querySelectorAll('.spacetime')].find(s => s.querySelectorAll('tr.beside').length > 50)";
    let switch = page.text(&format!("{long}.querySelector('label[for$=\"-all\"]').htmlFor"));
    let row = page.text(&format!("[...{long}.querySelectorAll('tr.beside')].at(-30).id"));
    (format!(".spacetime:has(#{switch})"), row)
}

#[test]
fn the_switch_and_the_addresses_of_events_work_with_and_without_scripts() {
    let Some(chromium) = Chromium::start() else { return };
    let (_folder, file) = report();
    let (recording, id) = beside(&chromium, &file);
    let shown = &format!(
        "[...document.querySelectorAll('{recording} tr')].filter(r => r.offsetHeight).length"
    );
    let pictures = &format!(
        "[...document.querySelectorAll('{recording} .steps > svg')].filter(s => s.clientHeight).length"
    );
    let led = &format!("{recording} label[for$='-led']");
    for scripts in [true, false] {
        let view = View { scripts, ..View::default() };
        let page = chromium.open(&file, "", view);
        let few: u32 = page.text(shown).parse().unwrap();
        page.click(&format!("{recording} label[for$='-all']"));
        let many: u32 = page.text(shown).parse().unwrap();
        assert!(few >= 20 && many > 2 * few, "{few} {many}");
        assert_eq!(page.text(pictures), "1");
        page.click(led);
        assert_eq!(page.text(shown), few.to_string());
        // The rows of the table and those of the picture are as high.
        let misfit = &format!(
            "(s => s.getBoundingClientRect().bottom - \
            s.parentElement.querySelector('table').getBoundingClientRect().bottom)\
            ([...document.querySelectorAll('{recording} .steps > svg')].find(s => s.clientHeight))"
        );
        assert_eq!(page.text(&format!("Math.abs({misfit}) < 2")), "true", "{}", page.text(misfit));

        let page = chromium.open(&file, &format!("#{id}"), view);
        let of_row =
            |what: &str| page.text(&format!("(r => {what})(document.getElementById('{id}'))"));
        assert_eq!(of_row("r.offsetHeight > 0"), "true", "scripts: {scripts}");
        let is_in_view =
            "r.getBoundingClientRect().top > 0 && r.getBoundingClientRect().bottom < innerHeight";
        assert_eq!(of_row(is_in_view), "true", "scripts: {scripts}");
        assert_eq!(of_row("r.querySelector('.detail').offsetHeight > 0"), "true");
        assert_eq!(of_row("r.offsetHeight"), "22", "the lanes keep their places");
        let others = "[...document.querySelectorAll('.detail')].filter(d => d.offsetHeight).length";
        assert_eq!(page.text(others), "1");
        if scripts {
            page.click(led);
            assert_eq!(page.text(shown), few.to_string());
        }
    }
}

#[test]
fn the_command_line_can_be_copied() {
    let Some(chromium) = Chromium::start() else { return };
    let (_folder, file) = report();
    let page = chromium.open(&file, "", View::default());
    page.text(
        "Object.defineProperty(navigator, 'clipboard', \
         { value: { writeText: text => { window.copied = text; return Promise.resolve(); } } })",
    );
    page.click("button.copy");
    let copied = page.text("window.copied");
    assert!(copied.starts_with("interregnum replay ") && copied.contains(" --seed 0x"), "{copied}");
    let page = chromium.open(&file, "", View { scripts: false, ..View::default() });
    assert_eq!(
        page.text("[...document.querySelectorAll('.copy')].filter(b => b.offsetHeight).length"),
        "0"
    );
}

#[test]
fn hostile_words_stay_words() {
    let Some(chromium) = Chromium::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let below = folder.path().join(HOSTILE_NAME);
    fs::create_dir(&below).unwrap();
    let planted = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../scenarios/audit/paxos/ignores-reported-value.json");
    let text = fs::read_to_string(planted).unwrap();
    let mut scenario: serde_json::Value = serde_json::from_str(&text).unwrap();
    for field in ["title", "why"] {
        scenario[field] = HOSTILE.into();
    }
    let file = below.join(format!("{HOSTILE_NAME}.json"));
    fs::write(&file, scenario.to_string()).unwrap();
    let out = below.join("out");
    let (file, out_name) = (file.display().to_string(), out.display().to_string());
    assert_eq!(interregnum(&["run", &file, "--out", &out_name]), Exit::Passed);
    let audit = below.join("audit");
    let audit_name = audit.display().to_string();
    assert_eq!(interregnum(&["audit", "--mutant", PLANTED, "--out", &audit_name]), Exit::Passed);
    let of_bug = audit.join("runs/paxos-ignores-reported-value.html");
    for file in [out.join("index.html"), audit.join("index.html"), of_bug] {
        let page = chromium.open(&file, "", View::default());
        assert!(!page.text("document.title").contains("pwned'") || file.starts_with(&out));
        assert_ne!(page.text("document.title"), "pwned");
        assert_eq!(page.text("document.querySelectorAll('script').length"), "1");
        assert_eq!(page.text("document.querySelectorAll('img').length"), "0");
        assert_eq!(page.requests(), Vec::<String>::new());
        assert_eq!(page.complaints(), Vec::<String>::new());
    }
    let page = chromium.open(&out.join("index.html"), "", View::default());
    for (place, words) in [("h1", HOSTILE), (".why", HOSTILE), ("dd code", HOSTILE_NAME)] {
        let text = page.text(&format!("document.querySelector('{place}').textContent"));
        assert!(text.contains(words), "{place}: {text}");
    }
}

/// The picture in `README.md`.
#[test]
fn a_picture_is_taken() {
    let Some(file) = std::env::var_os("INTERREGNUM_PICTURE") else { return };
    let chromium = Chromium::start().expect("a browser");
    let (_folder, report) = report();
    let page = chromium.open(&report, "", View { width: 1140, height: 960, ..View::default() });
    page.text("document.querySelector('.spacetime').scrollIntoView(); scrollBy(0, -4)");
    fs::write(file, page.picture().png()).unwrap();
}
