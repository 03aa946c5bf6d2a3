//! How a reader is addressed: 王芳女士, Ms. Wang, 佐藤様.
use super::Locale;

/// Who is addressed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    pub name: String,
    /// As the source wrote it, in any of the languages: 女士, Ms., 様.
    pub salutation: Option<String>,
    pub company: bool,
}

/// How a person is addressed in a text: 王芳女士, Ms. Wang, 佐藤様.
///
/// A salutation carries over between the languages. Without one, Chinese says 先生/女士 and English Mr./Ms.; nobody is
/// guessed to be a man or a woman. A company is named, in Japanese with 御中; somebody without a name is the customer.
pub fn hon(person: &Person, locale: Locale) -> String {
    let name = clean(&person.name);
    if name.is_empty() {
        let nobody = match (locale, person.company) {
            (Locale::ZhCn, false) => "客户",
            (Locale::ZhCn, true) => "贵公司",
            (Locale::En, _) => "Customer",
            (Locale::Ja, false) => "お客様",
            (Locale::Ja, true) => "ご担当者様",
        };
        return nobody.to_owned();
    }
    if person.company {
        return if locale == Locale::Ja { format!("{name} 御中") } else { name };
    }
    let title = person.salutation.as_deref().and_then(Title::parse);
    match locale {
        // A Chinese or Japanese name has no space in a Chinese text.
        Locale::ZhCn => {
            let name = if is_han(&name) { name.replace(' ', "") } else { name };
            format!("{name}{}", Title::in_chinese(title))
        }
        Locale::En => format!("{} {}", Title::in_english(title), surname(&name)),
        Locale::Ja => format!("{}様", surname(&name)),
    }
}

/// How somebody who works here is addressed: 陈晓, Maria Lopez, 伊藤さん.
pub fn colleague(name: &str, locale: Locale) -> String {
    let name = clean(name);
    if locale == Locale::Ja && !name.is_empty() { format!("{}さん", surname(&name)) } else { name }
}

/// A text of several lines: each without control and direction characters, at most 4,000 characters and one empty line in a
/// row.
pub fn clean_lines(text: &str) -> String {
    let unwelcome = |c: &char| (c.is_control() && *c != '\n') || is_direction(*c);
    let kept: String = text.replace("\r\n", "\n").chars().filter(|c| !unwelcome(c)).take(4_000).collect();
    let mut lines: Vec<&str> = Vec::new();
    for line in kept.trim().lines().map(str::trim_end) {
        if !(line.is_empty() && lines.last().is_some_and(|last| last.is_empty())) {
            lines.push(line);
        }
    }
    lines.join("\n")
}

fn is_direction(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// A name as a line of text can carry it: no control or direction characters, single spaces, at most 60 characters.
pub fn clean(name: &str) -> String {
    let unwelcome = |c: char| c.is_control() || is_direction(c);
    let spaced: String = name.chars().map(|c| if unwelcome(c) { ' ' } else { c }).collect();
    let words: Vec<_> = spaced.split_whitespace().collect();
    let mut text: String = words.join(" ").chars().take(60).collect();
    text.truncate(text.trim_end().len());
    text
}

#[derive(Clone, Copy)]
enum Title {
    Mr,
    Ms,
    Mrs,
    Dr,
}

impl Title {
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim().trim_end_matches('.').to_lowercase();
        match text.as_str() {
            "先生" | "mr" | "mister" | "sir" => Some(Self::Mr),
            "女士" | "小姐" | "ms" | "miss" | "madam" => Some(Self::Ms),
            "太太" | "夫人" | "mrs" => Some(Self::Mrs),
            "博士" | "dr" | "doctor" => Some(Self::Dr),
            _ => None,
        }
    }
    fn in_chinese(title: Option<Self>) -> &'static str {
        match title {
            Some(Self::Mr) => "先生",
            Some(Self::Ms | Self::Mrs) => "女士",
            Some(Self::Dr) => "博士",
            None => "先生/女士",
        }
    }
    fn in_english(title: Option<Self>) -> &'static str {
        match title {
            Some(Self::Mr) => "Mr.",
            Some(Self::Ms) => "Ms.",
            Some(Self::Mrs) => "Mrs.",
            Some(Self::Dr) => "Dr.",
            None => "Mr./Ms.",
        }
    }
}

/// The family name: the first word in Chinese and Japanese script, the last otherwise or what stands before a comma.
fn surname(name: &str) -> &str {
    if is_han(name) {
        return name.split(' ').next().unwrap_or(name);
    }
    match name.split_once(',') {
        Some((family, _)) => family.trim(),
        None => name.rsplit(' ').next().unwrap_or(name),
    }
}

fn is_han(name: &str) -> bool {
    name.chars().any(|c| matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{20000}'..='\u{3ffff}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(name: &str, salutation: &str) -> Person {
        let salutation = (!salutation.is_empty()).then(|| salutation.to_owned());
        Person { name: name.to_owned(), salutation, company: false }
    }

    #[test]
    fn everybody_is_addressed_as_the_language_does() {
        for (name, salutation, zh, en, ja) in [
            ("王芳", "女士", "王芳女士", "Ms. 王芳", "王芳様"),
            ("王芳", "Ms.", "王芳女士", "Ms. 王芳", "王芳様"),
            ("Fang Wang", "女士", "Fang Wang女士", "Ms. Wang", "Wang様"),
            ("王芳", "", "王芳先生/女士", "Mr./Ms. 王芳", "王芳様"),
            ("John Smith", "", "John Smith先生/女士", "Mr./Ms. Smith", "Smith様"),
            ("Smith, John", "mr", "Smith, John先生", "Mr. Smith", "Smith様"),
            ("佐藤 健", "様", "佐藤健先生/女士", "Mr./Ms. 佐藤", "佐藤様"),
            ("佐藤 花子", "Mrs", "佐藤花子女士", "Mrs. 佐藤", "佐藤様"),
            ("José Ångström", "Dr.", "José Ångström博士", "Dr. Ångström", "Ångström様"),
            ("Bob\nX\u{202e}", "先生", "Bob X先生", "Mr. X", "X様"),
            (" ", "", "客户", "Customer", "お客様"),
        ] {
            let person = person(name, salutation);
            for (locale, expected) in Locale::ALL.into_iter().zip([zh, en, ja]) {
                assert_eq!(hon(&person, locale), expected, "{name} {salutation}");
            }
        }
        let company = |name: &str| Person { company: true, ..person(name, "先生") };
        let texts = |name: &str| Locale::ALL.map(|locale| hon(&company(name), locale));
        assert_eq!(texts("示例物流有限公司"), ["示例物流有限公司", "示例物流有限公司", "示例物流有限公司 御中"]);
        assert_eq!(texts(""), ["贵公司", "Customer", "ご担当者様"]);
    }
}
