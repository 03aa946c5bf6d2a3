//! What happened before: a month of visits with their scores, calls that wait, questions, parts on the shelf; made up, the same
//! every time, told as facts like any other.
use jiff::SignedDuration;
use serde_json::{Map, Value, json};

use crate::{
    app::App,
    assists,
    calls::{self, CallType},
    channels::mailbox,
    clock::Timestamp,
    db::Weight,
    desk,
    http::{Access, Error},
    intake::{
        actions::{admit, take},
        envelope::{Format, Sheet},
    },
    repairs,
    surveys::{self, actions::OnThePhone},
};

const DEALERSHIP: &str = "gz-tianhe";
const NAMES: [(&str, &str); 12] = [
    ("王芳", "女士"),
    ("李强", "先生"),
    ("张敏", "女士"),
    ("刘洋", "先生"),
    ("陈静", "女士"),
    ("杨帆", "先生"),
    ("赵磊", "先生"),
    ("黄丽", "女士"),
    ("周涛", "先生"),
    ("吴娟", "女士"),
    ("Emily Wang", "Ms"),
    ("佐藤 健", "様"),
];
const MODELS: [&str; 5] = ["ES300h", "RX450h", "NX350", "UX260h", "LS500"];
const JOBS: [&str; 6] = ["4万公里保养", "更换制动片", "空调滤芯更换", "轮胎更换", "电池检测", "雨刮器更换"];
const PARTS: [(&str, &str); 5] = [
    ("47750-53010", "制动卡钳"),
    ("G9280-48050", "电池散热风扇"),
    ("16100-39436", "水泵"),
    ("87139-58010", "空调滤芯"),
    ("90915-YZZD1", "机油滤清器"),
];
const QUESTIONS: [(&str, &str); 6] = [
    ("预约周六", "这周六上午还能预约保养吗？"),
    ("配件到货", "我订的制动卡钳到了吗？"),
    ("保养费用", "4万公里保养大概多少钱？"),
    ("代步车", "修车期间可以提供代步车吗？"),
    ("异响", "冷车启动时有异响，需要来店检查吗？"),
    ("取车时间", "今天几点可以取车？"),
];
/// What advisors ask about the cars that stand here, the comeback first.
const HELP: [&str; 2] = ["同一异响第二次来店，能否一起试车？", "客户要求今天取车，但电池检测结果不合格，请协助说明。"];
/// What customers said of their visits; those who are not happy last.
const WORDS: [(i64, Option<&str>); 19] = [
    (5, None),
    (5, Some("服务很好。")),
    (5, None),
    (5, None),
    (5, Some("等候时间稍长，但很满意。")),
    (5, None),
    (5, Some("Friendly and on time.")),
    (5, None),
    (5, None),
    (5, Some("説明が丁寧でした。")),
    (5, None),
    (5, None),
    (5, Some("顾问很专业。")),
    (5, None),
    (5, None),
    (5, None),
    (3, Some("费用没有解释清楚。")),
    (2, Some("同样的问题又出现了，而且没人解释。")),
    (1, Some("约定的时间没有修好，也没有人通知我。")),
];
/// Of these, those who are happy.
const HAPPY: usize = 16;

/// Two months of visits whose customers were content: what a dashboard compares with.
///
/// # Errors
/// When a fact is refused: then this file is wrong.
pub async fn tell_of_better_times(app: &App, now: Timestamp) -> Result<(), Error> {
    let delivered = |n: u32| now.minus(SignedDuration::from_hours(24 * 20 + 18 * i64::from(n)));
    let mut events = Vec::new();
    for n in 0..64 {
        visit(&mut events, &format!("B-{n}"), n, delivered(n));
    }
    store(app, events).await?;
    for n in 0..64 {
        answers(
            app,
            &format!("RO-B-{n}"),
            WORDS[usize::try_from(n).unwrap_or(0) % HAPPY],
            delivered(n).plus(SignedDuration::from_hours(30)),
        )
        .await?;
    }
    Ok(())
}

