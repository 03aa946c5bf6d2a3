//! An inquiry ten minutes before the doors close; an agent's next call, and what a low score sets going.
use anyhow::Context;
use serde_json::json;

use super::{
    super::{
        opening,
        scene::{DEALERSHIP, HE_LIN, LI_QIANG, Scene},
        store::{self, Question},
    },
    Beat, Telling, telling,
};

const SHE: &str = "helin@example.com";
const AGENT: &str = "agt-01";

/// By the form of the web site, which needs no script.
pub(super) async fn ask(scene: &Scene) -> anyhow::Result<()> {
    let fields = [
        ("name", HE_LIN.name),
        ("email", SHE),
        ("phone", ""),
        ("plate", "粤A70H11"),
        ("topic", "保养"),
        ("message", "请问下周二下午可以做4万公里保养吗？大概需要多长时间？"),
        ("times", ""),
        ("website", ""),
    ];
    scene.hands.press(&format!("/i/{DEALERSHIP}?lang=zh-CN"), &fields, None).await.map(drop)
}

async fn question(scene: &Scene) -> anyhow::Result<Option<Question>> {
    Ok(store::question(&mut scene.read().await?, SHE).await?)
}

fn page_of(question: Option<&Question>) -> String {
    question.map_or_else(|| "/console/inquiries".to_owned(), |question| format!("/console/inquiries/{}", question.id))
}

pub(super) async fn asked(scene: &Scene) -> anyhow::Result<Telling> {
    let question = question(scene).await?;
    let mut lines = Vec::new();
    if let Some(question) = &question {
        let shop = scene.shop.shop();
        let due = scene.weekday(question.due_at);
        let closing = shop.next_day_end(scene.now()).filter(|_| !shop.is_open_at(question.due_at));
        lines.push(match closing {
            Some(closing) => format!("Due {due}, closed then: answer before {}.", scene.clock(closing)),
            None => format!("Due {due}."),
        });
        if let (Some(at), None) = (question.acknowledged_at, question.stopped_at) {
            let at = scene.clock(at);
            lines.push(format!("The acknowledgement went out at {at} by itself; the countdown runs on all the same."));
        }
    }
    let is_whole = question.as_ref().is_some_and(|question| question.acknowledged_at.is_some());
    let page = page_of(question.as_ref());
    Ok(telling(scene, is_whole, "何琳 asks on the web site", lines, ("adv-01", page), Some(HE_LIN)))
}

/// The advisor writes, and rings the others whose answer falls due while the doors are closed.
pub(super) async fn answer(scene: &Scene) -> anyhow::Result<()> {
    let question = question(scene).await?.context("her question is not there")?;
    let words = "何女士您好，下周二下午两点可以，4万公里保养大约需要两个小时。已为您留好位置，如需改时间请回复本邮件。";
    scene.hands.write(&format!("/console/inquiries/{}/reply", question.id), words, "adv-01").await?;
    let mut others = store::unanswered(&mut scene.read().await?).await?;
    others.retain(|(reference,)| reference.starts_with(&format!("IQ-{}", opening::MONTH)));
    let rung: Vec<_> = others.iter().map(|(reference,)| opening::answered(reference, scene.now())).collect();
    if rung.is_empty() { Ok(()) } else { scene.hands.tell(json!(rung)).await }
}

pub(super) async fn answered(scene: &Scene) -> anyhow::Result<Telling> {
    let question = question(scene).await?;
    let open = store::unanswered(&mut scene.read().await?).await?.len();
    let mut lines = Vec::new();
    let stopped = question.as_ref().and_then(|question| Some((question.stopped_at?, question)));
    if let Some((at, question)) = stopped {
        let by = question.stopped_kind.as_deref().unwrap_or("nobody");
        lines.push(format!("The advisor's letter stops the clock at {}: it was a {by} who answered.", scene.clock(at)));
        if let Some(acknowledged) = question.acknowledged_at.filter(|acknowledged| *acknowledged < at) {
            lines.push(format!("The acknowledgement of {} did not.", scene.clock(acknowledged)));
        }
    }
    lines.push(match open {
        0 => "Nobody else waits: what falls due on Sunday was answered before the doors close.".to_owned(),
        open => format!("{open} still wait for an answer."),
    });
    let page = page_of(question.as_ref());
    Ok(telling(scene, stopped.is_some(), "The advisor answers", lines, ("adv-01", page), Some(HE_LIN)))
}

