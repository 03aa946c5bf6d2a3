//! Sample appointments: between them they take every branch of every text.
use jiff::tz::TimeZone;

use super::{Dealer, Links, Visit};
use crate::notices::wording::{Locale, Person};

/// The samples of a language, by name. `full` comes first and is the one to show to people.
pub fn samples(locale: Locale) -> Vec<(&'static str, Visit)> {
    let full = full(locale);
    let with = |change: fn(&mut Visit)| {
        let mut visit = full.clone();
        change(&mut visit);
        visit
    };
    vec![
        ("full", full.clone()),
        (
            "moved",
            with(|visit| {
                visit.previous_start_at = Some(visit.start_at.minus(jiff::SignedDuration::from_hours(46)));
            }),
        ),
        ("conditional", with(|visit| visit.conditional = true)),
        (
            "several_works",
            with(|visit| {
                visit.services.extend(["12V 蓄电池 / Battery".to_owned(), "Tyres".to_owned()]);
                visit.calendar = false;
            }),
        ),
        ("no_salutation", with(|visit| visit.person.salutation = None)),
        (
            "company",
            with(|visit| {
                visit.person = Person { name: "O'Neil & <Söhne>".to_owned(), salutation: None, company: true };
            }),
        ),
        (
            "no_vehicle",
            with(|visit| {
                visit.plate = None;
                visit.model_code = None;
                visit.services.clear();
                visit.end_at = None;
            }),
        ),
        (
            "nobody_assigned",
            with(|visit| {
                visit.advisor.clear();
                visit.dealer.sms_signature = None;
                visit.dealer.email = None;
                visit.plate = None;
            }),
        ),
        // A reader of this language at a dealership of the mainland, whose gateway signs.
        ("abroad", {
            let mut visit = full.clone();
            let there = self::full(Locale::ZhCn);
            visit.dealer = there.dealer;
            visit.advisor = there.advisor;
            visit
        }),
        (
            "linked",
            with(|visit| {
                visit.links = Some(Links { manage: "https://aftercare.example/a/4f1c".to_owned() });
            }),
        ),
    ]
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
}

fn full(locale: Locale) -> Visit {
    let words = match locale {
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
        },
    };
    let at = |time: &str| {
        let text = format!("2026-03-07T{time}:00{:+03}:00", words.offset);
        text.parse().expect("a sample's time is a constant")
    };
    let [name, department, phone, address, email, region] = words.dealer.map(str::to_owned);
    Visit {
        person: Person { name: words.name.to_owned(), salutation: words.salutation.map(str::to_owned), company: false },
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
        start_at: at("09:30"),
        end_at: Some(at("11:00")),
        previous_start_at: None,
        plate: Some(words.plate.to_owned()),
        model_code: Some("ES300h".to_owned()),
        model_year: Some(2024),
        services: vec![words.service.to_owned()],
        reference: "A-1001".to_owned(),
        conditional: false,
        calendar: true,
        links: None,
    }
}
