//! A browser without a window, and pages in it.

use headless_chrome::browser::default_executable;
use headless_chrome::browser::tab::EventListener;
use headless_chrome::browser::tab::point::Point;
use headless_chrome::protocol::cdp::types::Event;
use headless_chrome::protocol::cdp::{Emulation, Network, Page as Cdp};
use headless_chrome::{Browser, LaunchOptions, Tab};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How long anything may take: a bound, not a measure.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running browser; it ends when this is dropped.
pub(crate) struct Chromium(Browser);

/// Light or dark, as the reader prefers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Light,
    Dark,
}

/// How a page is looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View {
    pub(crate) scheme: Scheme,
    pub(crate) scripts: bool,
    pub(crate) width: u32,
    pub(crate) height: u32,
}

impl Default for View {
    fn default() -> Self {
        Self { scheme: Scheme::Light, scripts: true, width: 1200, height: 900 }
    }
}

impl Chromium {
    /// Nothing, and a word on it, if there is no browser here and none is required.
    pub(crate) fn start() -> Option<Self> {
        let Some(path) = executable() else {
            assert!(
                std::env::var("INTERREGNUM_BROWSER").as_deref() != Ok("required"),
                "there is no Chromium on the path, and INTERREGNUM_BROWSER requires one"
            );
            eprintln!("NOT RUN: there is no Chromium here; name it in INTERREGNUM_CHROMIUM");
            return None;
        };
        let options = LaunchOptions {
            path: Some(path),
            // Who runs tests as root, as in a container, has no use for it.
            sandbox: false,
            idle_browser_timeout: PATIENCE,
            args: vec![OsStr::new("--hide-scrollbars")],
            ..LaunchOptions::default()
        };
        Some(Self(Browser::new(options).expect("Chromium starts")))
    }

    /// Opens a file at a place within it.
    pub(crate) fn open(&self, file: &Path, place: &str, view: View) -> Page {
        let tab = self.0.new_tab().expect("a tab");
        tab.set_default_timeout(PATIENCE);
        let seen = Arc::new(Mutex::new(Seen::default()));
        let listener: Arc<dyn EventListener<Event> + Send + Sync> = seen_by(&seen);
        tab.add_event_listener(listener).expect("a listener");
        tab.call_method(Network::Enable {
            max_total_buffer_size: None,
            max_resource_buffer_size: None,
            max_post_data_size: None,
            report_direct_socket_traffic: None,
            enable_durable_messages: None,
        })
        .expect("network events");
        tab.enable_log().expect("a log").enable_runtime().expect("a runtime");
        prepare(&tab, view);
        let url = address(file);
        tab.navigate_to(&format!("{url}{place}")).expect("an address");
        tab.wait_until_navigated().expect("a page");
        Page { tab, seen, url }
    }
}

fn executable() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("INTERREGNUM_CHROMIUM") {
        return Some(named.into());
    }
    let path = std::env::var_os("PATH")?;
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let mut on_path = std::env::split_paths(&path)
        .flat_map(|folder| names.map(|name| folder.join(name)))
        .filter(|file| file.is_file());
    on_path.next().or_else(|| default_executable().ok())
}

fn prepare(tab: &Tab, view: View) {
    let scheme = match view.scheme {
        Scheme::Light => "light",
        Scheme::Dark => "dark",
    };
    let feature = Emulation::MediaFeature {
        name: "prefers-color-scheme".to_owned(),
        value: scheme.to_owned(),
    };
    tab.call_method(Emulation::SetEmulatedMedia { media: None, features: Some(vec![feature]) })
        .expect("a colour scheme");
    tab.call_method(Emulation::SetScriptExecutionDisabled { value: !view.scripts })
        .expect("a switch for scripts");
    tab.call_method(Emulation::SetDeviceMetricsOverride {
        width: view.width,
        height: view.height,
        device_scale_factor: 1.0,
        mobile: false,
        scale: None,
        screen_width: None,
        screen_height: None,
        position_x: None,
        position_y: None,
        dont_set_visible_size: None,
        screen_orientation: None,
        viewport: None,
        display_feature: None,
        device_posture: None,
    })
    .expect("a size");
}