/// Tells what happened in the month before `now`: calls that wait, questions, parts on the shelf, scores. `month` tells the
/// names of one month from those of another.
///
/// # Errors
/// When a fact is refused: then this file is wrong.
pub async fn tell(app: &App, month: &str, now: Timestamp) -> Result<(), Error> {
    let mut events = Vec::new();
    let hours = |hours: i64| now.minus(SignedDuration::from_hours(hours));
    // Visits of one to four days ago, whose customers wait to be called; and of a month, whose customers have answered.
    for n in 0..16 {
        visit(&mut events, &format!("{month}H-{n}"), n, hours(26 + 5 * i64::from(n)));
    }
    for n in 0..48 {
        visit(&mut events, &format!("{month}M-{n}"), n + 3, hours(24 * 17 + 6 * i64::from(n)));
    }
    for n in 0..3 {
        fleet(&mut events, &format!("{month}F-{n}"), n, hours(3 + i64::from(n)));
    }
    for n in 0..12 {
        question(
            &mut events,
            &format!("{month}Q-{n}"),
            n,
            now.minus(SignedDuration::from_mins(23 * 60 + 30 - 95 * i64::from(n))),
        );
    }
    for n in 0..18 {
        booking(&mut events, &format!("{month}T-{n}"), n, now);
    }
    for n in 0..6 {
        in_the_workshop(&mut events, &format!("{month}W-{n}"), n, now);
    }
    for n in 0..12 {
        mistyped(&mut events, &format!("{month}A-{n}"), n, now);
    }
    for n in 0..24 {
        parts(&mut events, &format!("{month}P-{n}"), n, now);
    }
    store(app, events).await?;
    for n in 0..48_usize {
        let at = hours(6 + 7 * i64::try_from(n).unwrap_or(0));
        answers(app, &format!("RO-{month}M-{n}"), WORDS[n * 5 % WORDS.len()], at).await?;
    }
    help(app, month).await
}

/// What advisors ask the service manager about cars that are here.
async fn help(app: &App, month: &str) -> Result<(), Error> {
    let Some(dealership) = app.directory.by_code(DEALERSHIP).await? else { return Err(Error::NotFound) };
    for (n, words) in HELP.into_iter().enumerate() {
        let reference = format!("RO-{month}W-{}", 4 - n);
        let asked = json!({"subject": {"type": "repair_order", "ref": reference}, "by": "adv-01", "of": "service_manager", "words": words});
        let (asked, _) = assists::Asked::parse(asked).map_err(Error::Invalid)?;
        assists::actions::ask(app, &dealership, asked, Some(reference), "demo".to_owned()).await?;
    }
    Ok(())
}

/// By the road that facts take, in the order of their times.
async fn store(app: &App, mut events: Vec<Value>) -> Result<(), Error> {
    events.sort_by_key(|event| event["time"].as_str().unwrap_or_default().to_owned());
    for some in events.chunks(100) {
        let sheet = Sheet::read(Format::Either, json!(some).to_string().as_bytes())?;
        let envelopes = admit(app, &Access::All, &sheet).await?;
        take(app, envelopes).await?;
    }
    Ok(())
}

fn pick<T: Copy>(from: &[T], n: u32) -> T {
    from[usize::try_from(n).unwrap_or(0) % from.len()]
}

fn customer(name: &str, n: u32) -> Value {
    let (said, salutation) = pick(&NAMES, n);
    let language = match said {
        "Emily Wang" => "en",
        "佐藤 健" => "ja",
        _ => "zh-CN",
    };
    // Nobody has these numbers: the mailbox takes what is sent to them.
    json!({"ref": format!("C-{name}"), "name": said, "salutation": salutation, "language": language,
        "phones": [{"number": format!("1390{:07}", 1_000_000 + hash(name) % 8_999_999), "label": "mobile"}],
        "email": format!("{}@example.com", name.to_lowercase())})
}

fn vehicle(name: &str, n: u32) -> Value {
    json!({"vin": format!("JTH{:014}", hash(name)), "plate": format!("粤A{:05}", hash(name) % 100_000), "model_code": pick(&MODELS, n), "model_year": 2019 + n % 7})
}

