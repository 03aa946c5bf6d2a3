//! A claimed message goes to whoever carries its channel, in the shape in which they take it.
use super::{enclosing, post::Post, store::Claimed};
use crate::{
    channels::{
        Delivered, Delivery, HandOver, Outcome, Phase,
        email::{Automatic, Email, Enclosed, Method, NotMailable},
        sms::Text,
        wechat,
        wecom::Note,
    },
    notices::ChannelName,
};

impl Post {
    pub(super) async fn deliver(&self, message: &Claimed, handing: &dyn HandOver) -> Delivered {
        let id = message.id.to_string();
        let (to, text, envelope) = (&message.to_address, &message.body, &message.envelope);
        let approved = envelope.approved.as_ref();
        match self.channel {
            ChannelName::Email => {}
            ChannelName::Sms | ChannelName::Call => {
                return self.routes.sms(Text { id: &id, to, text, approved }, handing).await;
            }
            ChannelName::Wechat => {
                let template = wechat::Message { id: &id, to, text, approved, link: envelope.link.as_deref() };
                return self.routes.wechat(template, handing).await;
            }
            ChannelName::Wecom => {
                let (house, mention) = (envelope.house.as_deref().unwrap_or_default(), envelope.mention.as_deref());
                let note = Note { to, text, house, mention };
                return self.routes.wecom(&id, note, handing).await;
            }
        }
        let files = match enclosing::files(&self.app, message).await {
            Ok(files) => files,
            Err(unsent) => return Delivered::Answered(unsent),
        };
        // A text that cannot be written as mail must end itself, not the worker.
        let written = std::panic::catch_unwind(move || email(message, files).bytes());
        match written.unwrap_or(Err(NotMailable::Date)) {
            Ok(bytes) => {
                let from = envelope.return_path.as_ref().unwrap_or(&envelope.from.address);
                self.routes.email(&id, from, &message.to_address, &bytes, handing).await
            }
            Err(error) => {
                tracing::warn!(message = %message.id, error = &error as &dyn std::error::Error, "a message cannot be written as e-mail");
                Delivered::Answered(Delivery::unanswered(Phase::Connect, Outcome::Refused, "not_mailable"))
            }
        }
    }
}

/// An answer is a person's, an acknowledgement a program's answer; everything else is sent at its own time.
fn automatic(kind: &str) -> Automatic {
    match kind {
        "inquiry.reply" => Automatic::No,
        "inquiry.ack" | "inquiry.approved_answer" => Automatic::Replied,
        _ => Automatic::Generated,
    }
}

fn email(message: &Claimed, files: Vec<Enclosed>) -> Email {
    let envelope = &message.envelope;
    Email {
        message: message.id.to_string(),
        message_id_domain: envelope.message_id_domain.clone(),
        from: envelope.from.clone(),
        reply_to: envelope.reply_to.clone(),
        references: envelope.references.clone(),
        automatic: automatic(&envelope.kind),
        to: crate::channels::email::Address { name: envelope.to_name.clone(), address: message.to_address.clone() },
        subject: message.subject.clone().unwrap_or_default(),
        text: message.body.clone(),
        html: message.html.clone().unwrap_or_default(),
        unsubscribe: envelope.unsubscribe.clone(),
        opt_out: envelope.opt_out.clone(),
        invite: message.invite.clone(),
        files,
        invite_method: message
            .invite_method
            .as_deref()
            .map(|method| if method == "CANCEL" { Method::Cancel } else { Method::Request }),
        date: message.created_at,
    }
}
