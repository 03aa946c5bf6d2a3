//! Aftercare: the customer communication service of a car dealership's after-sales department.
//!
//! Facts come in, the desk they concern applies them, what should be said is planned as data, and the post room hands it
//! over to the outside and records what became of it. **The row is the truth, the bell is only a bell**: everything that
//! must happen later is a row with a due time; waking early, late, twice or never changes nothing but latency.
//!
//! ```text
//!  a fact arrives         the desk it concerns        what should be said         the post room            the world
//!  intake ───── event ──▶ appointments … ── notice ─▶ notices ──── message ─────▶ messages ── channels ──▶ SMTP, SMS, WeChat, WeCom
//!                              └──────────────── timeline: everything is on record ────────────┘
//! ```
//!
//! # Glossary
//! | word | meaning |
//! |---|---|
//! | *event* (`evt_`) | a fact from another system, a `CloudEvent`; stored once |
//! | *notice* (`ntc_`) | the intent to tell one person one thing about one subject at one revision |
//! | *track* | channels one after the other, the next only after the one before ended badly; tracks run side by side |
//! | *message* (`msg_`) | what a notice became: one channel, one address, a text that never changes |
//! | *attempt* (`att_`) | one hand-over of a message: how far it got and what was answered |
//! | *mark* | "handing over", committed before the first byte that cannot be taken back |
//! | *unknown* | handed over, the answer lost: looked at again, never repeated blindly |
//! | *lane* | one kind of work that falls due: compose, and a post lane per channel and priority |
//! | *fence*, *lease* | which claim of a row this is, and how long it is good for |
//! | *suspect* | a row whose lease ended before the mark: claimed alone, because it may be what ended its process |
//! | *desk* | one transaction's work: everything an event causes commits with it |
//!
//! # The rooms
//! [`intake`] the doors for facts: envelope, catalogue of types, `POST /v1/events`, `aftercare ingest`.
//! [`inbound`] mail that comes in, over LMTP and `POST /in/email`: stored raw, read, sorted, matched to what we sent.
//! [`imports`] files of a dealer management system: rows that become the same events.
//! [`customers`] people, addresses, vehicles and who is what to them. [`appointments`] booked, moved, cancelled, confirmed, arrived, missed.
//! [`calls`] the follow-up queue: what people are to call about, who may, with which words, and what came of it.
//! [`repairs`] opened, promised, work found and decided, checked, ready, delivered. [`parts`] ordered, delayed, arrived,
//! fitted; whose turn it is.
//! [`inbound_texts`] texts that customers send: STOP, a digit that answers, a question. [`official_account`] what the `WeChat`
//! account tells: receipts, who follows it, what they write.
//! [`inquiries`] questions and the promise that each is answered within 24 hours.
//! [`notices`] the playbook of kinds (`templates/notices/`), their timing, tracks and letters; composing.
//! [`clocks`] what must happen later: set, stopped, rung.
//! [`messages`] claim, mark, hand over, record; retries, `unknown`, what people do by hand.
//! [`channels`] the only code that talks to the outside: SMTP, calendar files, SMS gateways, `WeCom`, `WeChat`, the built-in mailbox.
//! [`jobs`] the lanes' worker, the only code that names apalis; [`lanes`] which lanes a process runs.
//! [`surveys`] invitations, answers, scores. [`cases`] low scores and complaints until somebody else has verified the cure.
//! [`reports`] satisfaction, operations and the proof of the 24 hours. [`links`] what a signed link says.
//! [`rights`] what is known of somebody is shown to them, and taken out. [`copies`] backups that know that they are one.
//! [`fsck`] what must always be true of the rows. [`doctor`] whether everything that a shop depends on is well.
//! [`assists`] help that colleagues ask each other for. [`feeds`] which sources are heard. [`files`] what came with a mail or goes with an answer. [`capacity`] what a day has room for.
//! [`texts`] versions of texts, published and rolled back; providers' approved templates. [`triggered`] what a person asks to say.
//! [`dealerships`], [`staff`] shops, people, keys. [`timeline`] the record. [`demo`] the story, [`replay`] any story on a virtual clock.
//! [`console`] the screens: sign-in, who may what, words in three languages, live regions. [`db`] two databases behind one door, the only code that names their types. [`http`] the door's router, errors, keys. [`openapi`] the document of the doors, for programs and as a page.
//! [`calendar`] opening hours and quiet hours. [`template`] the text engine behind limits. [`app`], [`config`], [`cli`],
//! [`clock`], [`id`], [`desk`], [`fields`], [`telemetry`], [`failpoints`].
//!
//! A business folder holds, as far as it needs them, `mod.rs` (words and rules), `actions.rs` (the verbs), `store` (all its
//! SQL) and its doors (`api.rs` for systems, `console.rs` for people). Doors call actions, actions call their own store; a folder never uses another's store.
//!
//! # A walk: an appointment is confirmed
//! `POST /v1/events` → [`intake::api`] reads a `CloudEvent` into a typed fact, with every fault named by its pointer →
//! [`intake::actions::take`] opens one unit in [`db`] → `appointments::actions::apply` refreshes customer, vehicle and
//! appointment → [`notices::actions::hear`] raises the confirmation and the reminder as the playbook says → the record →
//! commit → 202 → bell → [`notices::compose`]: read again (BR-13), on the e-mail track and the WeChat-then-SMS track,
//! rendered once → [`messages::post`]: claim, envelope, mark, body, 250 → recorded. The appointment moves: the same road; the
//! reminder is withdrawn in that very transaction, and the change carries the same calendar UID with the next SEQUENCE.
//!
//! # A walk: a follow-up call is made
//! `repair_order.delivered` → `repairs` → [`calls::actions::plan_follow_up`] (opens +24 h, due +72 h, expires +15 d, whoever
//! served the visit excluded) → a clock makes it ready inside the customer's hours → `POST /v1/calls/next`: the order of the
//! queue, the customer's lock, a lease → script, visits, history → the outcome with its answers → done, or another part of
//! another day, and after the last one a written notice.
pub mod app;
pub mod appointments;
pub mod assists;
pub mod bookings;
pub mod calendar;
pub mod calls;
pub mod capacity;
pub mod cases;
pub mod channels;
pub mod cli;
pub mod clock;
pub mod clocks;
pub mod config;
pub mod console;
pub mod copies;
pub mod customers;
pub mod db;
pub mod dealerships;
pub mod demo;
pub mod desk;
pub mod doctor;
pub mod failpoints;
pub mod feeds;
pub mod fields;
pub mod files;
pub mod fsck;
pub mod hooks;
pub mod http;
pub mod id;
pub mod imports;
pub mod inbound;
pub mod inbound_texts;
pub mod inquiries;
pub mod intake;
pub mod jobs;
pub mod lanes;
pub mod links;
pub mod messages;
pub mod notices;
pub mod official_account;
pub mod openapi;
pub mod parts;
pub mod receipts;
pub mod repairs;
pub mod replay;
pub mod reports;
pub mod retention;
pub mod rights;
pub mod staff;
pub mod surveys;
pub mod telemetry;
pub mod template;
pub mod texts;
pub mod timeline;
pub mod triggered;
