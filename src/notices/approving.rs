//! What goes out as a provider's approved template, and what waits for one to be set.
use super::{compose::Compose, tracks::Tracks, words::Words};
use crate::{calendar::Region, channels::sms::Approved, dealerships::Dealership, texts::bindings::Binding};

/// Why an SMS has to wait for somebody to set its template; a value that does not fit is no such reason, because it will
/// never fit.
pub const AWAITS_A_TEMPLATE: [&str; 2] = ["template_not_bound", "template_not_approved"];

impl Compose {
    /// The provider's template of an SMS, with its parameters filled in. None where words go as they are; the reason where
    /// the message cannot go by SMS.
    pub(super) fn approved(
        &self,
        binding: Option<&Binding>,
        letter: &Words,
        dealership: &Dealership,
    ) -> Result<Option<Approved>, &'static str> {
        let mainland = Region::of(&dealership.region) == Region::China;
        let Some(binding) = binding else {
            return if self.routes.sms_needs().a_template(mainland) { Err("template_not_bound") } else { Ok(None) };
        };
        let words = serde_json::to_value(letter).unwrap_or_default();
        binding.approved(&words, mainland).map(Some).map_err(|unusable| unusable.reason())
    }
}

/// The template that a notice waits for, where no other channel could be tried.
pub(super) fn awaited(tracks: &Tracks) -> Option<&'static str> {
    AWAITS_A_TEMPLATE.into_iter().find(|reason| tracks.passed.iter().any(|passed| passed.reason == *reason))
}
