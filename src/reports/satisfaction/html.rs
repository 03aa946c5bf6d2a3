//! The report as a page to print: every number with what it rests on, intervals as bars.
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{Advisor, Group, Mean, RANKED_FROM, ROLLING_DAYS, Rate, Report, SURE_FROM, Scores, Shop};
use crate::surveys::statistics::Estimate;

const STYLE: &str = include_str!("report.css");
/// Width of a chart's scale, and what stands left of it.
const WIDE: f64 = 480.0;
const LEFT: f64 = 180.0;
const ROW: usize = 24;

pub fn html(report: &Report) -> String {
    let title = format!("Customer satisfaction {}", report.month);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    h1 { (title) }
                    p.note {
                        "Definition " (report.definition) ". Intervals are 95 %: Wilson for shares, adjusted Wald for the NPS. Grey: fewer than "
                        (SURE_FROM) " answers. No rank below " (RANKED_FROM) " answers. Answers on the phone score higher than answers in writing: compare like with like."
                        @if let Some(advisor) = &report.advisor { " Only the visits of advisor " (advisor) "." }
                    }
                    @for shop in &report.dealerships { (section(shop)) }
                }
            }
        }
    };
    page.into_string()
}

fn section(shop: &Shop) -> Markup {
    let arrow = |name: &str| match shop.trend.get(name) {
        Some(&"up") => " ▲",
        Some(_) => " ▼",
        None => "",
    };
    let rows = [
        Bar::new(format!("CSAT{}", arrow("csat")), shop.scores.csat, 0.0),
        Bar::new(format!("NPS{}", arrow("nps")), shop.scores.nps, -100.0),
        Bar::new(format!("First time right{}", arrow("first_time_right")), shop.first_time_right, 0.0),
        Bar::new("Said to be fixed".to_owned(), shop.scores.said_fixed, 0.0),
        Bar::new("Response rate".to_owned(), shop.response.rate, 0.0),
        Bar::new("Contact rate".to_owned(), shop.contact.rate, 0.0),
    ];
    html! {
        h2 { (shop.name) " (" (shop.code) ")" }
        p.note {
            (shop.visits) " visits, " (shop.came_back) " came back. " (shop.scores.n) " answers: " (modes(&shop.scores)) ". "
            (rate(shop.response)) " invitations that arrived were answered; " (rate(shop.contact)) " customers who were spoken to answered the questions."
        }
        section { (chart("The month in intervals", &rows)) }
        section { h3 { "Scores by the way of answering" } (table("Mode", shop.by_mode.iter().map(|(mode, scores)| (*mode, scores)).chain([("all together", &shop.scores)]))) }
        section { h3 { "Advisors, the last " (ROLLING_DAYS) " days" } (advisors(&shop.advisors)) }
        section { h3 { "Kinds of work" } (groups(&shop.service_types)) }
        section {
            h3 { "Root causes (of " (shop.with_cause) ")" }
            @if shop.causes.is_empty() { p.note { "None was found." } }
            table { @for counted in &shop.causes { tr { td { (counted.cause.word()) } td.n { (counted.n) } } } }
        }
        section {
            h3 { "Cases" }
            p { (shop.cases.hot) " hot, " (shop.cases.soft) " soft, " (shop.cases.escalated) " escalated; hot ones resolved in time: " (estimate(shop.cases.closed_in_time)) }
        }
        section {
            h3 { "Came again within twelve months (customers of a year ago)" }
            @if shop.retention.is_empty() { p.note { "Nobody was here a year ago." } }
            table { @for band in &shop.retention { tr { td { (band.band) } td.n { (band.returned) " / " (band.customers) } td { (estimate(band.share)) } } } }
        }
        section {
            h3 { "In their words" }
            @for verbatim in &shop.verbatims {
                blockquote { (verbatim.comment) }
                p.note {
                    "Overall " (verbatim.overall.map_or_else(|| "–".to_owned(), |overall| overall.to_string())) " · " (verbatim.mode) " · " (verbatim.repair_order)
                    @for cause in &verbatim.causes { " · " (cause) }
                    " · " (verbatim.response)
                }
            }
        }
    }
}

fn modes(scores: &Scores) -> String {
    let each: Vec<String> = scores.modes.iter().map(|(mode, n)| format!("{n} {mode}")).collect();
    if each.is_empty() { "none".to_owned() } else { each.join(", ") }
}

