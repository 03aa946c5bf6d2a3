//! A person's mail becomes a question that is answered within 24 hours, or joins the thread that it answers.
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::{
    applying::Work,
    threads::{Whose, answers_to},
};
use crate::{
    db,
    dealerships::Dealership,
    desk::Desk,
    id::Id,
    inquiries::{self, Arrival, Channel, Inquiry},
    notices::SubjectKind,
};

/// Answers the inquiry that it became part of.
pub(super) async fn hand_over(
    desk: &mut Desk<'_>,
    work: &Work,
    whose: &Whose,
    dealership: &Dealership,
) -> db::Result<Id<Inquiry>> {
    let letter = &work.letter;
    let mut thread = letter.references.clone();
    thread.extend(letter.message_id.clone().filter(|id| !thread.contains(id)));
    let arrival = Arrival {
        message_key: Some(key(work)),
        sender: answers_to(letter),
        topic: Some(letter.subject.clone()).filter(|subject| !subject.is_empty()),
        customer_id: whose.customer_id,
        thread,
        files: letter.files.clone().into(),
        may_acknowledge: work.sorted.may_be_answered,
        source: "mail".to_owned(),
        ..Arrival::new(&Arc::new(dealership.clone()), Channel::Email, work.claimed.received_at, text(work))
    };
    let joins = match &whose.thread {
        Some((SubjectKind::Inquiry, id)) => id.parse::<Id<Inquiry>>().ok(),
        _ => None,
    };
    let received = match joins {
        Some(inquiry) => inquiries::actions::join(desk, inquiry, &arrival).await?,
        None => inquiries::actions::receive(desk, &arrival).await?,
    };
    Ok(received.inquiry())
}

/// Its Message-ID and its words: programs use one id for many mails, and a question must not be lost because of that.
fn key(work: &Work) -> String {
    let words = crate::id::hex(&Sha256::digest(work.letter.text.as_bytes())[..8]);
    let id = work.letter.message_id.clone().unwrap_or_else(|| work.claimed.id.to_string());
    format!("{id}#{words}")
}

/// What they wrote, and the names of the files that came with it.
fn text(work: &Work) -> String {
    let mut text = work.letter.text.clone();
    for file in work.letter.attachments.iter().filter(|file| !file.name.is_empty()) {
        text.push_str("\n[");
        text.push_str(&file.name);
        text.push(']');
    }
    text
}
