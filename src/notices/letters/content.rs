//! What a text must not hold, or must, by its class and the region it goes to (D1, D4).
use crate::notices::Class;

/// Why a text may not go out as it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Forbidden {
    #[error("a mainland SMS has no brackets, no link and no mobile number: `{0}`")]
    NotForTheMainland(Box<str>),
    #[error("`{0}` makes it an advertisement: a notification carries no offer, no survey and no plea for praise")]
    Advertisement(&'static str),
    #[error("an advertisement says how to stop it")]
    NoWayOut,
}

/// Words that turn a notification into an advertisement.
const OFFERS: [&str; 12] = [
    "优惠",
    "折扣",
    "促销",
    "特价",
    "抽奖",
    "礼品",
    "好评",
    "discount",
    "% off",
    "special offer",
    "割引",
    "キャンペーン価格",
];
/// In mainland notification templates also surveys and the marketing tail are refused.
const NOT_IN_A_NOTIFICATION: [&str; 2] = ["问卷", "拒收请回复"];
/// How a reader is told to stop what they did not ask for.
const WAYS_OUT: [&str; 8] =
    ["拒收请回复R", "reply r", "reply stop", "unsubscribe", "rとご返信", "停止とご返信", "「停止」とご返信", "退订"];

/// What is wrong with an SMS of this class. `signed` is a mainland one, which the gateway signs.
pub fn forbidden_in_sms(text: &str, class: Class, signed: bool) -> Option<Forbidden> {
    if signed {
        if let Some(what) = not_for_the_mainland(text) {
            return Some(Forbidden::NotForTheMainland(what.into()));
        }
        let notifies = matches!(class, Class::Transactional | Class::ServiceFollowup | Class::Safety);
        if let Some(word) = NOT_IN_A_NOTIFICATION.into_iter().find(|word| notifies && text.contains(word)) {
            return Some(Forbidden::Advertisement(word));
        }
    }
    advertisement(text, class)
}

/// What neither a mainland SMS nor a parameter of its approved template may hold: the brackets of the signature, a link, a
/// personal mobile number (D4, E3).
pub fn not_for_the_mainland(text: &str) -> Option<String> {
    let bracket = text.chars().find(|c| "【】[]".contains(*c)).map(String::from);
    let link = ["://", "www."].into_iter().find(|link| text.contains(link)).map(str::to_owned);
    bracket.or(link).or_else(|| mobile_number(text))
}

/// Whether the gateway of the mainland would refuse this, whatever the kind: for a link or a survey, or for the brackets that
/// a name of the workshop's system brought along (D4).
pub fn forbidden_link(text: &str, signed: bool) -> bool {
    signed && ["://", "www.", "问卷", "【", "】"].iter().any(|word| text.contains(word))
}

/// What is wrong with a text of this class on any channel.
pub fn advertisement(text: &str, class: Class) -> Option<Forbidden> {
    let said = text.to_lowercase();
    if class == Class::Marketing {
        return (!WAYS_OUT.iter().any(|way| said.contains(&way.to_lowercase()))).then_some(Forbidden::NoWayOut);
    }
    OFFERS.into_iter().find(|offer| said.contains(offer)).map(Forbidden::Advertisement)
}

/// A mainland mobile number, which a notification template must not carry (D4).
fn mobile_number(text: &str) -> Option<String> {
    let digits = text.split(|c: char| !c.is_ascii_digit());
    let is_mobile = |run: &&str| run.len() == 11 && run.starts_with('1') && !run[1..].starts_with(['0', '1', '2']);
    digits.into_iter().find(is_mobile).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_mainland_and_the_class_refuse() {
        let mainland = |text: &str, class| forbidden_in_sms(text, class, true).map(|forbidden| forbidden.to_string());
        for (text, class, word) in [
            ("王芳女士您好【雷克萨斯】", Class::Transactional, "【"),
            ("详见https://a.example/1", Class::Transactional, "://"),
            ("请致电13900001234", Class::Transactional, "13900001234"),
            ("请填写问卷", Class::ServiceFollowup, "问卷"),
            ("请致电020-8888 拒收请回复R", Class::Transactional, "拒收请回复"),
            ("本周保养优惠", Class::Transactional, "优惠"),
            ("保养到期请致电", Class::Marketing, "how to stop"),
        ] {
            let said = mainland(text, class).expect(text);
            assert!(said.contains(word), "{said}");
        }
        assert_eq!(mainland("到保养期,预约020-88880000 拒收请回复R", Class::Marketing), None);
        assert_eq!(mainland("召回R2026-014,免费维修", Class::Safety), None);
        assert_eq!(forbidden_in_sms("See https://a.example/1", Class::Transactional, false), None);
        assert_eq!(forbidden_in_sms("10% off", Class::Transactional, false), Some(Forbidden::Advertisement("% off")));
    }
}
