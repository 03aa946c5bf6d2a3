//! The rules of a dealership on its page: what it says itself, what holds where it says nothing, and what is set for all.
use maud::{Markup, html};

use super::sheet::{Sheet, name_of};
use crate::{
    app::App,
    calendar::{Region, quiet_window},
    console::Words,
    dealerships::{
        Dealership,
        rules::{self, Rule},
    },
    notices::Class,
};

/// Every rule, by its group.
pub(super) fn card(app: &App, w: Words, sheet: &Sheet<'_>) -> Markup {
    let mut groups: Vec<&str> = rules::ALL.iter().map(|rule| rule.place().0).collect();
    groups.dedup();
    html! {
        section class="card rules" id="rules" aria-labelledby="rules-title" {
            h2 id="rules-title" { (w.t("settings-rules")) }
            p class="muted small" { (w.t("settings-rules-lead")) }
            @for group in groups {
                fieldset {
                    legend { (w.code("rules", group)) }
                    @for rule in rules::ALL.iter().filter(|rule| rule.place().0 == group) { (field(app, w, sheet, rule)) }
                }
            }
        }
    }
}

fn field(app: &App, w: Words, sheet: &Sheet<'_>, rule: &Rule) -> Markup {
    let (group, key) = rule.place();
    let kind = format!("rule-{group}-{key}").replace('_', "-");
    let name = name_of(rule);
    let shown = sheet.shown(&name, &rule.written(&sheet.it.rules));
    let choose = |usual: &str, words: &[&str], said: &dyn Fn(&str) -> String| {
        html! {
            select name=(name) {
                option value="" { (w.ta("settings-as-usual", &[("what", said(usual).into())])) }
                @for word in words { option value=(word) selected[shown == *word] { (said(word)) } }
            }
        }
    };
    html! {
        label {
            (w.t(&kind))
            @match rule {
                Rule::Word { words, usual, .. } => { (choose(usual(&app.config), words, &|word| w.code(&kind, word))) }
                Rule::YesOrNo { usual, .. } => {
                    (choose(if usual(&app.config) { "yes" } else { "no" }, &["yes", "no"], &|word| w.code("settings", word)))
                }
                Rule::Whole(whole) => {
                    input type="number" name=(name) value=(shown) min=(whole.least) max=(whole.most) step="1" placeholder=(w.ta("settings-usually", &[("n", (whole.usual)(sheet.it).into())]));
                }
                Rule::HoursByService { .. } => { textarea name=(name) rows="3" class="code" placeholder="40K 1.5" { (shown) } }
            }
        }
    }
}

/// What holds for every dealership, of law or of the configuration: to be read here, so that nobody looks for it.
pub(super) fn house(app: &App, w: Words, it: &Dealership) -> Markup {
    let (config, region) = (&app.config, Region::of(&it.region));
    let hours = |class| quiet_window(class, region, true).map(|window| window.to_string()).unwrap_or_default();
    let calls = &config.calls;
    html! {
        section class="card" aria-labelledby="house-title" {
            h2 id="house-title" { (w.t("house-title")) }
            dl class="facts" {
                dt { (w.t("house-texts")) } dd class="num" { (hours(Class::Transactional)) }
                dt { (w.t("house-offers")) } dd class="num" { (hours(Class::Marketing)) }
                dt { (w.t("house-calls")) } dd class="num" { (calls.hours) }
                dt { (w.t("house-attempts")) } dd { (w.ta("house-attempts-are", &[("n", calls.attempts.into()), ("m", calls.per_day.into()), ("h", calls.per_week.into())])) }
                dt { (w.t("house-call-back")) } dd { (w.span(calls.callback_tolerance.signed())) }
                dt { (w.t("house-inquiries")) } dd { (w.span(config.inquiries.due.signed())) }
                dt { (w.t("house-reminders")) } dd { (w.span(config.time.reminder_tolerance.signed())) }
                dt { (w.t("house-follow-up")) } dd { (w.span(config.follow_up.opens.signed())) " – " (w.span(config.follow_up.due.signed())) }
                dt { (w.t("house-load")) } dd { "80 %" }
            }
            p class="muted small" { (w.t("house-lead")) }
        }
    }
}
