//! The numbers there are: each with its unit and the way its rows become it.
use serde::{Deserialize, Serialize};

/// A number of the operations report, by its name in `domain/rules.md` A5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kpi {
    AppointmentShare,
    AppointmentLoad,
    ArrivalSpacing,
    BookingWait,
    NoShow,
    Confirmation,
    InquiryReply,
    FirstResponse,
    PartsNoticeLead,
    PartsAgeing,
    FillRate,
    EtaAccuracy,
    FollowUpContact,
    FollowUpOnTime,
    FirstTimeRight,
    Csat,
    Nps,
    Index,
    AlertClosure,
    Efficiency,
    Retention,
}

/// What a value is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    Percent,
    /// Of the NPS, -100 to 100.
    Points,
    /// Of the index, 0 to 1000.
    Thousandths,
    Minutes,
    Days,
    Lines,
}

/// How a span is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Span {
    Minutes,
    /// While the doors are open.
    OpeningMinutes,
    Hours,
    /// On the dealership's calendar, the first not counted.
    WorkingDays,
    /// On the dealership's calendar; earlier is negative.
    Days,
    /// Within so many months on the dealership's calendar, told in days.
    Months,
}

/// Which of the figures of spans is the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Head {
    Median,
    /// The share that kept within the limit, in percent.
    Within,
}

/// Which side of its limit a span is to be on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    AtMost,
    AtLeast,
}

/// How rows become a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Those of them, in percent.
    Share,
    /// Sum of the parts over sum of the wholes, in percent.
    Ratio,
    /// `open_counts`: a span that has not ended is one that did not keep within its limit, once that has passed.
    Spans {
        span: Span,
        head: Head,
        side: Side,
        open_counts: bool,
    },
    /// What lies there at the end of the month, by its age.
    Lying,
    /// Day by day: minutes booked of minutes available.
    Days,
    /// Of the answers to the questionnaire.
    Nps,
    Index,
}

impl Kpi {
    pub const ALL: [Self; 21] = [
        Self::AppointmentShare,
        Self::AppointmentLoad,
        Self::ArrivalSpacing,
        Self::BookingWait,
        Self::NoShow,
        Self::Confirmation,
        Self::InquiryReply,
        Self::FirstResponse,
        Self::PartsNoticeLead,
        Self::PartsAgeing,
        Self::FillRate,
        Self::EtaAccuracy,
        Self::FollowUpContact,
        Self::FollowUpOnTime,
        Self::FirstTimeRight,
        Self::Csat,
        Self::Nps,
        Self::Index,
        Self::AlertClosure,
        Self::Efficiency,
        Self::Retention,
    ];

    pub fn word(self) -> &'static str {
        match self {
            Self::AppointmentShare => "appointment_share",
            Self::AppointmentLoad => "appointment_load",
            Self::ArrivalSpacing => "arrival_spacing",
            Self::BookingWait => "booking_wait",
            Self::NoShow => "no_show",
            Self::Confirmation => "confirmation",
            Self::InquiryReply => "inquiry_reply",
            Self::FirstResponse => "first_response",
            Self::PartsNoticeLead => "parts_notice_lead",
            Self::PartsAgeing => "parts_ageing",
            Self::FillRate => "fill_rate",
            Self::EtaAccuracy => "eta_accuracy",
            Self::FollowUpContact => "follow_up_contact",
            Self::FollowUpOnTime => "follow_up_on_time",
            Self::FirstTimeRight => "first_time_right",
            Self::Csat => "csat",
            Self::Nps => "nps",
            Self::Index => "index",
            Self::AlertClosure => "alert_closure",
            Self::Efficiency => "efficiency",
            Self::Retention => "retention",
        }
    }
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kpi| kpi.word() == word)
    }

    pub(super) fn way(self) -> Way {
        let spans = |span, head, side, open_counts| Way::Spans { span, head, side, open_counts };
        match self {
            Self::AppointmentShare
            | Self::NoShow
            | Self::Confirmation
            | Self::InquiryReply
            | Self::FollowUpContact
            | Self::FirstTimeRight
            | Self::Csat
            | Self::AlertClosure => Way::Share,
            Self::Efficiency => Way::Ratio,
            Self::AppointmentLoad => Way::Days,
            Self::PartsAgeing => Way::Lying,
            Self::Nps => Way::Nps,
            Self::Index => Way::Index,
            Self::ArrivalSpacing => spans(Span::Minutes, Head::Within, Side::AtLeast, false),
            Self::BookingWait => spans(Span::WorkingDays, Head::Within, Side::AtMost, false),
            Self::FirstResponse => spans(Span::Minutes, Head::Median, Side::AtMost, false),
            Self::PartsNoticeLead => spans(Span::OpeningMinutes, Head::Median, Side::AtMost, true),
            Self::FillRate => spans(Span::Hours, Head::Within, Side::AtMost, true),
            Self::EtaAccuracy => spans(Span::Days, Head::Median, Side::AtMost, false),
            Self::FollowUpOnTime => spans(Span::Hours, Head::Within, Side::AtMost, false),
            Self::Retention => spans(Span::Months, Head::Within, Side::AtMost, true),
        }
    }

    pub fn unit(self) -> Unit {
        match self.way() {
            Way::Share | Way::Ratio | Way::Days | Way::Spans { head: Head::Within, .. } => Unit::Percent,
            Way::Lying => Unit::Lines,
            Way::Nps => Unit::Points,
            Way::Index => Unit::Thousandths,
            Way::Spans { span: Span::Minutes | Span::OpeningMinutes | Span::Hours, .. } => Unit::Minutes,
            Way::Spans { .. } => Unit::Days,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{console::Words, notices::Locale};

    #[test]
    fn every_number_has_a_name_and_a_definition_in_three_languages() {
        for kpi in Kpi::ALL {
            assert_eq!((Kpi::parse(kpi.word()), serde_json::json!(kpi)), (Some(kpi), serde_json::json!(kpi.word())));
            for locale in Locale::ALL {
                let key = kpi.word().replace('_', "-");
                assert!(Words(locale).knows(&format!("kpi-{key}")), "{key} {locale:?}");
                assert!(Words(locale).knows(&format!("kpi-means-{key}")), "{key} {locale:?}");
            }
        }
    }
}
