//! Whose mail it is: which dealership, which customer, and what of ours it answers.
//!
//! A signed address is believed, because only who got our mail has it. What a mail merely quotes is believed only of the one
//! we wrote to: anybody can put somebody else's Message-ID into a header.
use super::{addresses::Recipient, letter::Letter, reports::our_message, store};
use crate::{
    customers::{
        self, Customer,
        email::{self, Email},
    },
    db::{self, Tx},
    dealerships::{self, Dealership},
    id::Id,
    messages::{
        Message,
        returning::{self, About},
    },
    notices::{ChannelName, SubjectKind},
};

/// What is known of a mail's writer and its thread.
#[derive(Clone, Debug, Default)]
pub(super) struct Whose {
    pub(super) dealership: Option<Dealership>,
    pub(super) customer_id: Option<Id<Customer>>,
    /// The message of ours that it answers.
    pub(super) about: Option<About>,
    /// What that was about, or what an earlier mail of the same writer became.
    pub(super) thread: Option<(SubjectKind, String)>,
    /// It quotes a message of ours that was not written to its sender: it does not join.
    pub(super) is_stranger: bool,
}

/// The writer's address in its normal form.
pub(super) fn sender(letter: &Letter) -> Option<String> {
    match email::read(letter.from.as_deref()?) {
        Email::Good(address) => Some(address),
        Email::Bad { .. } => None,
    }
}

/// Where an answer goes: web forms write for their customer, whom they name there.
pub(super) fn answers_to(letter: &Letter) -> Option<String> {
    let named = letter.reply_to.as_deref().and_then(|address| match email::read(address) {
        Email::Good(address) => Some(address),
        Email::Bad { .. } => None,
    });
    named.or_else(|| sender(letter))
}

pub(super) async fn find(tx: &mut Tx, letter: &Letter, recipient: &Recipient) -> db::Result<Whose> {
    let mut whose = Whose::default();
    let (dealership, about) = addressed(tx, recipient).await?;
    whose.dealership = dealership;
    if let Some(about) = about {
        whose.customer_id = about.customer_id;
        whose.thread = Some((about.subject_type, about.subject_id.clone()));
        whose.about = Some(about);
        return Ok(whose);
    }
    let sender = sender(letter);
    quoted(tx, letter, sender.as_deref(), &mut whose).await?;
    if whose.dealership.is_none() {
        // Where there is only one, it is meant.
        whose.dealership = dealerships::actions::only(tx).await?;
    }
    if whose.customer_id.is_none()
        && let (Some(dealership), Some(sender)) = (&whose.dealership, &sender)
    {
        // Two people behind one address are nobody in particular.
        let known = customers::actions::reached_at(tx, dealership.id, std::slice::from_ref(sender)).await?;
        whose.customer_id = known.first().copied().filter(|_| known.len() == 1);
    }
    Ok(whose)
}

/// Whose the address itself is, and the message of ours that it was made for.
pub(super) async fn addressed(tx: &mut Tx, recipient: &Recipient) -> db::Result<(Option<Dealership>, Option<About>)> {
    Ok(match recipient {
        Recipient::Shop(code) => (dealerships::actions::find_by_code(tx, code).await?, None),
        Recipient::Elsewhere(address) => (dealerships::actions::find_by_email(tx, address).await?, None),
        Recipient::Reply(message) | Recipient::OptOut(message) | Recipient::Bounce(message) => {
            match returning::about(tx, &[*message]).await?.pop() {
                Some(about) => (dealerships::actions::find(tx, about.dealership_id).await?, Some(about)),
                None => (None, None),
            }
        }
        Recipient::Forged => (None, None),
    })
}

/// What the mail's headers say that it answers, with the check of its sender.
async fn quoted(tx: &mut Tx, letter: &Letter, sender: Option<&str>, whose: &mut Whose) -> db::Result<()> {
    let newest_first = || letter.in_reply_to.iter().chain(letter.references.iter().rev());
    let ours: Vec<Id<Message>> =
        newest_first().filter_map(|id| our_message(id)).filter_map(|id| id.parse().ok()).take(20).collect();
    let mut found = returning::about(tx, &ours).await?;
    found.sort_by_key(|about| ours.iter().position(|id| *id == about.id));
    for about in found {
        if about.channel != ChannelName::Email || whose.dealership.as_ref().is_some_and(|d| d.id != about.dealership_id)
        {
            continue;
        }
        let is_known = match sender {
            None => false,
            Some(sender) if sender.eq_ignore_ascii_case(&about.to_address) => true,
            Some(sender) => {
                let known = customers::actions::reached_at(tx, about.dealership_id, &[sender.to_owned()]).await?;
                about.customer_id.is_some_and(|customer| known.contains(&customer))
            }
        };
        if !is_known {
            whose.is_stranger = true;
            continue;
        }
        if whose.dealership.is_none() {
            whose.dealership = dealerships::actions::find(tx, about.dealership_id).await?;
        }
        whose.customer_id = about.customer_id;
        whose.thread = Some((about.subject_type, about.subject_id.clone()));
        whose.about = Some(about);
        whose.is_stranger = false;
        return Ok(());
    }
    let theirs: Vec<store::Reference> =
        newest_first().take(50).map(|id| store::Reference { message_id: id.clone() }).collect();
    for earlier in store::earlier(tx, &theirs).await? {
        let same = |known: &str| sender.is_some_and(|sender| sender.eq_ignore_ascii_case(known));
        let here = whose.dealership.as_ref().is_none_or(|dealership| dealership.id == earlier.dealership_id);
        let is_inquiry = earlier.subject_type == "inquiry";
        if here && is_inquiry && earlier.from_address.as_deref().is_some_and(same) {
            if whose.dealership.is_none() {
                whose.dealership = dealerships::actions::find(tx, earlier.dealership_id).await?;
            }
            whose.thread = Some((SubjectKind::Inquiry, earlier.subject_id));
            return Ok(());
        }
    }
    Ok(())
}
