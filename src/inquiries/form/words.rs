//! The words of the public form in our three languages.

/// One language's words.
#[derive(Clone, Copy, Debug)]
pub(super) struct Words {
    pub(super) locale: &'static str,
    pub(super) title: &'static str,
    pub(super) promise: &'static str,
    pub(super) name: &'static str,
    pub(super) email: &'static str,
    pub(super) phone: &'static str,
    pub(super) either: &'static str,
    pub(super) plate: &'static str,
    pub(super) topic: &'static str,
    pub(super) message: &'static str,
    pub(super) times: &'static str,
    pub(super) send: &'static str,
    pub(super) leave_empty: &'static str,
    pub(super) thanks: &'static str,
    pub(super) kept: &'static str,
    pub(super) reference: &'static str,
    pub(super) wrong: &'static str,
    pub(super) no_message: &'static str,
    pub(super) no_address: &'static str,
    pub(super) bad_email: &'static str,
    pub(super) bad_phone: &'static str,
    pub(super) too_long: &'static str,
    pub(super) again: &'static str,
    pub(super) too_many: &'static str,
    pub(super) call: &'static str,
}

pub(super) const ZH: Words = Words {
    locale: "zh-CN",
    title: "咨询售后服务",
    promise: "我们会在收到后24小时内答复您。",
    name: "姓名",
    email: "电子邮箱",
    phone: "手机号码",
    either: "邮箱和手机号码请至少填写一项。",
    plate: "车牌号(选填)",
    topic: "主题(选填)",
    message: "您想咨询什么?",
    times: "方便的时间(选填)",
    send: "提交",
    leave_empty: "请勿填写此栏",
    thanks: "我们已收到您的咨询",
    kept: "我们会在24小时内答复您，最迟不晚于",
    reference: "受理编号",
    wrong: "还有一些地方需要您看一下:",
    no_message: "请写下您想咨询的内容。",
    no_address: "请填写邮箱或手机号码，以便我们答复您。",
    bad_email: "这个邮箱地址似乎不完整。",
    bad_phone: "这个号码似乎不正确。",
    too_long: "内容太长了，请缩短一些。",
    again: "页面打开的时间较久或来自其他网站，请再提交一次。您填写的内容都还在。",
    too_many: "短时间内收到的咨询较多，请稍后再试。您填写的内容都还在。",
    call: "如需尽快处理，请致电",
};

pub(super) const EN: Words = Words {
    locale: "en",
    title: "Ask our service department",
    promise: "We answer within 24 hours of receiving your enquiry.",
    name: "Name",
    email: "E-mail",
    phone: "Mobile number",
    either: "Please give at least one of e-mail and mobile number.",
    plate: "Number plate (optional)",
    topic: "Subject (optional)",
    message: "What would you like to know?",
    times: "Times that suit you (optional)",
    send: "Send",
    leave_empty: "Leave this field empty",
    thanks: "We have your enquiry",
    kept: "We will answer within 24 hours, no later than",
    reference: "Reference",
    wrong: "Please look at the following:",
    no_message: "Please write what you would like to know.",
    no_address: "Please give an e-mail address or a mobile number, so that we can answer.",
    bad_email: "This e-mail address does not look complete.",
    bad_phone: "This number does not look right.",
    too_long: "This is too long; please shorten it.",
    again: "This page was open for long, or came from another site: please send it once more. What you wrote is still here.",
    too_many: "Many enquiries are coming in just now: please try again in a few minutes. What you wrote is still here.",
    call: "If it cannot wait, please call",
};

pub(super) const JA: Words = Words {
    locale: "ja",
    title: "サービス部門へのお問い合わせ",
    promise: "お問い合わせから24時間以内にご返信いたします。",
    name: "お名前",
    email: "メールアドレス",
    phone: "携帯電話番号",
    either: "メールアドレスと携帯電話番号のどちらか一方は必ずご記入ください。",
    plate: "ナンバー(任意)",
    topic: "件名(任意)",
    message: "お問い合わせ内容",
    times: "ご都合のよい日時(任意)",
    send: "送信する",
    leave_empty: "この欄は空欄のままにしてください",
    thanks: "お問い合わせを承りました",
    kept: "24時間以内にご返信いたします。期限:",
    reference: "受付番号",
    wrong: "次の点をご確認ください。",
    no_message: "お問い合わせ内容をご記入ください。",
    no_address: "ご返信先として、メールアドレスか携帯電話番号をご記入ください。",
    bad_email: "メールアドレスをご確認ください。",
    bad_phone: "電話番号をご確認ください。",
    too_long: "文字数が多すぎます。短くしてください。",
    again: "ページを開いてから時間が経ったか、別のサイトから送信されました。お手数ですがもう一度送信してください。ご記入の内容は残っています。",
    too_many: "ただいまお問い合わせが集中しています。数分後にもう一度お試しください。ご記入の内容は残っています。",
    call: "お急ぎの場合はお電話ください:",
};

/// By the `?lang=` that was asked for, else what the browser prefers, else the dealership's.
pub(super) fn choose(asked: Option<&str>, accepted: Option<&str>, dealership: &str) -> Words {
    let of = |tag: &str| {
        let tag = tag.trim().to_ascii_lowercase();
        [("zh", ZH), ("en", EN), ("ja", JA)]
            .into_iter()
            .find(|(prefix, _)| tag.starts_with(prefix))
            .map(|(_, words)| words)
    };
    let accepted =
        accepted.unwrap_or_default().split(',').filter_map(|part| of(part.split(';').next().unwrap_or_default()));
    asked.and_then(of).or_else(|| accepted.into_iter().next()).or_else(|| of(dealership)).unwrap_or(ZH)
}
