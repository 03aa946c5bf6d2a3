//! 王芳 books through the web, and takes another time by the link in her letter.
use anyhow::Context;
use serde_json::json;

use super::{
    super::{
        mailbox,
        scene::{DEALERSHIP, Scene, WANG_FANG, reason},
        store::{self, Planned, Written},
    },
    Beat, Telling, telling,
};
use crate::notices::ChannelName;

const REMINDER: &str = "appointment.reminder";

/// Wednesday at ten.
pub(super) async fn book(scene: &Scene) -> anyhow::Result<()> {
    let booking = json!({"dealership": DEALERSHIP, "channel": "web", "start_at": "2026-03-11T10:00:00+08:00",
        "end_at": "2026-03-11T12:00:00+08:00", "services": [{"code": "40K", "name": "4万公里保养", "hours": 2.0}],
        "customer": {"ref": WANG_FANG.reference}, "vehicle": WANG_FANG.vehicle()});
    scene.hands.book("story-wangfang", &booking).await
}

/// The page about her in the console.
async fn page_of(scene: &Scene, reference: &str) -> anyhow::Result<String> {
    let id = store::customer(&mut scene.read().await?, reference).await?;
    Ok(id.map_or_else(|| "/console/customers".to_owned(), |id| format!("/console/customers/{id}")))
}

fn taken<'w>(written: &'w [Written], kind: &str, channel: ChannelName) -> Option<&'w Written> {
    written.iter().find(|one| one.kind == kind && one.channel == channel && one.accepted_at.is_some())
}

pub(super) async fn booked(scene: &Scene) -> anyhow::Result<Telling> {
    let since = Beat::Books.at();
    let mut tx = scene.read().await?;
    let written = store::written(&mut tx, WANG_FANG.reference, since).await?;
    let planned = store::planned(&mut tx, WANG_FANG.reference, since).await?;
    drop(tx);
    let mut lines = Vec::new();
    let text = taken(&written, "appointment.confirmation", ChannelName::Sms);
    let letter = taken(&written, "appointment.confirmation", ChannelName::Email);
    let after = |one: Option<&Written>| Some(one?.accepted_at?.since(since).as_secs());
    if let (Some(text), Some(letter)) = (after(text), after(letter)) {
        lines.push(format!(
            "Within {} s the confirmation is on her phone, and in her mailbox the letter with its calendar invite.",
            text.max(letter).max(1)
        ));
    }
    let reminder = planned.iter().find(|one| one.kind == REMINDER && one.state == "waiting");
    if let Some(reminder) = reminder {
        lines.push(format!(
            "The reminder waits in the outbox with its time: {}, the day before, inside her hours.",
            scene.day(reminder.nominal_at)
        ));
    }
    let is_whole = text.is_some() && letter.is_some() && reminder.is_some();
    let page = page_of(scene, WANG_FANG.reference).await?;
    Ok(telling(scene, is_whole, "王芳 books through the web", lines, ("adv-01", page), Some(WANG_FANG.reader)))
}

/// The first time of another day that her page offers.
pub(super) async fn change(scene: &Scene) -> anyhow::Result<()> {
    let items = store::arrived(&mut scene.read().await?, WANG_FANG.reader.addresses, 20).await?;
    let link = items.iter().find_map(|item| mailbox::link(item, "/a/")).context("her letter has no link")?;
    let page = scene.hands.look(&link, None).await?;
    let booked = Scene::begins().in_zone(&scene.shop.zone).date().tomorrow()?;
    let offered = page.fields("slot");
    let is_later = |slot: &&String| {
        slot.parse::<crate::clock::Timestamp>().is_ok_and(|at| {
            let date = at.in_zone(&scene.shop.zone).date();
            date.since(booked).is_ok_and(|span| span.get_days() > 3)
        })
    };
    let slot = offered.iter().find(is_later).context("her page offers no time on another day")?;
    scene.hands.press(&link, &[("do", "take"), ("slot", slot)], None).await?;
    Ok(())
}

pub(super) async fn moved(scene: &Scene) -> anyhow::Result<Telling> {
    let since = Beat::Books.at();
    let mut tx = scene.read().await?;
    let written = store::written(&mut tx, WANG_FANG.reference, since).await?;
    let planned = store::planned(&mut tx, WANG_FANG.reference, since).await?;
    let items = store::arrived(&mut tx, WANG_FANG.reader.addresses, 20).await?;
    drop(tx);
    let reminders: Vec<&Planned> = planned.iter().filter(|one| one.kind == REMINDER).collect();
    let struck_out = reminders.iter().find(|one| one.state == "withdrawn");
    let waits = reminders.iter().find(|one| one.state == "waiting");
    let mut lines = Vec::new();
    if let Some(old) = struck_out {
        let (when, why) = (scene.day(old.nominal_at), reason(old.reason.as_deref()));
        lines.push(format!("The old reminder of {when} is struck out, with the reason: {why}."));
    }
    if let Some(new) = waits {
        lines.push(format!("The new one waits for {}.", scene.day(new.nominal_at)));
    }
    let text = taken(&written, "appointment.change", ChannelName::Sms);
    let letter = taken(&written, "appointment.change", ChannelName::Email);
    if text.is_some() && letter.is_some() {
        lines.push("The change notice is on her phone and in her mailbox.".to_owned());
    }
    // The newest first.
    let invites: Vec<(String, String)> = items.iter().filter_map(mailbox::entry).collect();
    let same = matches!(&invites[..], [(new, _), (old, _), ..] if new == old);
    if let ([(_, new), (_, old), ..], true) = (&invites[..], same) {
        lines.push(format!("It is the same calendar entry, moved: one UID, SEQUENCE {old} and then {new}."));
    }
    let is_whole = struck_out.is_some() && waits.is_some() && text.is_some() && letter.is_some() && same;
    let page = page_of(scene, WANG_FANG.reference).await?;
    Ok(telling(scene, is_whole, "She takes another time by her link", lines, ("adv-01", page), Some(WANG_FANG.reader)))
}
