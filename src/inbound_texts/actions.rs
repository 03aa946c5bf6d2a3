//! What a text does: it ends or resumes contact, answers the newest question, or becomes an inquiry.
use std::sync::Arc;

use jiff::SignedDuration;
use serde_json::json;

use super::{
    InboundText, Received, TakenFor, Via,
    reading::{self, Answer, Question, Reading},
    store::{self, NewText, Sender, Sent},
};
use crate::{
    appointments::actions::{Acted, ask_to_move, confirm_by_customer},
    customers::consent::{
        Action, Purpose, Source,
        actions::{NewSuppression, Said, say, start_again, suppress, suppressions},
    },
    db, dealerships,
    dealerships::Dealership,
    desk::Desk,
    http::Access,
    id::Id,
    inquiries::{self, Arrival},
    notices::{
        ChannelName, SubjectKind,
        actions::{Heard, Subject, hear},
    },
    rights, surveys,
    timeline::Entry,
};

/// A text joins the thread that the same number began this long ago.
const THREAD_LASTS: SignedDuration = SignedDuration::from_hours(14 * 24);

/// What came of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Duplicate,
    Taken(TakenFor),
    /// There is no dealership that it could be for.
    NoDealership,
}

/// Takes a text that somebody hands over. `dealership`: whose gateway it is, where the gateway says so; otherwise it is of
/// the dealership that texted this number last, or whose customer has it, or of the only one.
pub async fn receive(
    desk: &mut Desk<'_>,
    via: Via,
    text: &Received,
    dealership: Option<Dealership>,
) -> db::Result<Outcome> {
    rights::actions::hold_off(desk.tx).await?;
    let senders = store::senders(desk.tx, via, &text.from).await?;
    let sent = store::sent_to(desk.tx, via, &text.from, &senders).await?;
    let Some(dealership) = whose(desk, &senders, &sent, dealership).await? else { return Ok(Outcome::NoDealership) };
    let sent: Vec<Sent> = sent.into_iter().filter(|sent| sent.dealership_id == dealership.id).collect();
    let own: Vec<&Sender> = senders.iter().filter(|sender| sender.dealership_id == dealership.id).collect();
    // Several people may have one number; whom we texted last is who answers.
    let last = sent.first().map(|sent| sent.customer_id);
    let sender = own.iter().find(|sender| Some(sender.customer_id) == last).or(own.first().filter(|_| own.len() == 1));
    let stored = NewText {
        id: desk.id(),
        provider: via.provider,
        provider_id: text.provider_id.clone(),
        from_address: text.from.clone(),
        to_address: text.to.clone(),
        body: text.body.clone(),
        received_at: text.at,
        dealership_id: Some(dealership.id),
        customer_id: sender.map(|sender| sender.customer_id),
    };
    if !store::insert(desk.tx, &stored).await? {
        return Ok(Outcome::Duplicate);
    }
    let work = Work { id: stored.id, via, text, dealership: Arc::new(dealership), sender: sender.copied(), sent };
    let (taken_for, bound_to) = work.apply(desk).await?;
    let needs_a_person = taken_for.needs_a_person();
    store::settle(desk.tx, stored.id, taken_for, bound_to, needs_a_person).await?;
    let mut line = Entry::new(desk.id(), work.dealership.id, text.at, "customer.texted");
    line.customer_id = stored.customer_id;
    line.actor = Some(via.channel.word().to_owned());
    line.detail = json!({"text": stored.id, "taken_for": taken_for});
    desk.record(line);
    Ok(Outcome::Taken(taken_for))
}

async fn whose(
    desk: &mut Desk<'_>,
    senders: &[Sender],
    sent: &[Sent],
    named: Option<Dealership>,
) -> db::Result<Option<Dealership>> {
    if named.is_some() {
        return Ok(named);
    }
    let known = sent.first().map(|sent| sent.dealership_id).or(senders.first().map(|sender| sender.dealership_id));
    if let Some(id) = known {
        return dealerships::actions::find(desk.tx, id).await;
    }
    dealerships::actions::only(desk.tx).await
}

/// A text with what is known of it.
struct Work<'a> {
    id: Id<InboundText>,
    via: Via,
    text: &'a Received,
    dealership: Arc<Dealership>,
    sender: Option<&'a Sender>,
    sent: Vec<Sent>,
}