/// A number for a name; only that it is the same every time matters.
fn hash(name: &str) -> u64 {
    name.bytes()
        .fold(1_469_598_103, |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(1_099_511_627) % 99_999_999_977)
}

fn event(name: &str, kind: &str, at: Timestamp, data: &Value) -> Value {
    json!({"specversion": "1.0", "id": format!("history-{name}-{kind}"), "source": "/dms/history", "type": kind, "time": at.to_string(),
        "dealership": DEALERSHIP, "data": data})
}

fn visit(events: &mut Vec<Value>, name: &str, n: u32, delivered: Timestamp) {
    let opened = delivered.minus(SignedDuration::from_hours(5));
    let reference = format!("RO-{name}");
    let opening = json!({"ref": reference, "opened_at": opened.to_string(), "advisor_ref": format!("adv-0{}", 1 + n % 4), "signed": true,
        "condition_recorded": true, "jobs": [{"code": "J", "name": pick(&JOBS, n), "hours": 1.5}], "customer": customer(name, n), "vehicle": vehicle(name, n)});
    events.push(event(name, "repair_order.opened", opened, &opening));
    events.push(event(
        name,
        "repair_order.delivered",
        delivered,
        &json!({"ref": reference, "at": delivered.to_string()}),
    ));
}

/// A company's car: nobody rings its driver, the survey goes by letter.
fn fleet(events: &mut Vec<Value>, name: &str, n: u32, delivered: Timestamp) {
    visit(events, name, n, delivered);
    for event in events.iter_mut().filter(|event| event["data"]["customer"]["ref"] == format!("C-{name}")) {
        event["data"]["customer"]["name"] = json!(pick(&["天河物流有限公司", "珠江设计院", "Canton Trading Ltd"], n));
        event["data"]["customer"]["kind"] = json!("company");
    }
}

/// Who comes today and tomorrow: some are here, some should be, some are still to come; a part is missing, a car is back.
fn booking(events: &mut Vec<Value>, name: &str, n: u32, now: Timestamp) {
    let reference = format!("AP-{name}");
    let start = now.plus(SignedDuration::from_mins(i64::from(n) * 35 - 150));
    let heard = now.minus(SignedDuration::from_hours(40));
    let mut who = customer(name, n + 5);
    if n % 6 == 1 {
        who["vip"] = json!(true);
    }
    if n % 5 == 2 {
        who["needs"] = json!([pick(&["mobility", "transport"], n)]);
    }
    let parts = if n % 6 == 4 {
        json!([{"part_no": pick(&PARTS, n).0, "name": pick(&PARTS, n).1, "qty": 1, "available": false}])
    } else {
        json!([])
    };
    let booked = json!({"ref": reference, "start_at": start.to_string(), "customer": who, "vehicle": vehicle(name, n), "advisor_ref": format!("adv-0{}", 1 + n % 4),
        "services": [{"code": "J", "name": pick(&JOBS, n), "hours": 1.5}], "booked_at": heard.to_string(), "channel": "phone", "is_comeback": n % 7 == 3, "parts_required": parts,
        "customer_words": pick(&[None, Some("冷车时刹车有异响"), None, Some("想等车完成后直接开走")], n)});
    events.push(event(name, "appointment.booked", heard, &booked));
    if n < 3 {
        let at = start.minus(SignedDuration::from_mins(5));
        events.push(event(name, "appointment.arrived", at, &json!({"ref": reference, "at": at.to_string()})));
    }
}

/// A car that is still here: some since yesterday, some without an appointment, one for the second time.
fn in_the_workshop(events: &mut Vec<Value>, name: &str, n: u32, now: Timestamp) {
    let opened = now.minus(SignedDuration::from_hours(2 + 6 * i64::from(n)));
    let promised = now.plus(SignedDuration::from_hours(2 + i64::from(n)));
    let opening = json!({"ref": format!("RO-{name}"), "opened_at": opened.to_string(), "promised_at": promised.to_string(), "signed": true,
        "condition_recorded": true, "is_comeback": n == 4, "advisor_ref": format!("adv-0{}", 1 + n % 4),
        "jobs": [{"code": "J", "name": pick(&JOBS, n), "hours": 2.0}], "customer": customer(name, n + 9), "vehicle": vehicle(name, n)});
    events.push(event(name, "repair_order.opened", opened, &opening));
}

