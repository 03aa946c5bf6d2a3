//! A provider is away and comes back; a customer texts STOP.
use std::time::Duration;

use serde_json::{Value, json};

use super::{
    super::{
        pause,
        scene::{CHEN_JING, DEALERSHIP, HUANG_LI, Person, Scene, ZHOU_TAO, reason},
        store::{self, Written},
    },
    Beat, Telling, telling,
};
use crate::{clock::Timestamp, notices::ChannelName};

const WECHAT: &str = "wechat";
const SMS: &str = "sms";
const READY: &str = "repair.ready";
const APPOINTMENT: &str = "AP-ZHOUTAO";
/// A text of his is looked for so often.
const LOOKS: usize = 400;

async fn car_is_ready(scene: &Scene, reference: &str) -> anyhow::Result<()> {
    let at = scene.now().to_string();
    let data = json!({"ref": reference, "at": at, "qc_by": "tech-1", "technician_refs": ["tech-2"]});
    scene.hands.tell(json!([scene.fact(&format!("{reference}-ready"), "repair_order.ready", &data)])).await
}

async fn written(scene: &Scene, person: &Person, kind: &str, since: Timestamp) -> anyhow::Result<Vec<Written>> {
    let mut written = store::written(&mut scene.read().await?, person.reference, since).await?;
    written.retain(|one| one.kind == kind);
    Ok(written)
}

fn by(written: &[Written], channel: ChannelName) -> Option<&Written> {
    written.iter().find(|one| one.channel == channel)
}

pub(super) async fn wechat_ends(scene: &Scene) -> anyhow::Result<()> {
    scene.app.outages.begin(WECHAT);
    car_is_ready(scene, "RO-CHENJING").await
}

pub(super) async fn waits(scene: &Scene) -> anyhow::Result<Telling> {
    let written = written(scene, &CHEN_JING, READY, Beat::WechatDown.at()).await?;
    let message = by(&written, ChannelName::Wechat).filter(|one| one.tries > 0 && one.state == "ready");
    let mut lines = Vec::new();
    if let Some(message) = message {
        lines.push(format!(
            "陈静's car is ready, and she follows the official account: the message waits in the outbox ({}), to be tried again in {} min at the latest.",
            reason(message.reason.as_deref()),
            message.not_before.since(scene.now()).as_mins().max(0) + 1
        ));
        lines.push("No connection was made, so nothing can have arrived: to try again is safe.".to_owned());
    }
    let page = "/console/outbox?state=ready".to_owned();
    Ok(telling(scene, message.is_some(), "WeChat is down", lines, ("mgr-01", page), Some(CHEN_JING.reader)))
}

pub(super) async fn by_sms(scene: &Scene) -> anyhow::Result<Telling> {
    let written = written(scene, &CHEN_JING, READY, Beat::WechatDown.at()).await?;
    let given_up = by(&written, ChannelName::Wechat).filter(|one| one.state == "failed");
    let text = by(&written, ChannelName::Sms).and_then(|one| one.accepted_at);
    let mut lines = Vec::new();
    if let Some(wechat) = given_up {
        let why = reason(wechat.reason.as_deref());
        lines.push(format!("WeChat was tried {} times: {why}. Now it is the next channel's turn.", wechat.tries));
    }
    if let Some(at) = text {
        lines.push(format!("The plan goes on by SMS: it is on her phone at {}.", scene.clock(at)));
    }
    let is_whole = given_up.is_some() && text.is_some();
    let page = "/console/outbox?state=failed".to_owned();
    Ok(telling(scene, is_whole, "The time-out is over: by SMS", lines, ("mgr-01", page), Some(CHEN_JING.reader)))
}

pub(super) async fn wechat_is_back(scene: &Scene) -> anyhow::Result<()> {
    scene.app.outages.end(WECHAT);
    car_is_ready(scene, "RO-HUANGLI").await
}

pub(super) async fn once_only(scene: &Scene) -> anyhow::Result<Telling> {
    let next = written(scene, &HUANG_LI, READY, Beat::WechatBack.at()).await?;
    let before = written(scene, &CHEN_JING, READY, Beat::WechatDown.at()).await?;
    let mut lines = Vec::new();
    let taken = by(&next, ChannelName::Wechat).and_then(|one| one.accepted_at);
    if let Some(at) = taken {
        lines.push(format!("黄丽's car is ready: hers goes by WeChat, at {}.", scene.clock(at)));
    }
    let told: Vec<&str> = before.iter().filter(|one| one.accepted_at.is_some()).map(|one| one.channel.word()).collect();
    lines.push(if told.len() == 1 {
        format!("No double: 陈静 was told once, by {}. What was given up is not taken up again.", told.join(""))
    } else {
        format!("陈静 was told {} times: {}.", told.len(), told.join(", "))
    });
    let id = store::customer(&mut scene.read().await?, CHEN_JING.reference).await?;
    let page = id.map_or_else(|| "/console/customers".to_owned(), |id| format!("/console/customers/{id}"));
    Ok(telling(scene, taken.is_some(), "WeChat is back", lines, ("adv-01", page), Some(CHEN_JING.reader)))
}

