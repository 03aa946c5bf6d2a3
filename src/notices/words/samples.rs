//! Sample settings and subjects: between them they take every branch of every text.
use jiff::tz::TimeZone;

use super::{About, Dealer, Links, Setting, appointment, examples::examples, parts_order, repair_order};
use crate::{
    clock::Timestamp,
    notices::{
        SubjectKind,
        wording::{Locale, Person},
    },
};

/// Its name, who writes to whom, and the subject.
pub type Sample = (&'static str, Setting, About);

/// The samples of a subject in a language, by name. `full` comes first and is the one to show to people. Empty for a subject
/// that no text is about.
pub fn samples(subject: SubjectKind, locale: Locale) -> Vec<Sample> {
    match subject {
        SubjectKind::Appointment => appointments(locale),
        SubjectKind::RepairOrder => repair_order::samples(locale),
        SubjectKind::PartsOrder | SubjectKind::PartsQuestion => parts_order::samples(locale),
        _ => examples(subject, locale),
    }
}

/// Settings that every subject should be tried with: somebody without a salutation, a company with a hostile name, a car
/// that is not known, nobody assigned, and a reader of this language at a dealership of the mainland, whose gateway signs.
pub(super) fn settings(locale: Locale) -> Vec<(&'static str, Setting)> {
    let full = setting(locale);
    let with = |change: fn(&mut Setting)| {
        let mut setting = full.clone();
        change(&mut setting);
        setting
    };
    vec![
        ("full", full.clone()),
        (
            "no_salutation",
            with(|setting| {
                setting.person.salutation = None;
                setting.replies = true;
            }),
        ),
        (
            "company",
            with(|setting| {
                setting.person = Person { name: "O'Neil & <Söhne>".to_owned(), salutation: None, company: true };
                setting.replies = true;
            }),
        ),
        (
            "no_vehicle",
            with(|setting| {
                setting.plate = None;
                setting.model_code = None;
                setting.replies = true;
            }),
        ),
        (
            "nobody_assigned",
            with(|setting| {
                setting.advisor.clear();
                setting.dealer.sms_signature = None;
                setting.dealer.email = None;
                setting.plate = None;
            }),
        ),
        ("abroad", {
            let there = setting(Locale::ZhCn);
            Setting { dealer: there.dealer, advisor: there.advisor, ..full.clone() }
        }),
        (
            "linked",
            with(|setting| {
                setting.links = Some(Links { manage: "https://aftercare.example/a/4f1c".to_owned() });
                setting.note = Some("P2".to_owned());
            }),
        ),
    ]
}

fn appointments(locale: Locale) -> Vec<Sample> {
    let facts = appointment::Facts {
        start_at: at(locale, "2026-03-07", "09:30"),
        end_at: Some(at(locale, "2026-03-07", "11:00")),
        previous_start_at: None,
        services: vec![words(locale).service.to_owned()],
        conditional: false,
        calendar: true,
        customer_words: Some(words(locale).said.to_owned()),
        original: Some("RO-7630".to_owned()),
    };
    let full = setting(locale);
    let with = |change: fn(&mut appointment::Facts)| {
        let mut facts = facts.clone();
        change(&mut facts);
        About::Appointment(facts)
    };
    let mut samples = vec![
        ("full", full.clone(), About::Appointment(facts.clone())),
        (
            "moved",
            full.clone(),
            with(|facts| {
                facts.previous_start_at = Some(facts.start_at.minus(jiff::SignedDuration::from_hours(46)));
            }),
        ),
        ("conditional", full.clone(), with(|facts| facts.conditional = true)),
        (
            "several_works",
            full,
            with(|facts| {
                facts.services.extend(["12V 蓄电池 / Battery".to_owned(), "Tyres".to_owned()]);
                facts.calendar = false;
            }),
        ),
    ];
    samples.extend(settings(locale).into_iter().skip(1).map(|(name, setting)| {
        let about = match name {
            "no_vehicle" => with(|facts| {
                facts.services.clear();
                facts.end_at = None;
                facts.customer_words = None;
                facts.original = None;
            }),
            _ => About::Appointment(facts.clone()),
        };
        (name, setting, about)
    }));
    samples
}

struct Words {
    zone: &'static str,
    /// Hours; also stands for the zone on a machine without a zone database.
    offset: i8,
    name: &'static str,
    salutation: Option<&'static str>,
    dealer: [&'static str; 6],
    signature: Option<&'static str>,
    /// A name, and what stands for one.
    advisor: [&'static str; 2],
    plate: &'static str,
    service: &'static str,
    /// In the customer's words.
    said: &'static str,
    colleague: &'static str,
}

fn words(locale: Locale) -> Words {
    match locale {
        Locale::ZhCn => Words {
            zone: "Asia/Shanghai",
            offset: 8,
            name: "王芳",
            salutation: Some("女士"),
            dealer: [
                "雷克萨斯天河店",
                "售后服务部",
                "020-8888 0000",
                "广州市天河区示例路1号",
                "service@gz-tianhe.example",
                "CN",
            ],
            signature: Some("雷克萨斯天河"),
            advisor: ["陈晓", "服务顾问"],
            plate: "粤A12345",
            service: "4万公里保养",
            said: "冷车时制动有异响",
            colleague: "李梅",
        },
        Locale::En => Words {
            zone: "America/Los_Angeles",
            offset: -8,
            name: "Fang Wang",
            salutation: Some("Ms."),
            dealer: [
                "Lexus Torrance",
                "Service",
                "(310) 555-0000",
                "1 Sample Boulevard, Torrance, CA",
                "service@la-torrance.example",
                "US",
            ],
            signature: None,
            advisor: ["Maria Lopez", "your service advisor"],
            plate: "8ABC241",
            service: "40,000 km service",
            said: "Brakes squeal when cold",
            colleague: "Daniel Reed",
        },
        Locale::Ja => Words {
            zone: "Asia/Tokyo",
            offset: 9,
            name: "佐藤 花子",
            salutation: Some("様"),
            dealer: [
                "レクサス港",
                "サービス部",
                "03-5555-0000",
                "東京都港区見本1-1",
                "service@tk-minato.example",
                "JP",
            ],
            signature: None,
            advisor: ["伊藤 健", "サービスアドバイザー"],
            plate: "品川 300 さ 22-54",
            service: "4万km点検",
            said: "冷間時にブレーキが鳴く",
            colleague: "渡辺 亮",
        },
    }
}

/// A time on the wall clock of the sample dealership.
pub(super) fn at(locale: Locale, date: &str, time: &str) -> Timestamp {
    let text = format!("{date}T{time}:00{:+03}:00", words(locale).offset);
    text.parse().expect("a sample's time is a constant")
}

/// The same read by somebody who works here: the customer is whom it is about.
pub(in crate::notices) fn read_here(setting: Setting, locale: Locale) -> Setting {
    let name = words(locale).colleague.to_owned();
    let reader = Person { name, salutation: None, company: false };
    Setting { colleague: true, customer: Some(setting.person), person: reader, ..setting }
}

/// The full setting of a language.
pub(super) fn setting(locale: Locale) -> Setting {
    let words = words(locale);
    let [name, department, phone, address, email, region] = words.dealer.map(str::to_owned);
    Setting {
        person: Person { name: words.name.to_owned(), salutation: words.salutation.map(str::to_owned), company: false },
        colleague: false,
        customer: None,
        dealer: Dealer {
            name,
            department,
            phone,
            address,
            email: Some(email),
            region,
            advisor_fallback: words.advisor[1].to_owned(),
            sms_signature: words.signature.map(str::to_owned),
            zone: TimeZone::get(words.zone).unwrap_or_else(|_| TimeZone::fixed(jiff::tz::offset(words.offset))),
        },
        advisor: words.advisor[0].to_owned(),
        plate: Some(words.plate.to_owned()),
        model_code: Some("ES300h".to_owned()),
        model_year: Some(2024),
        reference: "A-1001".to_owned(),
        links: None,
        note: None,
        replies: false,
    }
}
