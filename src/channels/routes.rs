//! Which provider carries which channel in this process.
use super::{
    Delivered, Delivery, HandOver, Outcome, Phase,
    email::{Dir, Smtp},
    mailbox::Mailbox,
    sms::{HttpGateway, Needs, Text},
    wechat::{Message, Wechat},
    wecom::{Note, Robots, Wecom},
};

/// The ways out. A channel that is not configured has none.
#[derive(Default)]
pub struct Routes {
    pub email: Option<EmailRoute>,
    pub sms: Option<SmsRoute>,
    /// What an SMS says it is from, where the gateway lets us choose.
    pub sms_from: String,
    pub wecom: Option<WecomRoute>,
    pub wechat: Option<WechatRoute>,
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

pub enum WecomRoute {
    Http(Box<Wecom>),
    /// With the dealerships that have a group.
    Mailbox(Mailbox, Robots),
}

pub enum WechatRoute {
    Http(Box<Wechat>),
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

    /// Hands over one message for colleagues, with our id of it; without a route nothing is sent.
    pub async fn wecom(&self, id: &str, note: Note<'_>, hand_over: &dyn HandOver) -> Delivered {
        match &self.wecom {
            Some(WecomRoute::Http(wecom)) => wecom.deliver(note, hand_over).await,
            Some(WecomRoute::Mailbox(mailbox, _)) => {
                mailbox.deliver("wecom", id, note.to, note.text.as_bytes(), hand_over).await
            }
            None => not_configured(),
        }
    }

    /// Where somebody of a dealership is told by `WeCom`; none where they cannot be.
    pub fn wecom_address(&self, dealership: &str, user: Option<&str>) -> Option<String> {
        match self.wecom.as_ref()? {
            WecomRoute::Http(wecom) => wecom.address(dealership, user),
            WecomRoute::Mailbox(_, robots) => robots.address(dealership),
        }
    }

    /// Hands over one template message; without a route nothing is sent.
    pub async fn wechat(&self, message: Message<'_>, hand_over: &dyn HandOver) -> Delivered {
        match &self.wechat {
            Some(WechatRoute::Http(wechat)) => wechat.deliver(message, hand_over).await,
            Some(WechatRoute::Mailbox(mailbox)) => {
                mailbox.deliver("wechat", message.id, message.to, message.text.as_bytes(), hand_over).await
            }
            None => not_configured(),
        }
    }

    /// Whether a template message cannot go without an approved template.
    pub fn wechat_needs_a_template(&self) -> bool {
        matches!(self.wechat, Some(WechatRoute::Http(_)))
    }
}

/// The setting was taken away after the message was written: it waits for it to come back, or for its use to pass.
fn not_configured() -> Delivered {
    Delivered::Answered(Delivery::unanswered(Phase::Connect, Outcome::NotSent, "not_configured"))
}