/// The address of a file; names may hold anything.
fn address(file: &Path) -> String {
    let path = file.display().to_string();
    let encode = |byte: u8| {
        if byte.is_ascii_alphanumeric() || b"/-_.".contains(&byte) {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    };
    format!("file://{}", path.bytes().map(encode).collect::<String>())
}

/// What a page did.
#[derive(Debug, Default)]
struct Seen {
    requests: Vec<String>,
    complaints: Vec<String>,
}

fn seen_by(seen: &Arc<Mutex<Seen>>) -> Arc<dyn EventListener<Event> + Send + Sync> {
    let seen = Arc::clone(seen);
    Arc::new(move |event: &Event| {
        let mut seen = seen.lock().unwrap();
        match event {
            Event::NetworkRequestWillBeSent(sent) => {
                seen.requests.push(sent.params.request.url.clone());
            }
            Event::LogEntryAdded(entry) => seen.complaints.push(entry.params.entry.text.clone()),
            Event::RuntimeExceptionThrown(thrown) => {
                seen.complaints.push(format!("{:?}", thrown.params.exception_details));
            }
            _ => {}
        }
    })
}

/// A page that was opened; it is closed when this is dropped.
pub(crate) struct Page {
    tab: Arc<Tab>,
    seen: Arc<Mutex<Seen>>,
    url: String,
}

/// What a screenshot shows.
pub(crate) struct Picture {
    width: u32,
    height: u32,
    pixels: Vec<[u8; 3]>,
    pub(crate) background: [u8; 3],
    /// How many colours there are,
    pub(crate) colours: usize,
    /// and how much is neither the page nor a panel on it.
    pub(crate) ink_percent: usize,
}

impl Page {
    /// The value of an expression, as text.
    pub(crate) fn text(&self, expression: &str) -> String {
        let object = self.tab.evaluate(expression, false).expect("an expression");
        match object.value {
            Some(serde_json::Value::String(text)) => text,
            Some(value) => value.to_string(),
            None => String::new(),
        }
    }

    /// Clicks what a selector finds first, as a hand would.
    pub(crate) fn click(&self, selector: &str) {
        let found = format!("document.querySelector(\"{selector}\")");
        self.text(&format!("{found}.scrollIntoView({{block: 'center'}})"));
        let middle = |from: &str, length: &str| {
            let place =
                format!("(r => r.{from} + r.{length} / 2)({found}.getBoundingClientRect())");
            self.text(&place).parse().expect("a place")
        };
        let point = Point { x: middle("left", "width"), y: middle("top", "height") };
        self.tab.click_point(point).expect("a click");
    }

    /// Everything that was asked for besides the page itself.
    pub(crate) fn requests(&self) -> Vec<String> {
        let seen = self.seen.lock().unwrap();
        assert!(!seen.requests.is_empty(), "the page itself is asked for");
        let is_other = |url: &&String| url.split('#').next() != Some(self.url.as_str());
        seen.requests.iter().filter(is_other).cloned().collect()
    }

    /// What the browser found wrong.
    pub(crate) fn complaints(&self) -> Vec<String> {
        self.seen.lock().unwrap().complaints.clone()
    }

    /// What is to be seen now.
    pub(crate) fn picture(&self) -> Picture {
        let format = Cdp::CaptureScreenshotFormatOption::Png;
        let png = self.tab.capture_screenshot(format, None, None, true).expect("a screenshot");
        let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info().unwrap();
        let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut bytes).unwrap();
        let samples = info.color_type.samples();
        let pixels: Vec<[u8; 3]> =
            bytes[..info.buffer_size()].chunks_exact(samples).map(|p| [p[0], p[1], p[2]]).collect();
        let background = pixels[0];
        let mut colours: BTreeMap<[u8; 3], usize> = BTreeMap::new();
        pixels.iter().for_each(|pixel| *colours.entry(*pixel).or_default() += 1);
        let mut areas: Vec<_> = colours.values().copied().collect();
        areas.sort_unstable();
        // The page and the panels on it are the largest areas of one colour.
        let ink: usize = areas.iter().rev().skip(2).sum();
        let (colours, ink_percent) = (areas.len(), ink * 100 / pixels.len());
        Picture { width: info.width, height: info.height, pixels, background, colours, ink_percent }
    }
}

impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { background, colours, ink_percent, .. } = self;
        write!(f, "{colours} colours on {background:?}, {ink_percent} % ink")
    }
}

impl Picture {
    /// The same as a file, in colours of which few can tell that they are fewer, as small as it gets.
    pub(crate) fn png(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, self.width, self.height);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_compression(png::Compression::High);
        let coarse: Vec<u8> = self.pixels.iter().flatten().map(|value| value | 0x0f).collect();
        encoder.write_header().unwrap().write_image_data(&coarse).unwrap();
        bytes
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        let _ = self.tab.close(false);
    }
}
