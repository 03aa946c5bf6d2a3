//! No customer acts on outdated news: whatever the order in which appointments move and are called off, letters are written and
//! handed over, and processes die, every outdated text that left is followed by its correction (W1).
use std::{collections::HashMap, sync::Arc, time::Instant};

use aftercare::{
    channels::HandOver,
    clock::Timestamp,
    id::Random,
    jobs::{Lane, Want},
    messages::post::Post,
    notices::compose::Compose,
};
use jiff::SignedDuration;
use serde_json::Value;

use crate::shop::{Customer, Mail, Shop, anna, by_hand, local, with};

/// Appointments that are told about at once, so that their letters share claims.
const AT_ONCE: usize = 40;
/// Steps of a round: about a dozen for each appointment.
const STEPS: usize = AT_ONCE * 12;
/// Orders: 10,000 under `AFTERCARE_SIZE=full`.
const SMALL: usize = 240;
const FULL: usize = 10_000;

/// What is true of an appointment since its last change.
#[derive(Clone, Debug, PartialEq, Eq)]
struct News {
    /// Its day; no two times of an appointment share one.
    day: Timestamp,
    is_off: bool,
}

/// A text that arrived, with the number of the news that it tells.
#[derive(Debug)]
struct Heard {
    channel: &'static str,
    news: usize,
}

struct Case {
    customer: Customer,
    news: Vec<News>,
    heard: Vec<Heard>,
}

impl Case {
    fn start(&self, number: usize) -> String {
        self.news[number].day.in_zone(&guangzhou()).strftime("%Y-%m-%dT%H:%M").to_string()
    }
    fn is_over(&self) -> bool {
        self.news.last().is_some_and(|news| news.is_off)
    }
    /// Which news a text tells: the first day that it names, and whether it is called off.
    fn told(&self, day_of: impl Fn(Timestamp) -> Option<usize>, is_off: bool) -> usize {
        let named = (0..self.news.len())
            .filter(|n| self.news[*n].is_off == is_off)
            .filter_map(|n| Some((day_of(self.news[n].day)?, n)))
            .min_by_key(|(place, n)| (*place, usize::MAX - n));
        named.expect("a text that tells of one of its times").1
    }
}

fn guangzhou() -> jiff::tz::TimeZone {
    jiff::tz::TimeZone::get("Asia/Shanghai").expect("a zone")
}

/// A claimed row of a lane, and what came of it.
type Hand<L> = (Vec<<L as Lane>::Claimed>, Vec<<L as Lane>::Outcome>);

/// A round of appointments, and what a process has in its hands.
struct Round<'s> {
    shop: &'s Shop,
    random: &'s Random,
    cases: Vec<Case>,
    /// Of an address, its case.
    whose: HashMap<String, usize>,
    composing: Hand<Compose>,
    posting: [Hand<Post>; 2],
    /// Mails and texts that were looked at.
    seen: (usize, usize),
}

impl<'s> Round<'s> {
    async fn open(shop: &'s Shop, random: &'s Random, number: usize, seen: (usize, usize)) -> Self {
        let morning =
            local("2026-03-02T10:00").plus(SignedDuration::from_hours(24 * i64::try_from(number).expect("few")));
        shop.app.ids.clock.set(morning.max(shop.now()));
        let (mut cases, mut whose, mut events) = (Vec::new(), HashMap::new(), Vec::new());
        for n in 0..AT_ONCE {
            let id = number * AT_ONCE + n;
            let (email, phone) = (format!("c{id}@example.com"), format!("+86139{id:08}"));
            let customer = anna()
                .with("ref", format!("C-{id}"))
                .with("email", email.clone())
                .with("phones", serde_json::json!([{ "number": phone, "label": "mobile" }]))
                .at(format!("W-{id}").leak());
            let day = morning.plus(SignedDuration::from_hours(24 * 4));
            let case = Case { customer, news: vec![News { day, is_off: false }], heard: Vec::new() };
            events.push(with(case.customer.books(&case.start(0), shop.now()), "vehicle", Value::Null));
            whose.extend([(email, n), (phone, n)]);
            cases.push(case);
        }
        shop.hear_all(events).await;
        Self { shop, random, cases, whose, composing: Hand::<Compose>::default(), posting: Default::default(), seen }
    }

    fn below(&self, end: usize) -> usize {
        usize::try_from(self.random.below(u64::try_from(end).expect("small"))).expect("small")
    }

    /// Something about an appointment changes; no other than `not` where somebody's text is on its way right now.
    async fn changes(&mut self) {
        let n = self.below(AT_ONCE);
        let Some(event) = self.next_news(n) else { return };
        self.shop.hears(event).await;
    }

