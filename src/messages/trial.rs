//! A text that is sent to somebody of ours to see whether a channel works: it is no message, and nothing of it is kept.
use anyhow::anyhow;
use futures_util::future::BoxFuture;

use super::Message;
use crate::{
    app::App,
    channels::{
        Delivered, HandOver,
        email::{Address, Automatic, Email},
        sms::{Approved, Text},
        wechat,
        wecom::Note,
    },
    dealerships::Dealership,
    id::Id,
    lanes,
    notices::letters::Rendered,
};

/// There is nothing to mark: a test that is sent twice does no harm.
struct OnlyATest;
impl HandOver for OnlyATest {
    fn mark(&self) -> BoxFuture<'_, bool> {
        Box::pin(async { true })
    }
}

/// Sends it over the configured channel, an SMS or a `WeChat` message as the provider's template where there is one; answers
/// its id and what the other side said.
///
/// # Errors
/// The channel is not set up.
pub async fn send(
    app: &App,
    dealership: Option<&Dealership>,
    rendered: Rendered,
    approved: Option<&Approved>,
    to: &str,
) -> anyhow::Result<(Id<Message>, Delivered)> {
    let routes = lanes::routes(app)?;
    let id: Id<Message> = app.ids.next();
    let delivered = match rendered {
        Rendered::Email { subject, html, text } => {
            let own = dealership.and_then(|dealership| dealership.email.clone());
            let from = app.config.email.from.clone().or(own);
            let from = from.ok_or_else(|| anyhow!("set email.from, the address that mail is sent from"))?;
            let domain = from.rsplit_once('@').map_or("aftercare.invalid", |(_, domain)| domain).to_owned();
            let name = app.config.email.from_name.clone().or_else(|| dealership.map(|d| d.name.clone()));
            let email = Email {
                message: id.to_string(),
                message_id_domain: domain,
                from: Address { name: name.unwrap_or_else(|| "Aftercare".to_owned()), address: from.clone() },
                reply_to: None,
                references: Vec::new(),
                automatic: Automatic::Generated,
                unsubscribe: None,
                opt_out: None,
                to: Address { name: String::new(), address: to.to_owned() },
                subject,
                text,
                html,
                invite: None,
                invite_method: None,
                files: Vec::new(),
                date: app.ids.clock.now(),
            };
            routes.email(&id.to_string(), &from, to, &email.bytes()?, &OnlyATest).await
        }
        Rendered::Sms { text } => routes.sms(Text { id: &id.to_string(), to, text: &text, approved }, &OnlyATest).await,
        Rendered::Wecom { text } => {
            let house = dealership.map_or("", |dealership| dealership.name.as_str());
            let note = Note { to, text: &text, house, mention: None };
            routes.wecom(&id.to_string(), note, &OnlyATest).await
        }
        Rendered::Wechat { fields } => {
            let text = fields.iter().map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>().join("\n");
            let message = wechat::Message { id: &id.to_string(), to, text: &text, approved, link: None };
            routes.wechat(message, &OnlyATest).await
        }
    };
    Ok((id, delivered))
}