/// The supervisor hands 李强's call to 李娜; she presses N.
pub(super) async fn take_next(scene: &Scene) -> anyhow::Result<()> {
    let call = store::call(&mut scene.read().await?, Some(LI_QIANG.reference), AGENT).await?;
    let call = call.context("nobody is to call 李强")?;
    scene.hands.press(&format!("/console/calls/{}/hand", call.id), &[("to", AGENT)], Some("sup-01")).await?;
    let next = scene.hands.press("/console/calls/next", &[], Some(AGENT)).await?;
    scene.note("call", next.location.context("there is no next call")?);
    Ok(())
}

pub(super) async fn taken(scene: &Scene) -> anyhow::Result<Telling> {
    let call = store::call(&mut scene.read().await?, None, AGENT).await?;
    let page = scene.hands.look(&scene.noted("call"), Some(AGENT)).await?;
    let mut lines = Vec::new();
    if let Some(call) = &call {
        let who = call.customer.as_deref().unwrap_or("somebody");
        let owner = call.owner.as_deref().unwrap_or("nobody");
        lines.push(format!("One key, and {who} is before {owner}: {}, {}.", call.kind.replace('_', "-"), call.state));
    }
    let said = page.body.split_once("class=\"said\">").map(|(_, said)| said);
    let opening = said.and_then(|said| said.split_once("<p>")?.1.split_once("</p>")).map(|(opening, _)| opening);
    let language = page.body.split_once("<div lang=\"").and_then(|(_, rest)| rest.split_once('"'));
    if let (Some(opening), Some((language, _))) = (opening, language) {
        lines.push(format!("The script is in their language ({language}): “{opening}”"));
    }
    let is_whole = call.is_some() && opening.is_some();
    Ok(telling(scene, is_whole, "N: the agent takes the next call", lines, (AGENT, scene.noted("call")), None))
}

/// Right the first time, and yet two of five.
pub(super) async fn save(scene: &Scene) -> anyhow::Result<()> {
    let call = scene.noted("call");
    let page = scene.hands.look(&call, Some(AGENT)).await?;
    let (key, number) = (page.field("key").unwrap_or_default(), page.field("number").unwrap_or_default());
    let fields = [
        ("key", key.as_str()),
        ("number", number.as_str()),
        ("outcome", "answered:completed_issue"),
        ("answer_fixed", "yes"),
        ("answer_overall", "2"),
        ("note", "车修好了，但等了很久，也没有人解释费用。"),
    ];
    let path = call.split('?').next().unwrap_or_default();
    let next = scene.hands.press(&format!("{path}/outcome"), &fields, Some(AGENT)).await?;
    scene.note("next", next.location.unwrap_or_default());
    Ok(())
}

pub(super) async fn hot(scene: &Scene) -> anyhow::Result<Telling> {
    let mut tx = scene.read().await?;
    let case = store::case(&mut tx, LI_QIANG.reference).await?;
    let written = store::written(&mut tx, LI_QIANG.reference, Beat::LowScore.at()).await?;
    let next = store::call(&mut tx, None, AGENT).await?;
    drop(tx);
    let mut lines = Vec::new();
    if let Some(case) = &case {
        lines.push(format!(
            "Fixed, and yet {} of 5: case {} is {}. To be acknowledged by {}, contacted by {}, resolved by {}.",
            case.score.unwrap_or_default(),
            case.reference,
            case.severity,
            scene.weekday(case.acknowledge_by),
            scene.weekday(case.contact_by),
            scene.day(case.resolve_by)
        ));
    }
    let alert = written.iter().find(|one| one.kind == "staff.hot_alert" && one.accepted_at.is_some());
    if let Some(alert) = alert {
        lines.push(format!("The {} has the alert, by {}.", alert.audience, alert.channel.word()));
    }
    if let Some(next) = &next {
        let who = next.customer.as_deref().unwrap_or("somebody");
        lines.push(format!("Saved, and the next call is there: {who}, in their language ({}).", next.language));
    }
    let is_whole = case.is_some() && alert.is_some() && next.is_some();
    let page = case.map_or_else(|| "/console/cases".to_owned(), |case| format!("/console/cases/{}", case.id));
    Ok(telling(scene, is_whole, "李强: overall 2 of 5", lines, ("mgr-01", page), Some(LI_QIANG.reader)))
}