    /// Moves or calls off, where it is not over: the event that tells it.
    fn next_news(&mut self, n: usize) -> Option<Value> {
        let calls_off = self.below(5) == 0;
        let case = &mut self.cases[n];
        let last = case.news.last().expect("it was booked").clone();
        if last.is_off || case.news.len() > 8 {
            return None;
        }
        if calls_off {
            case.news.push(News { is_off: true, ..last });
            return Some(case.customer.happens("cancelled", self.shop.now()));
        }
        case.news.push(News { day: last.day.plus(SignedDuration::from_hours(24)), is_off: false });
        let start = case.start(case.news.len() - 1);
        Some(with(case.customer.moves_to(&start), "vehicle", Value::Null))
    }

    async fn step(&mut self) {
        self.shop.app.ids.clock.advance(SignedDuration::from_millis(1));
        let db = &self.shop.app.db;
        let lane = self.below(2);
        let post = Arc::clone(&self.shop.post[2 * lane]);
        let want = if self.below(6) == 0 { Want::Suspect } else { Want::Batch(1 + self.below(8)) };
        match self.below(20) {
            0..=2 => self.changes().await,
            3..=4 => self.composing.0.extend(by_hand::claim(db, &self.shop.compose, want).await),
            5..=7 => {
                if let Some(row) = self.taken(|round| &mut round.composing.0) {
                    let outcome = by_hand::work(&self.shop.compose, row).await;
                    self.composing.1.push(outcome);
                }
            }
            8..=9 => {
                let outcomes = std::mem::take(&mut self.composing.1);
                by_hand::record(db, &self.shop.compose, outcomes).await;
            }
            10..=11 => self.posting[lane].0.extend(by_hand::claim(db, &post, want).await),
            12..=14 => self.hands_over(lane, &post).await,
            15..=16 => {
                let outcomes = std::mem::take(&mut self.posting[lane].1);
                by_hand::record(db, &post, outcomes).await;
            }
            17 => self.dies(lane, &post).await,
            _ => {
                self.shop
                    .app
                    .ids
                    .clock
                    .advance(SignedDuration::from_secs(i64::from(u8::from(self.below(4) == 0)) * 40 + 5));
                by_hand::tidy(db, &self.shop.compose).await;
                by_hand::tidy(db, &post).await;
            }
        }
    }

    fn taken<T>(&mut self, hand: impl Fn(&mut Self) -> &mut Vec<T>) -> Option<T> {
        let held = hand(self).len();
        let at = if held == 0 { return None } else { self.below(held) };
        Some(hand(self).swap_remove(at))
    }

    /// Hands one message over, sometimes while a change of its appointment is being told.
    async fn hands_over(&mut self, lane: usize, post: &Arc<Post>) {
        let Some(row) = self.taken(|round| &mut round.posting[lane].0) else { return };
        let whose = self.whose.get(&row.to_address).copied();
        let known = whose.map(|n| (n, self.cases[n].news.len() - 1));
        let change = match whose {
            Some(n) if self.below(4) == 0 => self.next_news(n),
            _ => None,
        };
        let tells = async {
            if let Some(event) = change {
                self.shop.hears(event).await;
            }
        };
        let (outcome, ()) = tokio::join!(by_hand::work(post, row), tells);
        self.look(known);
        self.posting[lane].1.push(outcome);
    }

    /// The process dies with something in its hands: before the mark, after it, or after the text has left.
    async fn dies(&mut self, lane: usize, post: &Arc<Post>) {
        match self.below(4) {
            0 => self.composing = Hand::<Compose>::default(),
            1 => self.posting[lane] = Hand::<Post>::default(),
            2 => {
                if let Some(row) = self.taken(|round| &mut round.posting[lane].0) {
                    post.marks.for_message(post.key(&row), self.shop.now()).mark().await;
                }
            }
            _ => self.posting[lane].1.clear(),
        }
    }

    /// What has arrived since the last look. Nothing that was outdated when its hand-over began may be among it.
    fn look(&mut self, known: Option<(usize, usize)>) {
        let mails = self.shop.mail.received_since(self.seen.0);
        let texts = self.shop.posted_since(self.seen.1);
        self.seen = (self.seen.0 + mails.len(), self.seen.1 + texts.len());
        for mail in mails {
            let Some(&n) = self.whose.get(&mail.to[0]) else { continue };
            let mail = Mail::of(&mail.bytes);
            let start = mail.calendar("DTSTART");
            let is_off = mail.calendar("METHOD") == "CANCEL";
            let day = |day: Timestamp| (utc(day) == start).then_some(0);
            self.hears(n, "email", self.cases[n].told(day, is_off), known);
        }
        for sms in texts {
            let Some(&n) = sms["to"].as_str().and_then(|to| self.whose.get(to)) else { continue };
            let text = sms["text"].as_str().expect("a text");
            let news = self.cases[n].told(|day| place(text, day), text.contains("is cancelled"));
            self.hears(n, "sms", news, known);
        }
    }

