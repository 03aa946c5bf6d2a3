//! What a list or a digest of one shop may say: the day's arrivals, parts to lay ready, yesterday in figures.
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Page;
use crate::{
    cases::Cause,
    clock::Timestamp,
    notices::{
        Locale,
        wording::{self, Person},
    },
};

/// A list as whoever gathered it keeps it with the notice; unknown keys are ignored, so that a list may carry more.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Facts {
    /// The day it is about, on the dealership's calendar.
    pub date: Option<Date>,
    /// Until when something is to be done today.
    pub by: Option<Timestamp>,
    #[serde(default)]
    pub items: Vec<Item>,
    #[serde(default)]
    pub figures: Vec<Figure>,
}

/// One line of a list; what is absent is left out.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Item {
    pub at: Option<Timestamp>,
    pub customer: Option<Who>,
    pub plate: Option<String>,
    pub model_code: Option<String>,
    /// The works of a visit, the name of a part, the topic of an inquiry.
    #[serde(default)]
    pub what: Vec<String>,
    pub quantity: Option<i64>,
    pub advisor: Option<String>,
    #[serde(rename = "ref")]
    pub reference: Option<String>,
    #[serde(default)]
    pub marks: Vec<Mark>,
}

/// A customer as a list keeps them.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Who {
    pub name: String,
    pub salutation: Option<String>,
    #[serde(default)]
    pub company: bool,
}

/// What deserves a second look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    Comeback,
    Vip,
    Waiting,
    CarryOver,
    NeedsHelp,
    NotInStock,
    Overdue,
    MissingPhone,
    MissingVin,
    MissingModel,
    MissingParts,
    OpenCase,
}

impl Mark {
    /// As people read it in a list.
    pub fn words(self, locale: Locale) -> &'static str {
        let [zh, en, ja] = match self {
            Self::Comeback => ["返修", "comeback", "再入庫"],
            Self::Vip => ["贵宾", "VIP", "VIP"],
            Self::Waiting => ["在店等候", "waiting", "店内でお待ち"],
            Self::CarryOver => ["遗留工作", "carry-over", "継続作業"],
            Self::NeedsHelp => ["需要协助", "needs help", "要サポート"],
            Self::NotInStock => ["缺货", "not in stock", "在庫なし"],
            Self::Overdue => ["已超时", "overdue", "期限超過"],
            Self::MissingPhone => ["缺电话", "no telephone", "電話番号なし"],
            Self::MissingVin => ["缺车架号", "no VIN", "車台番号なし"],
            Self::MissingModel => ["缺车型", "no model", "型式なし"],
            Self::MissingParts => ["零件未备", "parts not ready", "部品未準備"],
            Self::OpenCase => ["有未结投诉", "open case", "対応中の案件あり"],
        };
        locale.choose(zh, en, ja)
    }
}

/// One figure of a digest.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Figure {
    pub name: FigureName,
    /// A share from 0 to 1, a number of things, or a mean score; None where there was nothing to count.
    pub value: Option<f64>,
    /// How many it was counted over.
    pub of: Option<i64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FigureName {
    RepliedWithin24h,
    NoShows,
    PartsUntold,
    FollowedUpWithin3d,
    Satisfaction,
    UnsignedOrders,
    OrdersWithoutCondition,
    OpenCases,
    AppointmentLoad,
    /// The share of satisfied customers; its interval in tenths of a percent.
    Csat {
        low: i64,
        high: i64,
    },
    /// How often a root cause was found.
    RootCause(Cause),
}

impl Facts {
    /// The list is kept with the notice whole. One that cannot be read leaves the list empty: its heading still says that
    /// there is one, and the console has it.
    pub(super) fn hear(&mut self, detail: &Value) {
        if let Ok(kept) = serde_json::from_value::<Self>(detail.clone()) {
            *self = kept;
        }
    }
}