/// The gateway of texts is busy when he books by telephone, so that his confirmation waits; then he texts STOP.
pub(super) async fn stop(scene: &Scene) -> anyhow::Result<()> {
    scene.app.outages.begin(SMS);
    let data = json!({"ref": APPOINTMENT, "start_at": "2026-03-10T14:00:00+08:00", "booked_at": scene.now().to_string(), "channel": "phone",
        "advisor_ref": "adv-04", "services": [{"code": "J", "name": "空调滤芯更换", "hours": 1.0}],
        "customer": ZHOU_TAO.customer(), "vehicle": ZHOU_TAO.vehicle()});
    scene.hands.tell(json!([scene.fact("zhoutao-booked", "appointment.booked", &data)])).await?;
    for _ in 0..LOOKS {
        let written = written(scene, &ZHOU_TAO, "appointment.confirmation", Beat::Stop.at()).await?;
        if let Some(message) = by(&written, ChannelName::Sms).filter(|one| one.tries > 0) {
            scene.note("waited", reason(message.reason.as_deref()));
            break;
        }
        pause(Duration::from_millis(25)).await;
    }
    scene.hands.text("story-stop", ZHOU_TAO.phone, "退订").await?;
    scene.app.outages.end(SMS);
    Ok(())
}

pub(super) async fn stopped(scene: &Scene) -> anyhow::Result<Telling> {
    let since = Beat::Stop.at();
    let pending = written(scene, &ZHOU_TAO, "appointment.confirmation", since).await?;
    let said_back = written(scene, &ZHOU_TAO, "optout.done", since).await?;
    let ended = by(&pending, ChannelName::Sms).filter(|one| !matches!(one.state.as_str(), "ready" | "sending"));
    let mut lines = vec![format!("周涛's confirmation still waited for the gateway ({}).", scene.noted("waited"))];
    if let Some(text) = ended {
        let why = reason(text.reason.as_deref());
        lines.push(match text.accepted_at {
            None => format!("It is called off at the door: {}, {why}.", text.state),
            Some(at) => format!("It went at {}.", scene.clock(at)),
        });
    }
    let back = said_back.iter().find_map(|one| one.accepted_at);
    if let Some(at) = back {
        lines.push(format!("His word is confirmed once, at {}; nothing else goes to this number.", scene.clock(at)));
    }
    let is_whole = ended.is_some() && back.is_some();
    let page = page_of_him(scene).await?;
    Ok(telling(scene, is_whole, "周涛 texts 退订 (STOP)", lines, ("adv-01", page), Some(ZHOU_TAO.reader)))
}

async fn page_of_him(scene: &Scene) -> anyhow::Result<String> {
    let id = store::customer(&mut scene.read().await?, ZHOU_TAO.reference).await?;
    Ok(id.map_or_else(|| "/console/customers".to_owned(), |id| format!("/console/customers/{id}")))
}

/// Another system asks for the next text to that number.
pub(super) async fn ask_to_say(scene: &Scene) -> anyhow::Result<()> {
    let asked = json!({"kind": "appointment.confirmation", "customer": ZHOU_TAO.reference, "dealership": DEALERSHIP,
        "subject": {"type": "appointment", "ref": APPOINTMENT}, "channel": SMS});
    let answer = scene.hands.ask_to_say("story-after-stop", &asked).await?;
    scene.note("refused", answer.to_string());
    Ok(())
}

pub(super) async fn refused(scene: &Scene) -> anyhow::Result<Telling> {
    let answer: Value = serde_json::from_str(&scene.noted("refused")).unwrap_or_default();
    let passed = answer["passed"].as_array().into_iter().flatten().find(|one| one["channel"] == SMS);
    let why = passed.and_then(|one| one["reason"].as_str()).or(answer["reason"].as_str());
    let sent = answer["messages"].as_array().map_or(0, Vec::len);
    let state = answer["state"].as_str().unwrap_or_default();
    let lines = vec![
        format!("The answer is “{state}”: {}. {sent} messages were written.", reason(why)),
        "The advisor reads the same before pressing Send.".to_owned(),
    ];
    let id = store::customer(&mut scene.read().await?, ZHOU_TAO.reference).await?;
    let id = id.map(|id| id.to_string()).unwrap_or_default();
    let about = format!("&kind=appointment.confirmation&subject=appointment:{APPOINTMENT}&channel={SMS}");
    let page = format!("/console/send?customer={id}{about}");
    let title = "The next send to that number is refused";
    Ok(telling(scene, true, title, lines, ("adv-01", page), Some(ZHOU_TAO.reader)))
}