    fn hears(&mut self, n: usize, channel: &'static str, news: usize, known: Option<(usize, usize)>) {
        let newest = known.filter(|(of, _)| *of == n).map_or(self.cases[n].news.len() - 1, |(_, news)| news);
        let case = &mut self.cases[n];
        assert!(
            news >= newest,
            "{} hears of {news} by {channel} when {newest} is known: {:?}",
            case.customer.reference,
            case.news
        );
        case.heard.push(Heard { channel, news });
    }

    /// Whatever was in hand is lost; a new process does the rest. Answers how many corrections wait for a person.
    async fn ends(&mut self) -> usize {
        (self.composing, self.posting) = Default::default();
        for wait in ["61s", "16m", "16m", "61s"] {
            self.shop.leaps_by(wait);
            loop {
                let mut done = by_hand::turn(&self.shop.app.db, &self.shop.compose).await;
                for post in &self.shop.post {
                    done += by_hand::turn(&self.shop.app.db, post).await;
                }
                self.look(None);
                if done == 0 {
                    break;
                }
            }
        }
        let mut with_people = 0;
        for case in &self.cases {
            let last = case.news.len() - 1;
            for channel in ["email", "sms"] {
                let heard = case.heard.iter().rev().find(|heard| heard.channel == channel);
                if heard.is_some_and(|heard| heard.news < last) || (heard.is_none() && !case.is_over()) {
                    let reference = case.customer.reference;
                    let held = self.held(reference, channel).await;
                    assert!(
                        held > 0,
                        "{reference} is left with {heard:?} by {channel}: {:?}\n{:?}",
                        case.news,
                        case.heard
                    );
                    with_people += 1;
                }
            }
        }
        with_people
    }

    /// What about an appointment waits for a person: the answer was lost for good, or it ended its process three times alone.
    async fn held(&self, reference: &str, channel: &str) -> i64 {
        const HELD: &str =
            "SELECT CAST(count(*) AS BIGINT) FROM notices n LEFT JOIN messages m ON m.notice_id = n.id AND m.channel = $2
             WHERE n.subject_ref = $1 AND (n.reason = 'ended_its_process' OR m.state = 'dead'
                OR (m.state IN ('held', 'failed') AND m.reason LIKE 'unknown%'))";
        let mut tx = self.shop.app.db.read().await.expect("a connection");
        let (held,): (i64,) =
            tx.sql(HELD).bind(reference.to_owned()).bind(channel.to_owned()).one().await.expect("a count");
        held
    }

    /// Nothing of this round is left for the next one.
    async fn closes(&self) {
        let open = self.cases.iter().filter(|case| !case.is_over());
        self.shop.hear_all(open.map(|case| case.customer.happens("cancelled", self.shop.now())).collect()).await;
    }
}

/// As a calendar entry writes it.
fn utc(at: Timestamp) -> String {
    at.in_zone(&jiff::tz::TimeZone::UTC).strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// Where a text names this day.
fn place(text: &str, day: Timestamp) -> Option<usize> {
    let named = day.in_zone(&guangzhou()).strftime("%b %-d").to_string();
    let at = text.find(&named)?;
    (!text[at + named.len()..].starts_with(|c: char| c.is_ascii_digit())).then_some(at)
}

#[tokio::test]
async fn acceptance_w1_no_customer_acts_on_outdated_news() {
    let orders = if std::env::var("AFTERCARE_SIZE").as_deref() == Ok("full") { FULL } else { SMALL };
    let shop = Shop::open().await;
    let random = Random::seeded(41);
    let (mut seen, mut heard, mut outdated, mut with_people) = ((0, 0), 0, 0, 0);
    let begun = Instant::now();
    for number in 0..orders.div_ceil(AT_ONCE) {
        let mut round = Round::open(&shop, &random, number, seen).await;
        for _ in 0..STEPS {
            round.step().await;
        }
        with_people += round.ends().await;
        for case in &round.cases {
            heard += case.heard.len();
            outdated += case.heard.iter().filter(|heard| heard.news + 1 < case.news.len()).count();
        }
        round.closes().await;
        shop.drain().await;
        seen = (shop.mail.received_since(0).len(), shop.posted_since(0).len());
    }
    let told = format!(
        "{orders} orders in {} s: {heard} texts arrived, {outdated} were overtaken and corrected, {with_people} wait for a person\n",
        begun.elapsed().as_secs()
    );
    let _ = std::io::Write::write_all(&mut std::io::stderr(), told.as_bytes());
    assert!(outdated > orders / 10, "the orders are not awkward enough: {told}");
    assert!(with_people < orders / 5, "a person is asked too often: {told}");
}