/// The same in the reader's language.
#[derive(Clone, Debug, Serialize)]
pub struct Words {
    pub date: Option<String>,
    pub by: Option<String>,
    pub count: usize,
    pub items: Vec<Line>,
    pub figures: Vec<Said>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Line {
    pub at: Option<String>,
    pub title: String,
    pub note: Option<String>,
    pub mark: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Said {
    pub label: &'static str,
    pub value: String,
    pub mark: Option<String>,
}

impl Words {
    pub(super) fn new(facts: &Facts, page: &Page<'_>) -> Self {
        Self {
            date: facts.date.map(|date| wording::date(date, page.locale)),
            by: facts.by.map(|at| page.time(at)),
            count: facts.items.len(),
            items: facts.items.iter().map(|item| line(item, page)).collect(),
            figures: facts.figures.iter().map(|figure| said(figure, page.locale)).collect(),
        }
    }
}

fn line(item: &Item, page: &Page<'_>) -> Line {
    let locale = page.locale;
    let clean = |text: &Option<String>| text.as_deref().map(wording::clean).filter(|text| !text.is_empty());
    let customer = item.customer.as_ref().map(|who| {
        let person = Person { name: who.name.clone(), salutation: who.salutation.clone(), company: who.company };
        wording::hon(&person, locale)
    });
    let what = wording::join(&item.what, locale).map(|what| match item.quantity {
        Some(quantity) if quantity != 1 => format!("{what} × {quantity}"),
        _ => what,
    });
    let plate = clean(&item.plate);
    // A part is named first and its car beside it; a visit the other way round.
    let (title, mut rest) = match (item.quantity, customer) {
        (None, Some(customer)) => (join([Some(customer), plate]), vec![clean(&item.model_code), what]),
        (_, customer) => (join([what]), vec![join([customer, plate]).into(), clean(&item.model_code)]),
    };
    rest.extend([clean(&item.advisor), clean(&item.reference)]);
    let title = if title.is_empty() { rest.remove(0).unwrap_or_default() } else { title };
    let note: Vec<String> = rest.into_iter().flatten().filter(|part| !part.is_empty()).collect();
    let marks: Vec<&str> = item.marks.iter().map(|mark| mark.words(locale)).collect();
    Line {
        at: item.at.map(|at| page.time(at)),
        title,
        note: Some(note.join(" · ")).filter(|note| !note.is_empty()),
        mark: Some(marks.join(locale.choose("、", ", ", "・"))).filter(|mark| !mark.is_empty()),
    }
}

fn join<const N: usize>(parts: [Option<String>; N]) -> String {
    parts.into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

fn said(figure: &Figure, locale: Locale) -> Said {
    let [zh, en, ja] = match figure.name {
        FigureName::RepliedWithin24h => ["24小时回复率", "Replied within 24 h", "24時間以内の返信率"],
        FigureName::NoShows => ["失约", "No-shows", "無断キャンセル"],
        FigureName::PartsUntold => ["零件到货待通知", "Parts in, customer not told", "入荷未連絡の部品"],
        FigureName::FollowedUpWithin3d => ["3日内回访率", "Followed up within 3 days", "3日以内のフォロー率"],
        FigureName::Satisfaction => ["满意度", "Satisfaction", "満足度"],
        FigureName::UnsignedOrders => ["未签字工单", "Unsigned repair orders", "署名のない作業"],
        FigureName::OrdersWithoutCondition => ["未验车工单", "Orders without a condition report", "車両確認のない作業"],
        FigureName::OpenCases => ["未结投诉", "Open cases", "対応中の案件"],
        FigureName::AppointmentLoad => ["预约工时占比", "Booked hours", "予約工数の割合"],
        FigureName::Csat { .. } => ["满意客户占比", "Satisfied customers", "満足されたお客様の割合"],
        FigureName::RootCause(cause) => cause_words(cause),
    };
    let value = match (figure.value, figure.name) {
        (None, _) => locale.choose("无", "none", "なし").to_owned(),
        (Some(share), FigureName::RepliedWithin24h | FigureName::FollowedUpWithin3d | FigureName::AppointmentLoad) => {
            format!("{:.1}%", share * 100.0)
        }
        (Some(share), FigureName::Csat { low, high }) => {
            let tenths = |tenths: i64| format!("{}.{}", tenths / 10, tenths % 10);
            format!("{:.1}% ({}–{}%)", share * 100.0, tenths(low), tenths(high))
        }
        (Some(score), FigureName::Satisfaction) => format!("{score:.1} / 5"),
        (Some(count), _) => format!("{count:.0}"),
    };
    Said { label: locale.choose(zh, en, ja), value, mark: figure.of.map(|n| format!("n={n}")) }
}

fn cause_words(cause: Cause) -> [&'static str; 3] {
    match cause {
        Cause::Quality => ["原因：维修质量", "Cause: quality of the work", "要因：作業品質"],
        Cause::Time => ["原因：未按时交车", "Cause: not ready in time", "要因：納期の遅れ"],
        Cause::InconvenientTime => ["原因：预约时间不方便", "Cause: an inconvenient time", "要因：予約日時の不便"],
        Cause::Price => ["原因：价格", "Cause: price", "要因：料金"],
        Cause::Explanation => ["原因：解释不清楚", "Cause: explanation", "要因：説明不足"],
        Cause::Attitude => ["原因：服务态度", "Cause: attitude", "要因：応対"],
        Cause::Parts => ["原因：零件", "Cause: parts", "要因：部品"],
        Cause::Facility => ["原因：店内设施", "Cause: facility", "要因：施設"],
        Cause::Other => ["原因：其他", "Cause: other", "要因：その他"],
    }
}