/// Booked a few minutes ago with an address that somebody mistyped: the letter comes back at once.
fn mistyped(events: &mut Vec<Value>, name: &str, n: u32, now: Timestamp) {
    let heard = now.minus(SignedDuration::from_mins(2 + i64::from(n)));
    let start = now.plus(SignedDuration::from_hours(48 + i64::from(n)));
    let mut who = customer(name, n + 7);
    who["email"] = json!(format!("{}{}", name.to_lowercase(), mailbox::NOWHERE));
    let booked = json!({"ref": format!("AP-{name}"), "start_at": start.to_string(), "customer": who, "vehicle": vehicle(name, n), "advisor_ref": format!("adv-0{}", 1 + n % 4),
        "services": [{"code": "J", "name": pick(&JOBS, n), "hours": 1.0}], "booked_at": heard.to_string(), "channel": "phone"});
    events.push(event(name, "appointment.booked", heard, &booked));
}

fn question(events: &mut Vec<Value>, name: &str, n: u32, at: Timestamp) {
    let (subject, body) = pick(&QUESTIONS, n);
    let data = json!({"ref": format!("IQ-{name}"), "channel": "web", "received_at": at.to_string(), "subject": subject, "body": body,
        "customer": customer(name, n + 2), "vehicle": vehicle(name, n)});
    events.push(event(name, "inquiry.received", at, &data));
}

/// On order, overdue, or arrived and lying there for up to five weeks.
fn parts(events: &mut Vec<Value>, name: &str, n: u32, now: Timestamp) {
    let (number, part) = pick(&PARTS, n);
    let days = |days: i64| now.plus(SignedDuration::from_hours(24 * days));
    let ordered = days(-40);
    let eta = days(i64::from(n) * 2 - 12);
    let order = json!({"order_ref": format!("PO-{name}"), "customer": customer(name, n + 4), "vehicle": vehicle(name, n), "advisor_ref": "adv-01",
        "eta": eta.to_string(), "lines": [{"line_ref": "1", "part_no": number, "name": part, "qty": 1, "unit_value": 380 + 60 * n}]});
    events.push(event(name, "parts.ordered", ordered, &order));
    if n.is_multiple_of(2) {
        let arrived = days(-1 - 3 * i64::from(n));
        let data = json!({"order_ref": format!("PO-{name}"), "line_ref": "1", "qty": 1, "at": arrived.to_string(), "location": format!("A-{:02}", n + 1)});
        events.push(event(name, "parts.received", arrived, &data));
    }
}

async fn answers(
    app: &App,
    reference: &str,
    (overall, words): (i64, Option<&str>),
    at: Timestamp,
) -> Result<(), Error> {
    let id =
        repairs::actions::find_id(&mut app.db.read().await?, &Access::All, reference).await?.ok_or(Error::NotFound)?;
    let given = json!({"fixed": overall > 2, "overall": overall, "advisor": (overall + 1).min(5), "explanation": overall,
        "recommend": overall * 2, "comment": words});
    let given: Map<String, Value> = given.as_object().cloned().unwrap_or_default();
    let given = surveys::actions::read(app.questionnaires.current(), "", &given).map_err(Error::Invalid)?;
    desk::at(app, Weight::ONE, move |desk| {
        let given = given.clone();
        Box::pin(async move {
            let id = id.to_string();
            let said = OnThePhone { repair_order_id: &id, answers: &given, interviewer_id: None, at };
            surveys::actions::record_answers(desk, &said).await?;
            calls::actions::withdraw(desk, &id, &[CallType::FollowUp], "answered").await?;
            Ok(())
        })
    })
    .await
}
