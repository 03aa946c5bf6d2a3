//! Which provider carries which channel in this process.
use super::{
    Delivered, HandOver,
    email::{Dir, Smtp},
    mailbox::Mailbox,
    sms::{HttpGateway, Needs, Text},
};

/// The ways out. A channel that is not configured has none.
#[derive(Default)]
pub struct Routes {
    pub email: Option<EmailRoute>,
    pub sms: Option<SmsRoute>,
    /// What an SMS says it is from, where the gateway lets us choose.
    pub sms_from: String,
}

pub enum EmailRoute {
    Smtp(Box<Smtp>),
    Dir(Dir),
    Mailbox(Mailbox),
}

pub enum SmsRoute {
    Http(Box<HttpGateway>),
    Mailbox(Mailbox),
}

impl Routes {
    /// Hands over one e-mail; without a route nothing is sent.
    pub async fn email(
        &self,
        message: &str,
        from: &str,
        to: &str,
        bytes: &[u8],
        hand_over: &dyn HandOver,
    ) -> Delivered {
        match &self.email {
            Some(EmailRoute::Smtp(smtp)) => smtp.deliver(from, to, bytes, hand_over).await,
            Some(EmailRoute::Dir(dir)) => dir.deliver(message, bytes, hand_over).await,
            Some(EmailRoute::Mailbox(mailbox)) => mailbox.deliver("email", message, to, bytes, hand_over).await,
            None => not_configured(),
        }
    }

    /// Hands over one SMS; without a route nothing is sent.
    pub async fn sms(&self, text: Text<'_>, hand_over: &dyn HandOver) -> Delivered {
        match &self.sms {
            Some(SmsRoute::Http(gateway)) => gateway.deliver(text, &self.sms_from, hand_over).await,
            Some(SmsRoute::Mailbox(mailbox)) => {
                mailbox.deliver("sms", text.id, text.to, text.text.as_bytes(), hand_over).await
            }
            None => not_configured(),
        }
    }

    /// What whoever carries SMS is handed.
    pub fn sms_needs(&self) -> Needs {
        match &self.sms {
            Some(SmsRoute::Http(gateway)) => gateway.needs(),
            Some(SmsRoute::Mailbox(_)) | None => Needs::Text,
        }
    }
}

/// The setting was taken away after the message was written: it waits for it to come back, or for its use to pass.
fn not_configured() -> Delivered {
    use super::{Delivery, Outcome, Phase};
    Delivered::Answered(Delivery::unanswered(Phase::Connect, Outcome::NotSent, "not_configured"))
}
