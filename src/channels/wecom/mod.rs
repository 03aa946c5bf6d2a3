//! `WeCom` (企业微信): a group's robot, and messages of an application to one person, for who works here (E4).
mod app;
mod robot;

use std::collections::BTreeMap;

use reqwest::{Client, Request};
use secrecy::SecretString;
use url::Url;

pub use self::app::App;
use super::{
    Delivered, Delivery, HandOver, Outcome, Phase,
    http_client::{HttpLimits, http_client},
    pace::Pace,
    tencent::{self, Tokens},
};
use crate::{clock::Clock, failpoints};

/// A text of a message takes so many bytes at most (E4).
pub const LONGEST: usize = 2_048;
/// Before the code of a dealership, the address of its group's robot: no person's name holds a colon.
const ROBOT: &str = "robot:";

/// Where the groups' robots are, and the application's account.
#[derive(Clone, Debug)]
pub struct Settings {
    pub base_url: Url,
    pub robots: Robots,
    pub app: Option<App>,
    /// A robot says at most so much in a minute.
    pub per_minute: usize,
}

/// The keys of robots: whoever has one writes into its group.
#[derive(Clone, Debug, Default)]
pub struct Robots {
    /// For every dealership that has none of its own.
    pub key: Option<SecretString>,
    /// By the dealerships' codes.
    pub own: BTreeMap<String, SecretString>,
}

impl Robots {
    fn key(&self, dealership: &str) -> Option<&SecretString> {
        self.own.get(dealership).or(self.key.as_ref())
    }
    /// Where something for a dealership's group goes; none where it has no robot.
    pub fn address(&self, dealership: &str) -> Option<String> {
        self.key(dealership).map(|_| format!("{ROBOT}{dealership}"))
    }
}

/// Whether a text is one person's user id as `WeCom` has them: it names neither a group nor several, nor all of them.
pub fn is_user(text: &str) -> bool {
    let is_of_one = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'@' | b'.');
    !text.is_empty() && text.bytes().all(is_of_one) && !text.eq_ignore_ascii_case("@all")
}

/// Something for colleagues as it is handed over.
#[derive(Clone, Copy, Debug)]
pub struct Note<'a> {
    /// As [`Wecom::address`] gave it.
    pub to: &'a str,
    pub text: &'a str,
    /// What the dealership is called, for a group that several share.
    pub house: &'a str,
    /// Who is named in the group, so that their telephone says so.
    pub mention: Option<&'a str>,
}

/// `WeCom`, ready for use.
pub struct Wecom {
    client: Client,
    base_url: Url,
    robots: Robots,
    app: Option<(App, Tokens)>,
    pace: Pace,
    told: robot::Told,
    clock: Clock,
}

impl Wecom {
    pub fn new(settings: Settings, limits: HttpLimits, clock: Clock) -> Self {
        Self {
            client: http_client(limits),
            base_url: settings.base_url,
            robots: settings.robots,
            app: settings.app.map(|app| {
                let tokens = Tokens::new(app.secret.clone(), clock.clone());
                (app, tokens)
            }),
            pace: Pace::new(settings.per_minute, clock.clone()),
            told: robot::Told::default(),
            clock,
        }
    }

    /// Where somebody of a dealership is told: by themselves where the application may write to them, else in the group.
    pub fn address(&self, dealership: &str, user: Option<&str>) -> Option<String> {
        let alone = user.filter(|user| self.app.is_some() && is_user(user)).map(str::to_owned);
        alone.or_else(|| self.robots.address(dealership))
    }

    /// Hands one over. What its robot cannot take yet comes again later, and is no try.
    pub async fn deliver(&self, note: Note<'_>, hand_over: &dyn HandOver) -> Delivered {
        match note.to.strip_prefix(ROBOT) {
            Some(dealership) => self.by_robot(dealership, note, hand_over).await,
            None => self.by_app(note, hand_over).await,
        }
    }

    /// A POST of JSON to one of their paths.
    fn post(&self, path: &str, query: &[(&str, &str)], body: &serde_json::Value) -> Option<Request> {
        let mut url = tencent::address(&self.base_url, path)?;
        url.query_pairs_mut().extend_pairs(query);
        Some(tencent::posted(url, body))
    }
}

/// Nothing left, and nobody said no.
fn not_sent(reason: &'static str) -> Delivered {
    Delivered::Answered(Delivery::unanswered(Phase::Connect, Outcome::NotSent, reason))
}

/// The mark, where the process may end before and after it.
async fn marked(hand_over: &dyn HandOver) -> bool {
    failpoints::point("mark");
    hand_over.mark().await
}

fn meaning(errcode: i64) -> (Outcome, &'static str) {
    match errcode {
        // The group or its robot is gone: an e-mail says it now, and whoever runs this reads why.
        93_000 => (Outcome::Refused, "robot_unknown"),
        40_003 | 46_004 | 60_111 | 81_013 => (Outcome::Refused, "address_invalid"),
        other => tencent::common(other),
    }
}

/// What fits into a message: whole characters, and an ellipsis where something is missing.
fn fitting(text: &str) -> String {
    if text.len() <= LONGEST {
        return text.to_owned();
    }
    let most = LONGEST - '…'.len_utf8();
    format!("{}…", &text[..text.floor_char_boundary(most)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!(fitting("您好"), "您好");
        let long = fitting(&"长".repeat(900));
        assert!(long.len() <= LONGEST && long.ends_with("长…"), "{}", long.len());
        assert_eq!(fitting(&"a".repeat(LONGEST)).len(), LONGEST);
    }

    #[test]
    fn a_user_is_one_person() {
        assert!(["wu.manager", "u_1-2@shop"].into_iter().all(is_user));
        assert!(!["", "robot:gz-tianhe", "@all", "@ALL", "u1|u2", "u1 u2", "张"].into_iter().any(is_user));
    }

    #[test]
    fn a_dealership_has_its_own_robot_or_everybodys() {
        let own = BTreeMap::from([("gz-tianhe".to_owned(), SecretString::from("k"))]);
        let only_own = Robots { key: None, own };
        assert_eq!(only_own.address("gz-tianhe").as_deref(), Some("robot:gz-tianhe"));
        assert_eq!(only_own.address("tk-minato"), None);
        let both = Robots { key: Some("everybodys".into()), ..only_own };
        assert_eq!(both.address("tk-minato").as_deref(), Some("robot:tk-minato"));
    }
}