impl Work<'_> {
    async fn apply(&self, desk: &mut Desk<'_>) -> db::Result<(TakenFor, Option<String>)> {
        let after_appointment = self.sent.first().is_some_and(|sent| sent.subject_type == SubjectKind::Appointment);
        match reading::read(&self.text.body, after_appointment) {
            Reading::Stop => self.stop(desk).await.map(|()| (TakenFor::Stop, None)),
            Reading::Start => self.start(desk).await.map(|()| (TakenFor::Start, None)),
            Reading::Help if self.is_texted() => {
                self.say(desk, "customer.asked_help").await.map(|()| (TakenFor::Help, None))
            }
            Reading::Digit(digit) => match self.answer(desk, digit).await? {
                Some(answered) => Ok(answered),
                None => self.ask(desk, TakenFor::Free).await,
            },
            Reading::CancelAppointment => self.ask(desk, TakenFor::Cancel).await,
            Reading::NearStop => self.ask(desk, TakenFor::LooksLikeStop).await,
            Reading::Help | Reading::Words => self.ask(desk, TakenFor::Free).await,
        }
    }

    /// Whether the laws of texts hold: who asks a text for help is answered by one.
    fn is_texted(&self) -> bool {
        self.via.channel == ChannelName::Sms
    }

    /// No text to this address any more, whoever has it, from this transaction's commit on; said back once (BR-62).
    async fn stop(&self, desk: &mut Desk<'_>) -> db::Result<()> {
        let customer = self.sender.map(|sender| sender.customer_id);
        let is_stopped = match customer {
            Some(customer) => {
                let all = suppressions(desk.tx, &Access::All, Some(customer.to_string()), (None, 500)).await?;
                let is_this = |address: Option<&str>| address == Some(self.text.from.as_str());
                all.iter().any(|one| one.scope == "all" && one.lifted_at.is_none() && is_this(one.address.as_deref()))
            }
            None => false,
        };
        if is_stopped {
            return Ok(());
        }
        if let Some(customer) = customer {
            let word = |purpose| Said {
                purpose,
                action: Action::Revoke,
                channel: Some(self.via.channel),
                source: Source::Reply,
                evidence: Some(format!("text {}", self.id)),
                text_version: None,
                at: self.text.at,
            };
            let said = [Purpose::Marketing, Purpose::Followup, Purpose::Survey].map(word);
            say(desk, (self.dealership.id, customer), &said, self.via.channel.word()).await?;
        }
        let suppression = NewSuppression {
            dealership_id: self.dealership.id,
            customer_id: customer,
            address: Some(self.text.from.clone()),
            channel: Some(self.via.channel),
            scope: "all".to_owned(),
            // The word that START lifts again.
            reason: "stop".to_owned(),
            until: None,
            by: self.via.channel.word().to_owned(),
        };
        suppress(desk, &[suppression]).await?;
        self.say(desk, "customer.opted_out").await
    }

    async fn start(&self, desk: &mut Desk<'_>) -> db::Result<()> {
        if start_again(desk, &self.text.from).await? {
            let mut line = Entry::new(desk.id(), self.dealership.id, self.text.at, "suppression.lifted");
            line.customer_id = self.sender.map(|sender| sender.customer_id);
            line.actor = Some(self.via.channel.word().to_owned());
            desk.record(line);
        }
        Ok(())
    }

    /// An answer to whoever is known, where they wrote; to a stranger there is nothing to say.
    async fn say(&self, desk: &mut Desk<'_>, event_type: &'static str) -> db::Result<()> {
        let Some(sender) = self.sender else { return Ok(()) };
        let subject = Subject {
            kind: SubjectKind::Customer,
            id: sender.customer_id.to_string(),
            reference: sender.reference.clone(),
            revision: 0,
        };
        let heard = Heard {
            customer_id: Some(sender.customer_id),
            occasion: Some(self.id.to_string()),
            acted_at: Some(self.text.at),
            only_by: Some(self.via.channel),
            ..Heard::new(event_type, &self.dealership, subject)
        };
        hear(desk, &heard).await
    }

    /// A digit answers the newest open question to this person (BR-64); none where a person has to read it.
    async fn answer(&self, desk: &mut Desk<'_>, digit: u8) -> db::Result<Option<(TakenFor, Option<String>)>> {
        let Some(sender) = self.sender else { return Ok(None) };
        let asks = |sent: &&Sent| {
            let is_question = matches!(
                sent.kind.as_str(),
                "appointment.confirmation"
                    | "appointment.change"
                    | "appointment.reminder"
                    | "appointment.reminder_early"
                    | "appointment.proposal"
            );
            is_question && sent.customer_id == sender.customer_id
        };
        let appointment = self.sent.iter().find(asks);
        let survey = surveys::actions::open_questions(desk.tx, &[sender.customer_id.to_string()], desk.now).await?;
        let mut open = Vec::new();
        open.extend(appointment.map(|sent| (Question::Appointment, desk.now.since(sent.at))));
        open.extend(survey.first().map(|asked| (Question::Score, desk.now.since(asked.asked_at))));
        let at = self.text.at;
        match reading::bind(digit, &open) {
            Some((_, Answer::Score(score))) => {
                let id = surveys::actions::answer_by_digit(desk, sender.customer_id, i64::from(score), at).await?;
                Ok(id.map(|id| (TakenFor::Score, Some(id.to_string()))))
            }
            Some((_, answer)) => {
                let Some(id) = appointment.and_then(|sent| sent.subject_id.parse().ok()) else { return Ok(None) };
                let (acted, taken_for) = if answer == Answer::Confirm {
                    (confirm_by_customer(desk, id, "digit", at).await?, TakenFor::Confirm)
                } else {
                    (ask_to_move(desk, id, "digit", at).await?, TakenFor::Move)
                };
                let is_taken = matches!(acted, Acted::Done | Acted::Again);
                Ok(is_taken.then(|| (taken_for, Some(id.to_string()))))
            }
            None => Ok(None),
        }
    }

    /// A question that is answered within 24 hours, or the next one of a thread (BR-01).
    async fn ask(&self, desk: &mut Desk<'_>, taken_for: TakenFor) -> db::Result<(TakenFor, Option<String>)> {
        let arrival = Arrival {
            message_key: Some(format!("{}:{}", self.via.channel.word(), self.text.provider_id)),
            sender: Some(self.text.from.clone()),
            customer_id: self.sender.map(|sender| sender.customer_id),
            source: self.via.channel.word().to_owned(),
            ..Arrival::new(&self.dealership, self.via.inquired(), self.text.at, self.text.body.clone())
        };
        let since = desk.now.minus(THREAD_LASTS);
        let received = match store::thread(desk.tx, self.via, self.dealership.id, &self.text.from, since).await? {
            Some(thread) => inquiries::actions::join(desk, thread, &arrival).await?,
            None => inquiries::actions::receive(desk, &arrival).await?,
        };
        Ok((taken_for, Some(received.inquiry().to_string())))
    }
}
