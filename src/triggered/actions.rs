//! The verbs of what is asked to be said: look who and what is meant, then raise and compose it while the caller waits.
use std::sync::Arc;

use jiff::SignedDuration;
use serde_json::Value;

use super::{Asked, MAY_OVERRIDE, MOST_AN_HOUR, SAME_AGAIN_AFTER, store};
use crate::{
    app::App,
    clock::Timestamp,
    customers::{self, Customer},
    db::{self, Tx, Weight},
    dealerships::Dealership,
    http::{Caller, Error},
    id::Id,
    lanes,
    notices::{
        ChannelName, Class,
        actions::{NewNotice, Subject},
        now::{Foreseen, Prepared},
        playbook::Kind,
        readings,
        tracks::Tracks,
    },
    staff::{self, Staff},
    timeline::{self, Entry},
};

/// How long what was triggered is worth sending.
const USEFUL_FOR: SignedDuration = SignedDuration::from_hours(24);

/// What became of a request.
#[derive(Debug)]
pub enum Said {
    /// Written; the answer.
    Now(Value),
    /// The first answer to the same request.
    Before(Value),
}

/// The header and the hash of the body of a request that is to be answered once.
#[derive(Clone, Debug)]
pub struct Once {
    pub idempotency_key: String,
    pub body_hash: String,
}

/// Why a unit was ended without storing anything.
#[derive(Debug)]
enum End {
    Database(db::Error),
    /// Shown, and taken back.
    Shown(Box<Foreseen>),
    OtherBody,
    SameAgain,
    TooMany,
}
impl From<db::Error> for End {
    fn from(error: db::Error) -> Self {
        Self::Database(error)
    }
}

/// What a request means: everybody and everything in it found.
#[derive(Clone)]
struct Meant {
    dealership: Arc<Dealership>,
    customer: Id<Customer>,
    subject: Subject,
    by: Option<Staff>,
    asked: Asked,
}

/// Shows what a request would become, and stores nothing.
pub async fn preview(app: &App, caller: &Caller, asked: Asked) -> Result<Foreseen, Error> {
    let meant = meant(app, caller, asked).await?;
    let (prepared, notice) = ready(app, &meant).await?;
    let shown = app
        .db
        .write(Weight::ONE, move |tx| {
            let (prepared, notice) = (Arc::clone(&prepared), notice.clone());
            Box::pin(async move { Err::<(), End>(End::Shown(Box::new(prepared.show(tx, &notice).await?))) })
        })
        .await;
    match shown {
        Err(End::Shown(foreseen)) => Ok(*foreseen),
        Err(End::Database(error)) => Err(error.into()),
        Ok(()) | Err(End::OtherBody | End::SameAgain | End::TooMany) => {
            Err(Error::Internal(anyhow::anyhow!("a preview was not taken back")))
        }
    }
}

