//! What is drawn, in pixels, by plotters; its colours become those of the page afterwards, so that a picture
//! is right in the light and in the dark.

use maud::{Markup, PreEscaped, html};
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// The colours of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ink {
    Text,
    Soft,
    Line,
    /// Dashed, as every line of the next two.
    Grid,
    Down,
    Calm,
    Rule,
    Pause,
    Fault,
    Good,
    Bad,
}

impl Ink {
    /// Each with the value of an attribute, and what follows it.
    const ALL: [(Self, &'static str); 11] = [
        (Self::Text, "\"var(--ink)\""),
        (Self::Soft, "\"var(--soft)\""),
        (Self::Line, "\"var(--line)\""),
        (Self::Grid, "\"var(--line)\" stroke-dasharray=\"2 4\""),
        (Self::Down, "\"var(--down)\" stroke-dasharray=\"2 3\""),
        (Self::Calm, "\"var(--good)\" stroke-dasharray=\"6 4\""),
        (Self::Rule, "\"var(--rule)\""),
        (Self::Pause, "\"var(--pause)\""),
        (Self::Fault, "\"var(--fault)\""),
        (Self::Good, "\"var(--good)\""),
        (Self::Bad, "\"var(--bad)\""),
    ];

    /// Nobody paints with this: it stands for the colour until the picture is complete.
    const fn placeholder(self) -> RGBColor {
        RGBColor(1, 2, self as u8)
    }
}

/// On which side of its place a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Left,
    Middle,
    Right,
}

/// A picture being drawn. To draw into memory does not fail.
pub(super) struct Canvas<'c, 's> {
    area: &'c DrawingArea<SVGBackend<'s>, Shift>,
}

/// A place in pixels, from the left and from the top.
pub(super) type At = (u64, u64);

impl Canvas<'_, '_> {
    pub(super) fn line(&self, points: &[At], ink: Ink, width: u32) {
        let style = ink.placeholder().stroke_width(width);
        let _ =
            self.area.draw(&PathElement::new(points.iter().map(pixel).collect::<Vec<_>>(), style));
    }

    pub(super) fn bar(&self, (x, y): At, (width, height): At, ink: Ink) {
        let style = ink.placeholder().filled();
        let corners = [pixel(&(x, y)), pixel(&(x + width, y + height))];
        let _ = self.area.draw(&Rectangle::new(corners, style));
    }

    pub(super) fn frame(&self, (x, y): At, (width, height): At, ink: Ink) {
        let corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height), (x, y)];
        self.line(&corners, ink, 2);
    }

    /// Stripes, so that it is not told by its colour alone.
    pub(super) fn striped(&self, (x, y): At, (width, height): At, ink: Ink) {
        let step = (width / MOST_STRIPES).max(6);
        let mut at = x;
        while at < x + width {
            let right = (at + height).min(x + width);
            self.line(&[(at, y + height), (right, y + height - (right - at))], ink, 1);
            at += step;
        }
        let corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height), (x, y)];
        self.line(&corners, ink, 1);
    }

    pub(super) fn text(&self, at: At, side: Side, (size, ink): (u32, Ink), text: &str) {
        let side = match side {
            Side::Left => HPos::Left,
            Side::Middle => HPos::Center,
            Side::Right => HPos::Right,
        };
        let color = ink.placeholder();
        // Sizes are those of the page's own pictures; plotters makes them smaller by a fifth.
        let style = TextStyle::from(("monospace", size * 5 / 4).into_font())
            .color(&color)
            .pos(Pos::new(side, VPos::Center));
        let _ = self.area.draw(&Text::new(text, pixel(&at), style));
    }
}

/// How many stripes a bar has at most.
const MOST_STRIPES: u64 = 60;

fn pixel(at: &At) -> (i32, i32) {
    let coordinate = |value: u64| i32::try_from(value).unwrap_or(i32::MAX / 2);
    (coordinate(at.0), coordinate(at.1))
}

/// A picture of this size, with what it shows in words.
pub(super) fn picture(size: At, label: &str, draw: impl FnOnce(&Canvas<'_, '_>)) -> Markup {
    let mut text = String::new();
    {
        let (width, height) = pixel(&size);
        let size = (width.unsigned_abs(), height.unsigned_abs());
        let area = SVGBackend::with_string(&mut text, size).into_drawing_area();
        draw(&Canvas { area: &area });
        let _ = area.present();
    }
    let (width, height) = size;
    html! {
        svg.plot viewBox={ "0 0 " (width) " " (height) } role="img" aria-label=(label) {
            (PreEscaped(body(&text)))
        }
    }
}

/// What is between the tags of the picture, in the colours of the page. Texts in it have no quotation marks:
/// plotters escapes them.
fn body(text: &str) -> String {
    let inside = text.split_once('>').map_or("", |(_, inside)| inside);
    let inside = inside.rsplit_once("</svg>").map_or(inside, |(inside, _)| inside);
    let mut body = inside.replace(" opacity=\"1\"", "").replace(" font-family=\"monospace\"", "");
    for (ink, variable) in Ink::ALL {
        let RGBColor(red, green, blue) = ink.placeholder();
        body = body.replace(&format!("\"#{red:02X}{green:02X}{blue:02X}\""), variable);
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_those_of_the_page_and_texts_are_escaped() {
        let drawn = picture((100, 50), "a <label>", |canvas| {
            for (ink, _) in Ink::ALL {
                canvas.bar((1, 2), (3, 4), ink);
            }
            canvas.text((5, 5), Side::Left, (12, Ink::Bad), "</svg><script>\"#010200\"");
            canvas.striped((0, 0), (1 << 40, 5), Ink::Pause);
        });
        let drawn = drawn.into_string();
        assert!(!drawn.contains("#0102") || drawn.contains("&quot;#010200&quot;"), "{drawn}");
        assert!(Ink::ALL.iter().all(|(_, variable)| drawn.contains(variable)));
        assert!(drawn.contains("&lt;/svg&gt;&lt;script&gt;") && !drawn.contains("<script"));
        assert!(drawn.ends_with("</svg>") && !drawn.contains("http:"));
        assert!(drawn.contains("aria-label=\"a &lt;label&gt;\""));
    }
}
