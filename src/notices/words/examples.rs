//! Sample inquiries, surveys, cases, vehicles, customers and lists: with everything known, and with as little as there may be.
use jiff::SignedDuration;
use serde_json::json;

use super::{
    About, Setting, assist, case, customer,
    digest::{self, Figure, FigureName, Item, Mark, Who},
    inquiry,
    samples::{at, setting, settings},
    survey, vehicle,
};
use crate::notices::{Locale, SubjectKind};

type Sample = (&'static str, Setting, About);

/// The samples of a subject that needs no setting of its own; empty for one whose texts are not written here.
pub(super) fn examples(subject: SubjectKind, locale: Locale) -> Vec<Sample> {
    let (full, bare) = match subject {
        SubjectKind::Inquiry => (About::Inquiry(inquiry(locale)), About::Inquiry(inquiry::Facts::default())),
        SubjectKind::Survey | SubjectKind::CallTask => {
            (About::Survey(survey(locale)), About::Survey(survey::Facts::default()))
        }
        SubjectKind::Case => (About::Case(case(locale)), About::Case(case::Facts::default())),
        SubjectKind::Assist => (About::Assist(assist(locale)), About::Assist(assist::Facts::default())),
        SubjectKind::Vehicle => (About::Vehicle(vehicle(locale)), About::Vehicle(bare_vehicle(locale))),
        SubjectKind::Customer => (About::Customer(customer()), About::Customer(customer::Facts::default())),
        SubjectKind::Dealership => (About::Digest(digest(locale)), About::Digest(empty_digest())),
        SubjectKind::Appointment | SubjectKind::RepairOrder | SubjectKind::PartsOrder | SubjectKind::PartsQuestion => {
            return Vec::new();
        }
    };
    let mut samples: Vec<Sample> = settings(locale)
        .into_iter()
        .map(|(name, setting)| (name, referenced(setting, subject), full.clone()))
        .collect();
    samples.push(("bare", referenced(setting(locale), subject), bare));
    samples
}

/// What the subject is called.
fn referenced(setting: Setting, subject: SubjectKind) -> Setting {
    let reference = match subject {
        SubjectKind::Inquiry => "Q-2041",
        SubjectKind::Case => "C-318",
        _ => "RO-7712",
    };
    Setting { reference: reference.to_owned(), ..setting }
}

fn inquiry(locale: Locale) -> inquiry::Facts {
    let answer = locale.choose(
        "您好！\n\n更换前制动片及工时合计约1,280元，约需1.5小时。周四上午有空位，是否为您预留？",
        "Thank you for asking.\n\nNew front brake pads with labour come to about $320 and take an hour and a half. Thursday morning is free; shall we hold it for you?",
        "お問い合わせありがとうございます。\n\nフロントブレーキパッドの交換は工賃込みで約38,000円、所要時間は約1時間半です。木曜の午前が空いておりますが、お取りいたしましょうか。",
    );
    inquiry::Facts {
        received_at: Some(at(locale, "2026-03-07", "17:50")),
        due_at: Some(at(locale, "2026-03-08", "17:50")),
        topic: Some(locale.choose("更换制动片的费用", "Cost of new brake pads", "ブレーキパッド交換の費用").to_owned()),
        answer: Some(answer.to_owned()),
        call_by: Some(at(locale, "2026-03-09", "10:00")),
        left: Some(SignedDuration::from_mins(150)),
    }
}

fn survey(locale: Locale) -> survey::Facts {
    survey::Facts {
        visited_at: Some(at(locale, "2026-03-07", "16:30")),
        expires_at: Some(at(locale, "2026-03-21", "16:30")),
    }
}

fn case(locale: Locale) -> case::Facts {
    let words = locale.choose(
        "等了三个小时，而且没有人告诉我为什么要换这个零件。",
        "I waited three hours and nobody told me why this part had to be replaced.",
        "3時間待たされたうえ、なぜこの部品を交換するのか説明がありませんでした。",
    );
    case::Facts {
        contact_by: Some(at(locale, "2026-03-08", "11:20")),
        score: Some(2),
        words: Some(words.to_owned()),
        owner: Some(locale.choose("李经理", "Robert Hayes", "高橋 誠").to_owned()),
        step: Some("contact".to_owned()),
    }
}

fn assist(locale: Locale) -> assist::Facts {
    let words = locale.choose(
        "同一制动异响第二次来店，上次已更换前制动片。能否一起试车？",
        "The same brake noise again, after new front pads last time. Could you come along on a test drive?",
        "前回フロントパッドを交換しましたが、同じ鳴きで再入庫です。試乗に同行していただけますか。",
    );
    let answer = locale.choose(
        "好的，10:30一起试车，先不要拆。",
        "Yes, at half past ten. Take nothing apart before.",
        "10時半に同行します。それまで分解しないでください。",
    );
    let job = locale.choose("前制动片", "Front brake pads", "フロントブレーキパッド");
    let last = assist::Last {
        reference: "RO-7630".to_owned(),
        opened_at: Some(at(locale, "2026-02-20", "09:00")),
        jobs: vec![job.to_owned()],
    };
    assist::Facts {
        subject: "repair_order".to_owned(),
        words: Some(words.to_owned()),
        vin: Some("JTHBJ46G9A2345678".to_owned()),
        last: Some(last),
        asked_at: Some(at(locale, "2026-03-07", "09:40")),
        again: true,
        answer: Some(answer.to_owned()),
        answered_by: Some(locale.choose("李经理", "Robert Hayes", "高橋 誠").to_owned()),
    }
}

fn vehicle(locale: Locale) -> vehicle::Facts {
    let name = locale.choose("燃油泵可能失效", "Fuel pump may fail", "燃料ポンプの不具合");
    vehicle::Facts {
        vin: Some("JTHBJ46G9A2345678".to_owned()),
        next_service_at: Some(at(locale, "2026-03-20", "09:00")),
        next_service_km: Some(40_000),
        campaign: Some("R2026-014".to_owned()),
        campaign_name: Some(name.to_owned()),
    }
}

fn bare_vehicle(locale: Locale) -> vehicle::Facts {
    let vehicle::Facts { next_service_at, campaign, .. } = vehicle(locale);
    vehicle::Facts { next_service_at, campaign, ..vehicle::Facts::default() }
}

fn customer() -> customer::Facts {
    let day = json!([["09:00", "18:00"]]);
    let hours = json!({ "mon": day, "tue": day, "wed": day, "thu": day, "fri": day, "sat": day, "sun": [] });
    customer::Facts { topic: Some("marketing".to_owned()), opening_hours: hours }
}

fn empty_digest() -> digest::Facts {
    digest::Facts { date: Some(jiff::civil::date(2026, 3, 7)), ..digest::Facts::default() }
}

fn digest(locale: Locale) -> digest::Facts {
    let who = |zh: (&str, &str), en: (&str, &str), ja: (&str, &str)| {
        let (name, salutation) = locale.choose(zh, en, ja);
        Some(Who { name: name.to_owned(), salutation: Some(salutation.to_owned()), company: false })
    };
    let text = |zh: &str, en: &str, ja: &str| locale.choose(zh, en, ja).to_owned();
    let items = vec![
        Item {
            at: Some(at(locale, "2026-03-07", "09:30")),
            customer: who(("王芳", "女士"), ("Fang Wang", "Ms."), ("佐藤 花子", "様")),
            plate: Some(text("粤A12345", "8ABC241", "品川 300 さ 22-54")),
            model_code: Some("ES300h".to_owned()),
            what: vec![text("4万公里保养", "40,000 km service", "4万km点検")],
            reference: Some("A-1001".to_owned()),
            marks: vec![Mark::Vip],
            ..Item::default()
        },
        Item {
            at: Some(at(locale, "2026-03-07", "10:30")),
            customer: who(("赵磊", "先生"), ("John O'Neil", "Mr."), ("鈴木 一郎", "様")),
            plate: Some(text("粤B8F221", "7XYZ880", "品川 501 た 10-08")),
            what: vec![
                text("制动异响复查", "Brake noise, again", "ブレーキ異音の再点検"),
                text("四轮定位", "Wheel alignment", "アライメント調整"),
            ],
            reference: Some("A-1004".to_owned()),
            marks: vec![Mark::Comeback, Mark::Waiting],
            ..Item::default()
        },
        Item {
            what: vec![text("前制动片", "Front brake pads", "フロントブレーキパッド")],
            quantity: Some(2),
            plate: Some(text("粤B8F221", "7XYZ880", "品川 501 た 10-08")),
            marks: vec![Mark::NotInStock],
            ..Item::default()
        },
    ];
    let figure = |name, value: f64, of| Figure { name, value: Some(value), of };
    let figures = vec![
        figure(FigureName::RepliedWithin24h, 0.982, Some(56)),
        figure(FigureName::NoShows, 3.0, Some(41)),
        figure(FigureName::PartsUntold, 0.0, None),
        figure(FigureName::FollowedUpWithin3d, 0.914, Some(35)),
        Figure { name: FigureName::Satisfaction, value: None, of: Some(0) },
        figure(FigureName::UnsignedOrders, 1.0, None),
    ];
    let by = Some(at(locale, "2026-03-07", "17:30"));
    digest::Facts { date: Some(jiff::civil::date(2026, 3, 7)), by, items, figures }
}