fn rate(rate: Rate) -> String {
    format!("{} of {}", rate.answered, rate.of)
}

fn table<'a>(head: &str, rows: impl Iterator<Item = (&'a str, &'a Scores)>) -> Markup {
    html! {
        table {
            tr { th { (head) } th.n { "n" } th { "CSAT" } th.n { "Mean" } th { "NPS" } th.n { "CES" } th.n { "Index" } th { "Fixed, they say" } }
            @for (name, scores) in rows { (score_row(name, scores, None)) }
        }
    }
}

fn score_row(name: &str, scores: &Scores, more: Option<&Markup>) -> Markup {
    html! {
        tr.grey[scores.is_grey()] {
            td { (name) }
            td.n { (scores.n) }
            td { (estimate(scores.csat)) }
            td.n { (mean(scores.mean)) }
            td { (estimate(scores.nps)) }
            td.n { (mean(scores.ces)) }
            td.n { (mean(scores.index)) }
            td { (estimate(scores.said_fixed)) }
            @if let Some(more) = more { (more) }
        }
    }
}

fn advisors(advisors: &[Advisor]) -> Markup {
    html! {
        table {
            tr { th { "Advisor" } th.n { "n" } th { "CSAT" } th.n { "Mean" } th { "NPS" } th.n { "CES" } th.n { "Index" } th { "Fixed, they say" } th { "First time right" } th.n { "Rank" } }
            @for advisor in advisors {
                @let more = html! { td { (estimate(advisor.first_time_right)) } td.n { (advisor.rank.map_or_else(|| "–".to_owned(), |rank| rank.to_string())) } };
                (score_row(advisor.name.as_deref().unwrap_or(&advisor.reference), &advisor.scores, Some(&more)))
            }
        }
    }
}

fn groups(groups: &[Group]) -> Markup {
    html! {
        table {
            tr { th { "Work" } th.n { "n" } th { "CSAT" } th.n { "Mean" } th { "NPS" } th.n { "CES" } th.n { "Index" } th { "Fixed, they say" } th { "First time right" } }
            @for group in groups {
                @let more = html! { td { (estimate(group.first_time_right)) } };
                (score_row(&group.name, &group.scores, Some(&more)))
            }
        }
    }
}

fn estimate(estimate: Option<Estimate>) -> String {
    estimate.map_or_else(|| "–".to_owned(), |e| format!("{:.1} ({:.1} to {:.1}; n = {})", e.value, e.low, e.high, e.n))
}

fn mean(mean: Option<Mean>) -> String {
    mean.map_or_else(|| "–".to_owned(), |mean| mean.value.to_string())
}

/// A number with its interval, on a scale that ends at 100.
struct Bar {
    name: String,
    estimate: Option<Estimate>,
    from: f64,
}

impl Bar {
    fn new(name: String, estimate: Option<Estimate>, from: f64) -> Self {
        Self { name, estimate, from }
    }
    fn x(&self, value: f64) -> f64 {
        LEFT + WIDE * (value - self.from) / (100.0 - self.from)
    }
}

fn chart(title: &str, bars: &[Bar]) -> Markup {
    let tall = ROW * bars.len() + 8;
    html! {
        svg role="img" width="760" height=(tall) viewBox={ "0 0 760 " (tall) } {
            title { (title) }
            @for (place, bar) in bars.iter().enumerate() {
                @let y = ROW * place + 16;
                g.few[bar.estimate.is_none_or(|e| e.n < SURE_FROM)] {
                    text.label x="0" y=(y + 4) { (bar.name) }
                    line.axis x1=(LEFT) x2=(LEFT + WIDE) y1=(y) y2=(y) {}
                    @if let Some(e) = bar.estimate {
                        line.span x1=(bar.x(e.low)) x2=(bar.x(e.high)) y1=(y) y2=(y) {}
                        circle.dot cx=(bar.x(e.value)) cy=(y) r="4" {}
                        text.label x=(LEFT + WIDE + 12.0) y=(y + 4) { (format!("{:.1}", e.value)) " n=" (e.n) }
                    } @else {
                        text.label x=(LEFT + WIDE + 12.0) y=(y + 4) { "none" }
                    }
                }
            }
        }
    }
}