/// Does what a request asks, once for its Idempotency-Key.
pub async fn say(app: &App, caller: &Caller, asked: Asked, once: Once) -> Result<Said, Error> {
    // Before anything else: what was answered stays answered, whatever has changed since.
    let before = store::answered(&mut app.db.read().await?, &caller.key_id, &once.idempotency_key).await?;
    if let Some((hash, answer)) = before {
        return if hash == once.body_hash { Ok(Said::Before(answer.0)) } else { Err(other_body()) };
    }
    let meant = meant(app, caller, asked).await?;
    let (prepared, notice) = ready(app, &meant).await?;
    let (key_id, actor) = (caller.key_id.clone(), actor(caller, meant.by.as_ref()));
    let ids = app.ids.clone();
    let done = app
        .db
        .write(Weight::ONE, move |tx| {
            let (prepared, notice, once) = (Arc::clone(&prepared), notice.clone(), once.clone());
            let (key_id, actor, meant, ids) = (key_id.clone(), actor.clone(), meant.clone(), ids.clone());
            Box::pin(async move {
                if let Some((hash, answer)) = store::answered(tx, &key_id, &once.idempotency_key).await? {
                    return if hash == once.body_hash { Ok(Said::Before(answer.0)) } else { Err(End::OtherBody) };
                }
                within_limits(tx, &meant, &actor, notice.raised_at).await?;
                let foreseen = prepared.say(tx, &notice).await?;
                let answer = serde_json::to_value(&foreseen).unwrap_or_default();
                let kept = store::Kept {
                    id: ids.next(),
                    key_id,
                    idempotency_key: once.idempotency_key,
                    body_hash: once.body_hash,
                    dealership_id: meant.dealership.id,
                    notice_id: notice.id,
                    customer_id: meant.customer,
                    kind: notice.kind.clone(),
                    triggered_by: actor.clone(),
                    override_reason: meant.asked.override_reason.clone(),
                    answer: answer.clone(),
                    triggered_at: notice.raised_at,
                };
                store::keep(tx, &kept).await?;
                let mut line = Entry::new(ids.next(), meant.dealership.id, notice.raised_at, "message.triggered");
                line.customer_id = Some(meant.customer);
                line.notice_id = Some(notice.id);
                line.actor = Some(actor);
                line.reason = meant.asked.override_reason.map(|_| "quiet_hours_overridden".to_owned());
                timeline::actions::write(tx, &[line]).await?;
                Ok(Said::Now(answer))
            })
        })
        .await;
    done.map_err(|end| match end {
        End::Database(error) => error.into(),
        End::OtherBody => other_body(),
        End::SameAgain => Error::Conflict(
            "same_again",
            "this customer was sent this less than 10 minutes ago: look at GET /v1/messages before sending it again"
                .to_owned(),
        ),
        End::TooMany => Error::Conflict(
            "too_many",
            format!(
                "{MOST_AN_HOUR} messages were triggered in this name within an hour: wait, or let a colleague do it"
            ),
        ),
        End::Shown(_) => Error::Internal(anyhow::anyhow!("a message was only shown")),
    })
}

fn other_body() -> Error {
    Error::invalid("/", "idempotency_key_reused", "this Idempotency-Key was sent with another body: use a new one")
}

async fn within_limits(tx: &mut Tx, meant: &Meant, actor: &str, now: Timestamp) -> Result<(), End> {
    if store::same_since(tx, meant.customer, &meant.asked.kind, now.minus(SAME_AGAIN_AFTER)).await? > 0 {
        return Err(End::SameAgain);
    }
    let hour_ago = now.minus(SignedDuration::from_hours(1));
    if store::by_hand_since(tx, actor, hour_ago).await? >= MOST_AN_HOUR {
        return Err(End::TooMany);
    }
    Ok(())
}

/// Whom limits count, and whom the record names.
fn actor(caller: &Caller, by: Option<&Staff>) -> String {
    by.map_or_else(|| caller.actor(), |staff| format!("staff:{}", staff.id))
}

