//! What every printed report looks like: one page that can be kept and sent, numbers with what they rest on, charts as SVG.
use std::fmt::Write;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::satisfaction::SURE_FROM;
use crate::surveys::statistics::{Estimate, as_float};

const STYLE: &str = include_str!("paper.css");
/// What a browser may load for such a page: nothing; its style is its own.
pub const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'";
/// Width of a chart's scale, what stands left of it, and how tall a row is.
const WIDE: f64 = 520.0;
const LEFT: f64 = 190.0;
const ROW: usize = 26;

/// A whole page in a language, with what it is and how to read it at its head.
pub fn page(language: &str, title: &str, note: &Markup, body: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang=(language) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body { header { h1 { (title) } p.note { (note) } } main { (body) } }
        }
    };
    page.into_string()
}

/// A number with its interval and its target, on a scale that ends at 100.
#[derive(Clone, Debug)]
pub struct Bar {
    pub name: String,
    pub estimate: Option<Estimate>,
    /// Where the scale begins.
    pub from: f64,
    pub target: Option<f64>,
}

impl Bar {
    fn x(&self, value: f64) -> String {
        at(LEFT + WIDE * (value.clamp(self.from, 100.0) - self.from) / (100.0 - self.from))
    }
}

/// Intervals under each other; grey where there are few answers, the target as a stroke.
pub fn intervals(title: &str, nothing: &str, bars: &[Bar]) -> Markup {
    let tall = ROW * bars.len() + 28;
    let end = at(LEFT + WIDE);
    let scale = bars.iter().all(|bar| bar.from == 0.0);
    html! {
        svg role="img" width="860" height=(tall) viewBox={ "0 0 860 " (tall) } {
            title { (title) }
            @if scale { @for step in [0_u32, 25, 50, 75, 100] {
                @let x = at(LEFT + WIDE * f64::from(step) / 100.0);
                line.axis x1=(x) x2=(x) y1="4" y2=(tall - 20) {}
                text.tick x=(x) y=(tall - 6) text-anchor="middle" { (step) " %" }
            } }
            @for (place, bar) in bars.iter().enumerate() {
                @let y = ROW * place + 18;
                g.few[bar.estimate.is_none_or(|e| e.n < SURE_FROM)] {
                    text.label x="0" y=(y + 4) { (bar.name) }
                    line.axis x1=(LEFT) x2=(end) y1=(y) y2=(y) {}
                    @if let Some(target) = bar.target { line.goal x1=(bar.x(target)) x2=(bar.x(target)) y1=(y - 8) y2=(y + 8) {} }
                    @if let Some(e) = bar.estimate {
                        line.span x1=(bar.x(e.low)) x2=(bar.x(e.high)) y1=(y) y2=(y) {}
                        circle.dot cx=(bar.x(e.value)) cy=(y) r="4" {}
                        text.label x=(LEFT + WIDE + 14.0) y=(y + 4) { (format!("{:.1}", e.value)) " · n = " (e.n) }
                    } @else {
                        text.tick x=(LEFT + WIDE + 14.0) y=(y + 4) { (nothing) }
                    }
                }
            }
        }
    }
}

/// How a number went, month by month; where there was none the line breaks off.
pub fn trend(title: &str, values: &[Option<f64>]) -> Markup {
    let known: Vec<f64> = values.iter().copied().flatten().collect();
    let (low, high) = known.iter().fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(*value), high.max(*value)));
    let span = (high - low).max(1e-9);
    let steps = as_float(values.len().max(2) as u64 - 1);
    let x = |place: usize| 4.0 + 102.0 * as_float(place as u64) / steps;
    let y = |value: f64| if high > low { 24.0 - 18.0 * (value - low) / span } else { 15.0 };
    let (mut path, mut is_down) = (String::new(), false);
    for (place, value) in values.iter().enumerate() {
        if let Some(value) = value {
            let _ = write!(path, "{}{} {}", if is_down { "L" } else { "M" }, at(x(place)), at(y(*value)));
        }
        is_down = value.is_some();
    }
    html! {
        svg role="img" width="110" height="30" viewBox="0 0 110 30" {
            title { (title) }
            line.base x1="4" x2="106" y1="27" y2="27" {}
            @if known.len() > 1 { path.trend d=(path) {} }
            @if let Some(Some(last)) = values.last() { circle.now cx=(at(x(values.len() - 1))) cy=(at(y(*last))) r="3" {} }
        }
    }
}

fn at(value: f64) -> String {
    format!("{value:.1}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trend_breaks_off_where_there_was_no_number() {
        let drawn = trend("t", &[Some(0.0), None, Some(10.0), Some(5.0)]).into_string();
        assert!(drawn.contains(r#"d="M4.0 24.0M72.0 6.0L106.0 15.0""#), "{drawn}");
        assert!(!trend("t", &[None, None]).into_string().contains("path"));
    }
}
