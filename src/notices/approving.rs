//! What goes out as a provider's approved template, and what waits for one to be set.
use super::{
    ChannelName,
    compose::{Compose, Texts},
    letters::Rendered,
    tracks::Tracks,
    words::Words,
};
use crate::{calendar::Region, channels::sms::Approved, dealerships::Dealership, texts::bindings::Unusable};

/// Why a message has to wait for somebody to set its template; a value that does not fit is no such reason, because it will
/// never fit.
pub const AWAITS_A_TEMPLATE: [&str; 2] = ["template_not_bound", "template_not_approved"];

impl Compose {
    /// The provider's template of an SMS or a `WeChat` message, with its parameters filled in. None where words go as they
    /// are; the reason where the message cannot go by this channel.
    pub(super) fn approved(
        &self,
        (channel, texts, rendered): (ChannelName, &Texts, &Rendered),
        letter: &Words,
        dealership: &Dealership,
    ) -> Result<Option<Approved>, &'static str> {
        let mainland = Region::of(&dealership.region) == Region::China;
        let (binding, needed) = match channel {
            ChannelName::Sms => (texts.sms_binding.as_ref(), self.routes.sms_needs().a_template(mainland)),
            ChannelName::Wechat => (texts.wechat_binding.as_ref(), self.routes.wechat_needs_a_template()),
            ChannelName::Email | ChannelName::Wecom | ChannelName::Call => return Ok(None),
        };
        let Some(binding) = binding else {
            return if needed { Err("template_not_bound") } else { Ok(None) };
        };
        let words = serde_json::to_value(letter).unwrap_or_default();
        let approved = match rendered {
            Rendered::Wechat { fields } => binding.fields(&words, fields),
            _ => binding.approved(&words, mainland),
        };
        approved.map(Some).map_err(|unusable: Unusable| unusable.reason())
    }
}

/// The template that a notice waits for, where no other channel could be tried.
pub(super) fn awaited(tracks: &Tracks) -> Option<&'static str> {
    AWAITS_A_TEMPLATE.into_iter().find(|reason| tracks.passed.iter().any(|passed| passed.reason == *reason))
}
