//! Small pieces that pages are made of: a deadline, a mark, an empty list, a field that knows what was typed.
use jiff::SignedDuration;
use maud::{Markup, html};

use super::{visitor::Visitor, words::Words};
use crate::clock::Timestamp;

/// From here on a deadline is amber.
const SOON: SignedDuration = SignedDuration::from_mins(60);

/// An icon on a grid of 24, in the colour of the text around it; it says nothing that the text does not.
pub fn icon(path: &str) -> Markup {
    html! { svg class="icon" viewBox="0 0 24 24" aria-hidden="true" { path d=(path) {} } }
}

/// How the mark of a countdown begins, for whoever looks for one in a page.
pub(super) const COUNTDOWN: &str = "<time class=\"due ";

/// A deadline in words, with its moment; the script keeps it current.
pub fn countdown(visitor: &Visitor, due: Timestamp) -> Markup {
    let w = visitor.words;
    let left = due.since(visitor.now);
    let (state, text) = if left.is_negative() {
        ("late", w.ta("late-by", &[("n", w.span(left).into())]))
    } else {
        (if left < SOON { "soon" } else { "ok" }, w.ta("due-in", &[("n", w.span(left).into())]))
    };
    html! {
        time class={ "due " (state) } datetime=(due) title=(visitor.at(due)) data-left=(left.as_secs()) { (text) }
    }
}

/// A moment, short; the whole of it on hover.
pub fn moment(visitor: &Visitor, at: Timestamp) -> Markup {
    html! { time datetime=(at) { (visitor.at(at)) } }
}

/// A short mark in a list; `tone` is none of a state, or good, warn, bad.
pub fn tag(text: &str, tone: &str) -> Markup {
    html! { span class={ "tag " (tone) } { (text) } }
}

/// An empty list says what will come here, and what can be done.
pub fn empty(text: &str) -> Markup {
    html! { p class="empty" { (text) } }
}

/// The head of a page: what it is, one line about it, what can be done here.
pub fn head(title: &str, lead: &Markup, actions: &Markup) -> Markup {
    html! {
        div class="head" {
            div { h1 { (title) } div class="lead" { (lead) } }
            div class="actions" { (actions) }
        }
    }
}

/// What a form was refused for, above it.
pub fn refusal(said: Option<&str>) -> Markup {
    html! { @if let Some(said) = said { p class="error" role="alert" { (said) } } }
}

/// A number of which the middle is not shown before it is needed (PIPL: no more than necessary).
pub fn masked(number: &str) -> String {
    let length = number.chars().count();
    if length < 7 {
        return "•••".to_owned();
    }
    number
        .chars()
        .enumerate()
        .map(|(at, c)| if at + 4 >= length || at < length.saturating_sub(8) { c } else { '•' })
        .collect()
}

/// The tabs of a list: address, text, how many.
pub fn tabs(w: Words, here: &str, tabs: &[(&str, String, Option<i64>)]) -> Markup {
    html! {
        nav class="tabs" aria-label=(w.t("filter")) {
            @for (href, text, count) in tabs {
                a href=(href) aria-current=[(*href == here).then_some("page")] { (text) @if let Some(count) = count { " " span class="count" { (count) } } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_masked_number_keeps_its_last_four_digits() {
        assert_eq!(masked("+8613900001234"), "+86139••••1234");
        assert_eq!(masked("12345"), "•••");
    }
}
