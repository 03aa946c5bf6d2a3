//! Quiet hours: when what rings must wait (D6.3).
use jiff::tz::TimeZone;

use super::DailyWindow;
use crate::{clock::Timestamp, notices::Class};

/// Whose law on marketing hours applies: the dealership's region (BR-68: one country, one installation).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Region {
    China,
    UnitedStates,
    Japan,
    /// Served under the narrowest of the three windows.
    Elsewhere,
}

impl Region {
    /// From the two letters of a dealership's `region`.
    pub fn of(code: &str) -> Self {
        match code {
            "CN" => Self::China,
            "US" => Self::UnitedStates,
            "JP" => Self::Japan,
            _ => Self::Elsewhere,
        }
    }
}

/// Until when a message must wait because of the reader's quiet hours, or `None` when it may go at `at` (D6.3).
///
/// They bind what rings (`channel_rings`: texts, chats, calls); e-mail has none except marketing; `safety` and `internal`
/// have none. The exemption of an answer to the customer's own act (BR-67), the jitter after their end and the expiry at
/// `useful_until` are the caller's.
pub fn quiet_until(
    at: Timestamp,
    class: Class,
    region: Region,
    channel_rings: bool,
    zone: &TimeZone,
) -> Option<Timestamp> {
    let open = quiet_window(class, region, channel_rings)?.next_inside(at, zone);
    (open > at).then_some(open)
}

/// The hours in which a message of this class may reach somebody; none where it may at any.
pub fn quiet_window(class: Class, region: Region, channel_rings: bool) -> Option<DailyWindow> {
    match class {
        Class::Marketing => Some(marketing(region)),
        Class::Transactional | Class::ServiceFollowup if channel_rings => Some(DailyWindow::hours(8, 21)),
        Class::Transactional | Class::ServiceFollowup | Class::Safety | Class::Internal => None,
    }
}

fn marketing(region: Region) -> DailyWindow {
    match region {
        Region::China => DailyWindow::hours(8, 22),
        Region::UnitedStates => DailyWindow::hours(8, 21),
        Region::Japan | Region::Elsewhere => DailyWindow::hours(9, 20),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Class::{Internal, Marketing, Safety, ServiceFollowup, Transactional};

    #[test]
    fn quiet_hours_bind_what_rings() {
        let zone = TimeZone::get("Asia/Tokyo").expect("a zone");
        let at =
            |day: u8, time: &str| format!("2026-03-{day:02}T{time}:00+09:00").parse::<Timestamp>().expect("a time");
        let (rings, silent) = (true, false);
        for (class, region, channel, time, until) in [
            (Transactional, Region::China, rings, "07:59", Some((7, "08:00"))),
            (Transactional, Region::China, rings, "08:00", None),
            (Transactional, Region::China, rings, "20:59", None),
            (Transactional, Region::China, rings, "21:00", Some((8, "08:00"))),
            (Transactional, Region::China, silent, "23:00", None),
            (ServiceFollowup, Region::Japan, rings, "23:00", Some((8, "08:00"))),
            (Marketing, Region::China, rings, "21:59", None),
            (Marketing, Region::China, silent, "22:00", Some((8, "08:00"))),
            (Marketing, Region::UnitedStates, rings, "21:00", Some((8, "08:00"))),
            (Marketing, Region::Japan, rings, "08:30", Some((7, "09:00"))),
            (Marketing, Region::Elsewhere, rings, "20:00", Some((8, "09:00"))),
            (Safety, Region::China, rings, "03:00", None),
            (Internal, Region::China, rings, "03:00", None),
        ] {
            let until = until.map(|(day, time)| at(day, time));
            let said = quiet_until(at(7, time), class, region, channel, &zone);
            assert_eq!(said, until, "{class:?} {region:?} {channel} {time}");
        }
    }
}
