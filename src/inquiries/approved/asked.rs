//! What a question asks, where its words leave no doubt: pure, and rather silent than wrong.
use super::Topic;

/// Longer than this is a letter, and somebody reads it.
const LONGEST: usize = 240;

/// What is asked for, in small letters: one of `about`, which a subject may name, and one of `asks` in the body itself.
struct Words {
    topic: Topic,
    about: &'static [&'static str],
    asks: &'static [&'static str],
}

const WORDS: [Words; 4] = [
    Words {
        topic: Topic::OpeningHours,
        about: &[],
        asks: &[
            "营业时间",
            "几点开门",
            "几点关门",
            "几点上班",
            "几点下班",
            "几点营业",
            "营业吗",
            "开门吗",
            "opening hours",
            "opening times",
            "business hours",
            "when do you open",
            "when do you close",
            "what time do you open",
            "what time do you close",
            "are you open on",
            "are you open today",
            "are you open tomorrow",
            "are you open this",
            "営業時間",
            "定休日",
            "営業していますか",
            "開いていますか",
            "何時に開",
            "何時に閉",
        ],
    },
    Words {
        topic: Topic::MyBooking,
        about: &[
            "我的预约",
            "我预约",
            "我约的",
            "我约了",
            "my appointment",
            "my booking",
            "my reservation",
            "私の予約",
            "予約の日時",
            "予約時間",
            "予約日時",
            "予約の時間",
        ],
        asks: &[
            "几点",
            "什么时候",
            "何时",
            "哪天",
            "几号",
            "什么时间",
            "when is",
            "when's",
            "when do i",
            "when will",
            "what time",
            "which day",
            "what day",
            "いつ",
            "何時",
            "何日",
            "日時を教え",
            "時間を教え",
        ],
    },
    Words {
        topic: Topic::MyCar,
        about: &["我的车", "我的爱车", "my car", "my vehicle", "私の車", "車の修理", "車は"],
        asks: &[
            "修好",
            "好了吗",
            "完工",
            "可以取车",
            "能取车",
            "可以提车",
            "能提车",
            "is it ready",
            "ready yet",
            "be ready",
            "car ready",
            "vehicle ready",
            "is it finished",
            "done yet",
            "can i pick",
            "can i collect",
            "仕上が",
            "できました",
            "できています",
            "引き取れ",
            "完了",
        ],
    },
    Words {
        topic: Topic::MyPart,
        about: &[
            "我的配件",
            "我订的配件",
            "我的零件",
            "我订的零件",
            "我订购的",
            "my part",
            "my parts",
            "part i ordered",
            "parts i ordered",
            "注文した部品",
            "私の部品",
            "注文したパーツ",
        ],
        asks: &[
            "到了",
            "到货",
            "什么时候",
            "何时",
            "arriv",
            "come in",
            "in yet",
            "when is",
            "when's",
            "when do i",
            "when will",
            "status",
            "届",
            "入荷",
            "いつ",
        ],
    },
];

/// What makes a question of a sentence; whoever tells something is not answered.
const A_QUESTION: &[&str] = &[
    "?",
    "？",
    "吗",
    "几点",
    "何时",
    "哪天",
    "几号",
    "什么时候",
    "什么时间",
    "请问",
    "when is",
    "when's",
    "when do",
    "when will",
    "what time",
    "what are your",
    "ですか",
    "ますか",
    "ましたか",
    "教えて",
];

/// Whoever says one of these wants something else besides, or is not content: a person answers.
const FOR_A_PERSON: &[&str] = &[
    "投诉",
    "太差",
    "不满",
    "多少钱",
    "价格",
    "报价",
    "费用",
    "取消",
    "改到",
    "改期",
    "改成",
    "更改",
    "变更",
    "换一",
    "推迟",
    "提前",
    "另外",
    "还有",
    "顺便",
    "以及",
    "为什么",
    "怎么还",
    "异响",
    "故障",
    "退",
    "complain",
    "unacceptable",
    "price",
    "cost",
    "how much",
    "quote",
    "cancel",
    "change",
    "move",
    "reschedul",
    "postpone",
    "earlier",
    "later",
    "also",
    "besides",
    "why",
    "still not",
    "problem",
    "noise",
    "refund",
    "wrong",
    "lawyer",
    "苦情",
    "クレーム",
    "料金",
    "値段",
    "いくら",
    "見積",
    "キャンセル",
    "変更",
    "早め",
    "延期",
    "それと",
    "また、",
    "なぜ",
    "異音",
    "返金",
    // Somebody wants something done, or has lost something.
    "请在",
    "请把",
    "请洗",
    "代步",
    "忘",
    "坏",
    "please ",
    "loan car",
    "courtesy car",
    "broke",
    "damag",
    "tow",
    "lost",
    "left my",
    "forgot",
    "代車",
    "お願いします",
    "壊",
];