async fn meant(app: &App, caller: &Caller, asked: Asked) -> Result<Meant, Error> {
    let kind = app.playbook.kind(&asked.kind).filter(|kind| !kind.audience.works_here());
    let kind = kind.ok_or_else(|| Error::invalid("/kind", "unknown_kind", "is no notice to a customer"))?;
    may_be_asked(kind, &asked)?;
    let mut tx = app.db.read().await?;
    let code = asked.dealership.as_deref();
    let found = customers::actions::named(&mut tx, &caller.access, &asked.customer, code).await?;
    let customer = match Error::unless_one(found) {
        Err(Error::NotFound) => {
            return Err(Error::invalid("/customer", "unknown_customer", "there is no such customer"));
        }
        other => other?,
    };
    let subject = readings::named(&mut tx, asked.subject, customer.dealership_id, &asked.subject_ref).await?;
    let subject = match subject {
        None => {
            return Err(Error::invalid(
                "/subject/type",
                "not_by_hand",
                "messages about this are not triggered by hand",
            ));
        }
        Some(named) => named.into_iter().find(|named| named.customer_id == Some(customer.id)),
    };
    let subject = subject
        .ok_or_else(|| Error::invalid("/subject/ref", "unknown_subject", "this customer has none of that ref"))?;
    let by = match &asked.by {
        None => None,
        Some(reference) => match staff::actions::find_id(&mut tx, customer.dealership_id, reference).await? {
            Some(id) => staff::actions::find(&mut tx, id).await?.filter(|staff| staff.active),
            None => None,
        },
    };
    if asked.by.is_some() && by.is_none() {
        return Err(Error::invalid("/by", "unknown_staff", "nobody of that ref works there"));
    }
    let may_override = by.as_ref().is_some_and(|staff| staff.roles.iter().any(|role| role == MAY_OVERRIDE));
    if asked.override_reason.is_some() && !may_override {
        return Err(Error::Forbidden("only a service manager, named in `by`, may have something sent in quiet hours"));
    }
    drop(tx);
    let dealership = app.directory.by_id(customer.dealership_id).await?.ok_or(Error::NotFound)?;
    let free_text = !(dealership.region == "CN" && asked.channel == Some(ChannelName::Sms));
    if asked.note.is_some() && !free_text {
        return Err(Error::invalid(
            "/note",
            "note_not_possible",
            "a mainland SMS is an approved template: it carries no note",
        ));
    }
    Ok(Meant { dealership, customer: customer.id, subject: subject.subject, by, asked })
}

/// What the kind itself allows.
fn may_be_asked(kind: &Kind, asked: &Asked) -> Result<(), Error> {
    if kind.subject != asked.subject {
        return Err(Error::invalid("/subject/type", "wrong_subject", "this kind is about something else"));
    }
    if asked.note.is_some() && kind.class != Class::Transactional {
        return Err(Error::invalid("/note", "note_not_allowed", "only transactional messages take a note"));
    }
    if asked.channel == Some(ChannelName::Call) {
        return Err(Error::invalid("/channel", "unknown_channel", "a call is planned as a task"));
    }
    Ok(())
}

/// The texts in force and the notice as it is raised.
async fn ready(app: &App, meant: &Meant) -> Result<(Arc<Prepared>, NewNotice), Error> {
    let kind = app.playbook.kind(&meant.asked.kind).ok_or(Error::NotFound)?;
    let routes = lanes::routes(app).map_err(|error| Error::Internal(error.into()))?;
    let compose = Arc::new(lanes::compose_lane(app, &Arc::new(routes)));
    let prepared = Prepared::new(compose, Arc::clone(&meant.dealership), &kind.name).await?;
    let now = app.ids.clock.now();
    let mut detail = meant.asked.params.clone();
    if let (Some(note), Some(detail)) = (&meant.asked.note, detail.as_object_mut()) {
        detail.insert("note".to_owned(), note.clone().into());
    }
    let id = app.ids.next();
    let tracks = match meant.asked.channel {
        Some(channel) => vec![vec![channel]],
        None => kind.tracks.clone(),
    };
    let notice = NewNotice {
        id,
        dealership_id: meant.dealership.id,
        kind: kind.name.clone(),
        class: kind.class,
        audience: kind.audience,
        subject_type: meant.subject.kind,
        subject_id: meant.subject.id.clone(),
        subject_ref: meant.subject.reference.clone(),
        subject_revision: meant.subject.revision,
        // Whom the advisor chose.
        customer_id: Some(meant.customer),
        addressed_as: None,
        vehicle_id: None,
        visit_customer_id: None,
        staff_id: None,
        dedupe_key: format!("triggered:{id}"),
        event_id: None,
        raised_at: now,
        // Quiet hours let pass what answers somebody's own act; a manager's reasoned word is taken for one.
        acted_at: meant.asked.override_reason.as_ref().map(|_| now),
        state: "waiting",
        reason: None,
        nominal_at: now,
        not_before: Some(now),
        useful_until: Some(now.plus(USEFUL_FOR)),
        detail,
        tracks: Tracks { tracks, ..Tracks::default() },
    };
    Ok((Arc::new(prepared), notice))
}
