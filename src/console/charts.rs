//! Charts as SVG: their colours come from the stylesheet, so that dark mode and paper follow; the numbers stand beside them.
use std::fmt::Write;

use maud::{Markup, html};

/// A point of a line: what it is called, its value where there is one, and of how many answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    pub label: String,
    pub value: Option<f64>,
    pub n: u64,
}

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 220.0;
const LEFT: f64 = 36.0;
const RIGHT: f64 = 24.0;
const TOP: f64 = 20.0;
const BOTTOM: f64 = 28.0;

/// A trend with its target; where there is no value the line breaks off.
pub fn line(id: &str, title: &str, points: &[Point], (low, high): (f64, f64), target: Option<f64>) -> Markup {
    let steps = f64::from(u32::try_from(points.len().max(2) - 1).unwrap_or(1));
    let x = |at: usize| LEFT + (WIDTH - LEFT - RIGHT) * f64::from(u32::try_from(at).unwrap_or(0)) / steps;
    let y = |value: f64| TOP + (HEIGHT - TOP - BOTTOM) * (1.0 - (value.clamp(low, high) - low) / (high - low));
    let path = path(points, x, y);
    let said: Vec<String> =
        points.iter().filter_map(|point| Some(format!("{}: {:.1}", point.label, point.value?))).collect();
    html! {
        svg class="chart" viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } role="img" aria-labelledby={ (id) "-title " (id) "-desc" } {
            title id={ (id) "-title" } { (title) }
            desc id={ (id) "-desc" } { (said.join("; ")) }
            @for step in 0..=4_u32 {
                @let value = low + (high - low) * f64::from(step) / 4.0;
                line class="grid" x1=(LEFT) x2=(WIDTH - RIGHT) y1=(at(y(value))) y2=(at(y(value))) {}
                text class="tick" x=(LEFT - 6.0) y=(at(y(value) + 4.0)) text-anchor="end" { (format!("{value:.0}")) }
            }
            @if let Some(target) = target {
                line class="target" x1=(LEFT) x2=(WIDTH - RIGHT) y1=(at(y(target))) y2=(at(y(target))) {}
            }
            path class="series" d=(path) {}
            @for (n, point) in points.iter().enumerate() {
                text class="tick" x=(at(x(n))) y=(HEIGHT - 8.0) text-anchor="middle" { (point.label) }
                @if let Some(value) = point.value {
                    g class="point" {
                        circle class="dot" cx=(at(x(n))) cy=(at(y(value))) r="3.5" { title { (point.label) ": " (format!("{value:.1}")) " (n = " (point.n) ")" } }
                        text class="value" x=(at(x(n))) y=(at(y(value) - 9.0)) text-anchor="middle" { (format!("{value:.0}")) }
                    }
                }
            }
        }
    }
}

fn path(points: &[Point], x: impl Fn(usize) -> f64, y: impl Fn(f64) -> f64) -> String {
    let mut path = String::new();
    let mut pen_down = false;
    for (n, point) in points.iter().enumerate() {
        let Some(value) = point.value else {
            pen_down = false;
            continue;
        };
        let _ = write!(path, "{}{} {}", if pen_down { "L" } else { "M" }, at(x(n)), at(y(value)));
        pen_down = true;
    }
    path
}

fn at(value: f64) -> String {
    format!("{value:.1}")
}

/// A share as a bar; the number stands beside it.
pub fn bar(share: f64) -> Markup {
    html! {
        svg class="bar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true" {
            rect class="bar-rest" width="100" height="6" {}
            rect class="bar-part" width=(at(share.clamp(0.0, 100.0))) height="6" {}
        }
    }
}

/// A tiny trend for a tile.
pub fn spark(values: &[f64]) -> Markup {
    let (low, high) =
        values.iter().fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(*value), high.max(*value)));
    let span = (high - low).max(1e-9);
    let steps = f64::from(u32::try_from(values.len().max(2) - 1).unwrap_or(1));
    let mut points = String::new();
    for (n, value) in values.iter().enumerate() {
        let x = 2.0 + 116.0 * f64::from(u32::try_from(n).unwrap_or(0)) / steps;
        let _ = write!(points, "{},{} ", at(x), at(26.0 - 22.0 * (value - low) / span));
    }
    html! { @if values.len() > 1 { svg class="spark" viewBox="0 0 120 28" preserveAspectRatio="none" aria-hidden="true" { polyline points=(points.trim()) {} } } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_breaks_off_where_nobody_answered() {
        let point = |value| Point { label: "x".to_owned(), value, n: 3 };
        let points = [point(Some(50.0)), point(None), point(Some(100.0)), point(Some(75.0))];
        let drawn = line("t", "Title", &points, (0.0, 100.0), Some(80.0)).into_string();
        assert!(drawn.contains(r#"d="M36.0 106.0M636.0 20.0L936.0 63.0""#), "{drawn}");
        assert!(drawn.contains("x: 50.0; x: 100.0; x: 75.0"));
    }
}