/// What is asked, and nothing besides; None for everything that a person should read.
pub(super) fn asked(subject: Option<&str>, body: &str) -> Option<Topic> {
    let body = in_one_line(&own_words(body));
    let text = format!("{} {body}", in_one_line(without_marks(subject.unwrap_or_default())));
    if body.is_empty() || text.chars().count() > LONGEST || text.matches(['?', '？']).count() > 2 {
        return None;
    }
    let is_in = |text: &str, words: &[&str]| words.iter().any(|word| text.contains(word));
    // A subject names what the question is about; it asks nothing by itself.
    if is_in(&text, FOR_A_PERSON) || !is_in(&body, A_QUESTION) {
        return None;
    }
    let is_about = |words: &Words| words.about.is_empty() || is_in(&text, words.about);
    let mut found = WORDS.iter().filter(|words| is_about(words) && is_in(&body, words.asks));
    let topic = found.next()?.topic;
    // Two things at once are nobody's plain question.
    found.next().is_none().then_some(topic)
}

fn in_one_line(text: &str) -> String {
    text.to_lowercase().replace('’', "'").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The body without a signature (RFC 3676 4.3) and without what is quoted.
fn own_words(body: &str) -> String {
    let lines = body.lines().take_while(|line| *line != "-- " && *line != "--");
    lines.filter(|line| !line.starts_with('>')).collect::<Vec<_>>().join("\n")
}

/// A subject without what mail programs put before it.
fn without_marks(subject: &str) -> &str {
    let mut rest = subject.trim();
    while let Some((mark, after)) = rest.split_once([':', '：']) {
        if !matches!(mark.trim().to_lowercase().as_str(), "re" | "fw" | "fwd" | "aw" | "回复" | "答复" | "转发") {
            break;
        }
        rest = after.trim();
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_questions_are_understood_in_three_languages() {
        for (words, topic) in [
            ("你们周日营业吗?", Topic::OpeningHours),
            ("请问营业时间是?谢谢", Topic::OpeningHours),
            ("Hello, what time do you close on Saturday? Thanks, Anna", Topic::OpeningHours),
            ("土曜日の営業時間を教えてください。", Topic::OpeningHours),
            ("请问我的预约是几点?", Topic::MyBooking),
            ("When is my appointment?", Topic::MyBooking),
            ("私の予約は何時ですか?", Topic::MyBooking),
            ("我的车修好了吗?", Topic::MyCar),
            ("Is my car ready yet?\n-- \nAnna Schmidt\nSome Street 1, what do you cost?", Topic::MyCar),
            ("私の車の修理は完了しましたか。", Topic::MyCar),
            ("我订的配件到了吗", Topic::MyPart),
            ("Have the parts I ordered arrived?", Topic::MyPart),
            ("注文した部品はいつ届きますか。", Topic::MyPart),
        ] {
            assert_eq!(asked(None, words), Some(topic), "{words}");
        }
        assert_eq!(asked(Some("Re: my appointment"), "When is it?"), Some(Topic::MyBooking));
        assert_eq!(asked(None, "When’s my appointment, please?"), Some(Topic::MyBooking));
        assert_eq!(asked(None, "When can I collect my car?"), Some(Topic::MyCar));
    }

    #[test]
    fn whatever_else_is_said_is_for_a_person() {
        for words in [
            "",
            "Hello",
            "My car makes a noise. When can I come?",
            "When is my appointment, and how much will it cost?",
            "When is my appointment? Is my car ready yet?",
            "我的预约是几点?可以改到下午吗?",
            "我的车怎么还没修好?",
            "Why is my car not ready?",
            "Please cancel my appointment. When can I come instead?",
            "My appointment last week was a disaster.",
            "What are your opening hours? What does an oil change need? Who is my advisor?",
            "予約の時間を変更したいです。",
            "> When do you open?\nThank you!",
            "My car broke down on the motorway, please collect it.",
            "我的车请洗一下，我明天下午来取车。",
            "私の車は明日引き取りに行きます。代車をお願いします。",
            "I left my phone at your counter when I came for my appointment. Did you find it?",
            "请在我预约的那天准备一辆代步车，什么时候能确认？",
            "When my part is fitted I need a loan car.",
            "I came within your opening hours and nobody was there.",
            "My car is finished, thank you.",
            "我的车修好了，谢谢。",
            "My part arrived broken. Can I bring it back?",
        ] {
            assert_eq!(asked(None, words), None, "{words}");
        }
        for (subject, words) in [
            ("My appointment", "Please call me when you can."),
            ("When is my appointment", "Never mind, I found it."),
            ("When is my appointment?", "Did you find my umbrella?"),
        ] {
            assert_eq!(asked(Some(subject), words), None, "{subject}: {words}");
        }
        assert_eq!(asked(None, &format!("When do you open? {}", "x ".repeat(200))), None);
    }
}
