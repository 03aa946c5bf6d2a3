//! What a person can do about a message that is not simply on its way.
use super::State;

/// The next step, as a sentence for an operator.
pub fn next_step(state: State, reason: Option<&str>) -> &'static str {
    match (state, reason.unwrap_or_default()) {
        (State::Ready, "quiet_hours") => "goes when the reader's quiet hours end",
        (State::Ready, "own_pace") => "goes when its turn comes: only so many go there in a minute",
        (State::Ready, "not_configured") => "waits for the channel to be configured",
        (State::Ready, "auth_failed") => "waits: check the provider's user and password",
        (State::Ready, "tls_required") => "waits: the server offers no STARTTLS; check email.url",
        (State::Ready, "sender_refused") => "waits: the server refuses the sender; check email.from",
        (State::Ready, _) => "is tried again by itself",
        (State::Sending, _) => "is being handed over",
        (State::Unknown, _) => "the answer was lost; it is looked at again by itself",
        (State::Held, "unknown_twice" | "unknown_unanswered") => {
            "may have arrived: ask the customer or the provider, then queue release or queue cancel"
        }
        (State::Held, "shadow") => "goes when the dealership goes live",
        (State::Held, _) => "waits for queue release",
        (State::Failed, "mailbox_unknown" | "address_invalid") => "the address is wrong: ask the customer for another",
        (State::Failed, "not_following") => {
            "the customer does not follow the account, or blocked it: use another channel"
        }
        (State::Failed, "robot_unknown") => "WeCom knows no robot of this key: check wecom.key and wecom.keys",
        (State::Failed, "template_unknown" | "template_data_invalid" | "template_not_bound") => {
            "the template does not fit: correct it on the page of approved templates"
        }
        (State::Failed, "tries_used_up") => {
            "the provider could not be reached in time: queue retry while it is still of use"
        }
        (State::Failed, "unknown_past_use") => "may have arrived, and is of no use any more: nothing to do",
        (State::Failed, _) => {
            "the provider refused it: read the reply in the attempt, then queue retry or call the customer"
        }
        (State::Dead, _) => "ended its process three times: report it, and call the customer",
        (State::Undelivered, _) => "the provider could not deliver it: try another address",
        (State::Accepted | State::Delivered, _) => "nothing to do",
        (State::Cancelled | State::Expired, _) => "is over",
    }
}
