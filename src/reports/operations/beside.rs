//! The dealerships of a group beside each other: every number with its interval, and its place where enough was counted
//! (BR-53).
use maud::{Markup, html};

use super::{
    Figure, Kpi, Number, Report, Shop,
    html::{Rows, address, class, name, sign, value},
};
use crate::{console::Words, reports::satisfaction::RANKED_FROM};

/// Which of two values is the better one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Better {
    More,
    Less,
}

/// None of what is to lie between two bounds, and of what only grows with the house.
fn better(kpi: Kpi) -> Option<Better> {
    match kpi {
        Kpi::AppointmentShare | Kpi::AppointmentLoad | Kpi::EtaAccuracy | Kpi::PartsAgeing => None,
        Kpi::NoShow | Kpi::FirstResponse | Kpi::PartsNoticeLead => Some(Better::Less),
        Kpi::ArrivalSpacing
        | Kpi::BookingWait
        | Kpi::Confirmation
        | Kpi::InquiryReply
        | Kpi::FillRate
        | Kpi::FollowUpContact
        | Kpi::FollowUpOnTime
        | Kpi::FirstTimeRight
        | Kpi::Csat
        | Kpi::Nps
        | Kpi::Index
        | Kpi::AlertClosure
        | Kpi::Efficiency
        | Kpi::Retention => Some(Better::More),
    }
}

/// What takes part in a ranking: ten and more, because chance is no ranking.
fn ranked(figure: &Figure) -> Option<f64> {
    figure.value.filter(|_| figure.n >= RANKED_FROM)
}

/// The place of a figure among others, and among how many; equal ones share it. None of one alone.
fn place(figure: &Figure, all: &[&Figure], better: Better) -> Option<(usize, usize)> {
    let mine = ranked(figure)?;
    let others: Vec<f64> = all.iter().filter_map(|other| ranked(other)).collect();
    let is_ahead = |other: &&f64| match better {
        Better::More => **other > mine,
        Better::Less => **other < mine,
    };
    (others.len() > 1).then(|| (1 + others.iter().filter(is_ahead).count(), others.len()))
}

/// The numbers under each other, the dealerships beside each other; each number leads to its rows where the page can.
pub fn table(report: &Report, w: Words, rows: Rows) -> Markup {
    let of = |shop: &'_ Shop, kpi: Kpi| shop.numbers.iter().position(|number| number.name == kpi);
    let kpis: Vec<Kpi> = report
        .dealerships
        .first()
        .map(|shop| shop.numbers.iter().map(|number| number.name).collect())
        .unwrap_or_default();
    html! {
        div class="wide scrolls" tabindex="0" role="region" aria-label=(w.t("ops-comparison")) { table class="data wide" {
            thead { tr {
                th scope="col" { (w.t("ops-number")) }
                @for shop in &report.dealerships { th class="n num" scope="col" {
                    @if rows == Rows::Linked { a href=(address("", report.month, None, &[("dealership", shop.code.as_str())])) { (shop.name) } } @else { (shop.name) }
                } }
            } }
            tbody { @for kpi in kpis {
                @let beside: Vec<Option<&Number>> = report.dealerships.iter().map(|shop| of(shop, kpi).map(|at| &shop.numbers[at])).collect();
                @let all: Vec<&Figure> = beside.iter().flatten().map(|number| &number.figure).collect();
                // What nobody counted fills no line.
                @if all.iter().any(|figure| figure.n > 0) { tr {
                    th scope="row" { (name(w, kpi)) }
                    @for (shop, number) in report.dealerships.iter().zip(&beside) {
                        td class="n num" { @if let Some(number) = number { (cell(report, shop, number, &all, (w, rows))) } }
                    }
                } }
            } }
        } }
        p.note { (w.t("too-few")) }
    }
}

fn cell(report: &Report, shop: &Shop, number: &Number, all: &[&Figure], (w, rows): (Words, Rows)) -> Markup {
    let figure = &number.figure;
    let link =
        || address("/rows", report.month, None, &[("number", number.name.word()), ("dealership", shop.code.as_str())]);
    let side = better(number.name);
    html! {
        span class=[class(number.verdict)] { (sign(number.verdict)) (value(w, number.unit, figure)) }
        @if let (Some(low), Some(high)) = (figure.low, figure.high) { br; span class="small muted" { (format!("{low:.1}–{high:.1}")) } }
        @if figure.n > 0 {
            br; span class="small" { @if rows == Rows::Linked { a href=(link()) { "n = " (figure.n) } } @else { "n = " (figure.n) } }
            @if let Some((place, of)) = side.and_then(|better| place(figure, all, better)) {
                br; span class="small" { (w.ta("ops-place", &[("n", place.into()), ("of", of.into())])) }
            } @else if side.is_some() && figure.n < RANKED_FROM {
                br; span class="small muted" title=(w.t("too-few")) { "—" }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(value: f64, n: u64) -> Figure {
        Figure { value: Some(value), n, ..Figure::default() }
    }

    #[test]
    fn nobody_is_ranked_below_ten_and_nobody_alone() {
        let (good, same, bad, few) = (figure(98.0, 10), figure(98.0, 40), figure(70.0, 12), figure(100.0, 9));
        let all = [&good, &same, &bad, &few, &Figure::default()];
        let places = |better| all.map(|figure| place(figure, &all, better));
        assert_eq!(places(Better::More), [Some((1, 3)), Some((1, 3)), Some((3, 3)), None, None]);
        assert_eq!(places(Better::Less), [Some((2, 3)), Some((2, 3)), Some((1, 3)), None, None]);
        assert_eq!(place(&good, &[&good, &few], Better::More), None, "alone with enough");
    }

    #[test]
    fn what_lies_between_bounds_has_no_first() {
        let (ranked, not): (Vec<Kpi>, Vec<Kpi>) = Kpi::ALL.into_iter().partition(|kpi| better(*kpi).is_some());
        assert_eq!((ranked.len(), not.len()), (17, 4));
    }
}
