//! Reads what events tell of repair orders (`inputs.md` F2).
use crate::{
    intake::{
        facts::Home,
        fields::Fields,
        people::{person, vehicle},
    },
    repairs::{Fact, Finding, Occasion, Opening, Promise, Said, Severity, Step, Word},
};

/// `None` when the type is none of a repair order's, or when a fault was added.
pub(super) fn read(kind: &str, data: &Fields<'_>, home: Home<'_>) -> Option<Fact> {
    let said: fn(&Fields<'_>, Home<'_>) -> Option<Said> = match kind {
        "repair_order.opened" => |data, home| Some(Said::Opened(Box::new(opening(data, home)?))),
        "repair_order.promised_changed" => |data, _| Some(Said::PromisedChanged(promise(data)?)),
        "repair_order.work_found" => |data, _| Some(Said::WorkFound(found(data)?)),
        "repair_order.work_approved" => |data, _| Some(Said::WorkApproved(word(data)?)),
        "repair_order.work_declined" => |data, _| Some(Said::WorkDeclined(word(data)?)),
        "repair_order.signed" => |data, _| Some(Said::Signed(occasion(data)?)),
        "repair_order.qc_passed" => |data, _| Some(Said::QcPassed(occasion(data)?)),
        "repair_order.ready" => |data, _| Some(Said::Ready(step(data)?)),
        "repair_order.delivered" => |data, _| Some(Said::Delivered(step(data)?)),
        "repair_order.closed" => |data, _| Some(Said::Closed(step(data)?)),
        _ => return None,
    };
    let reference = data.require("ref", data.line("ref"));
    let revision = data.count("revision");
    let said = said(data, home);
    Some(Fact { reference: reference?, revision, said: said? })
}

fn opening(data: &Fields<'_>, home: Home<'_>) -> Option<Opening> {
    let opened_at = data.require("opened_at", data.time("opened_at"));
    let customer = data.require("customer", person(data, home));
    let vehicle = vehicle(data);
    if !data.has("vehicle") {
        data.fault("vehicle", "required", "is required");
    }
    Some(Opening {
        advisor_ref: data.line("advisor_ref"),
        appointment_ref: data.line("appointment_ref"),
        promised_at: data.time("promised_at"),
        signed: data.flag("signed"),
        condition_recorded: data.flag("condition_recorded"),
        pay_type: data.line("pay_type"),
        is_comeback: data.flag("is_comeback"),
        jobs: data.items("jobs").map(<[_]>::to_vec),
        odometer: data.count("odometer").or_else(|| data.count("odometer_in")),
        vehicle,
        opened_at: opened_at?,
        customer: customer?,
    })
}

fn promise(data: &Fields<'_>) -> Option<Promise> {
    let promised_at = data.require("promised_at", data.time("promised_at"));
    let reason_code = data.line("reason_code");
    Some(Promise { promised_at: promised_at?, reason_code })
}

/// Work that was found must be named and have its urgency.
fn found(data: &Fields<'_>) -> Option<Vec<Finding>> {
    let objects = data.require("items", data.objects("items"))?;
    if objects.is_empty() && data.items("items").is_some_and(<[_]>::is_empty) {
        data.fault("items", "empty", "must name at least one item");
    }
    let read: Vec<Option<Finding>> = objects
        .iter()
        .map(|item| {
            let finding = finding(item);
            let name = item.require("name", finding.as_ref().and_then(|f| f.name.clone()));
            item.require("severity", finding.as_ref().and_then(|f| f.severity));
            finding.filter(|f| name.is_some() && f.severity.is_some())
        })
        .collect();
    read.into_iter().collect()
}

fn finding(item: &Fields<'_>) -> Option<Finding> {
    let (code, name) = (item.line("code"), item.line("name"));
    let word = item.line("severity");
    let severity = word.as_deref().and_then(Severity::parse);
    if word.is_some() && severity.is_none() {
        item.fault("severity", "unknown_value", "must be safety, soon or monitor");
    }
    let amount = item.quantity("amount");
    if code.is_none() && name.is_none() {
        item.fault("code", "required", "is required where there is no name");
    }
    Some(Finding { code: code.or_else(|| name.clone())?, name, severity, amount })
}

/// A decision names its items as objects, or by their codes alone.
fn word(data: &Fields<'_>) -> Option<Word> {
    let mut items = Vec::new();
    for (index, item) in data.require("items", data.items("items"))?.iter().enumerate() {
        items.push(match item.as_str() {
            Some(code) => Some(Finding { code: code.trim().to_owned(), name: None, severity: None, amount: None }),
            None => data.item_object("items", index, item).and_then(|item| finding(&item)),
        });
    }
    let word = Word {
        items: items.into_iter().collect::<Option<Vec<_>>>()?,
        by: data.line("by"),
        via: data.line("via"),
        reason_code: data.line("reason_code"),
    };
    Some(word)
}

fn occasion(data: &Fields<'_>) -> Option<Occasion> {
    let at = data.require("at", data.time("at"));
    let by = data.require("by", data.line("by"));
    Some(Occasion { at: at?, by: Some(by?) })
}

fn step(data: &Fields<'_>) -> Option<Step> {
    let at = data.require("at", data.time("at"));
    let hours = data.object("hours");
    Some(Step {
        technician_refs: data.lines("technician_refs").unwrap_or_default(),
        qc_by: data.line("qc_by"),
        odometer: data.count("odometer_out").or_else(|| data.count("odometer")),
        total: data.quantity("total"),
        hours_sold: hours.as_ref().and_then(|hours| hours.quantity("sold")),
        hours_clocked: hours.as_ref().and_then(|hours| hours.quantity("clocked")),
        condition_recorded: data.flag("condition_recorded"),
        at: at?,
    })
}
