//! Bombs, escapes and links.
use proptest::prelude::*;
use serde_json::json;

use super::*;

fn html(source: &str, context: &serde_json::Value) -> Result<String, TemplateError> {
    let mut templates = Templates::default();
    templates.add("t", source, Form::Html)?;
    templates.render("t", Form::Html, context)
}

#[test]
fn html_escapes_and_text_does_not() {
    let mut templates = Templates::default();
    for form in [Form::Html, Form::Text] {
        templates.add("t", "{{name}} {{#if b}}{{b}}{{else}}none{{/if}}", form).expect("added");
    }
    let context = json!({"name": "O'Neil <b> {{secret}}", "b": null});
    let render = |form| templates.render("t", form, &context).expect("rendered");
    assert_eq!(render(Form::Text), "O'Neil <b> {{secret}} none");
    assert_eq!(render(Form::Html), "O&#x27;Neil &lt;b&gt; {{secret}} none");
}

/// Each of these ended the process when the engine read it; a test that aborts is the failure.
#[test]
fn bombs_are_refused_before_the_engine_sees_them() {
    let nested = |n: usize| format!("{}x{}", "{{#if a}}".repeat(n), "{{/if}}".repeat(n));
    let sub = |n: usize| format!("{{{{if {}a{}}}}}", "(not ".repeat(n), ")".repeat(n));
    let list = |n: usize| format!("{{{{if {}1{}}}}}", "[".repeat(n), "]".repeat(n));
    let chain = format!("{{{{#if a}}}}{}x{{{{/if}}}}", "{{else if a}}".repeat(3000));
    let hidden = format!("{{{{if \"}}}}\" {}", nested(3000));
    let bracket = format!("{{{{a.[}}}}]}}}}{}", nested(3000));
    let comment = format!("{{{{!-- x --}}}}{}", nested(3000));
    for (bomb, why) in [
        ("{{#*inline \"a\"}}x{{>a}}{{/inline}}{{>a}}".to_owned(), Refused::InlinePartial),
        ("{{# *inline \"a\"}}x{{/inline}}".to_owned(), Refused::InlinePartial),
        ("{{~#> a}}x{{/a}}".to_owned(), Refused::InlinePartial),
        ("{{> t}}".to_owned(), Refused::UnknownPartial("t".into())),
        ("{{> (lookup . \"x\")}}".to_owned(), Refused::UnknownPartial("(lookup".into())),
        ("{{>@partial-block}}".to_owned(), Refused::UnknownPartial("@partial-block".into())),
        (nested(3000), Refused::NestedTooDeep),
        (nested(17), Refused::NestedTooDeep),
        (chain, Refused::NestedTooDeep),
        (comment, Refused::NestedTooDeep),
        (sub(2000), Refused::TooManySubexpressions),
        (list(2000), Refused::TooManySubexpressions),
        (hidden, Refused::Unclosed),
        (bracket, Refused::Unclosed),
        ("{{a".to_owned(), Refused::Unclosed),
        ("{{!-- {{a}} --}}".to_owned(), Refused::Unclosed),
        ("{{{{raw}}}}{{{{/raw}}}}".to_owned(), Refused::RawOrDecorator),
        ("\\{{a}}".to_owned(), Refused::RawOrDecorator),
        ("{{* a}}".to_owned(), Refused::RawOrDecorator),
        ("x".repeat(limits::LARGEST + 1), Refused::TooLarge),
    ] {
        let start: String = bomb.chars().take(40).collect();
        match html(&bomb, &json!({})) {
            Err(TemplateError::Refused { why: said, .. }) => assert_eq!(said, why, "{start}"),
            other => panic!("{start}: {other:?}"),
        }
    }
    assert!(html(&nested(16), &json!({"a": true})).is_ok());
    assert!(html(&sub(8), &json!({"a": true})).is_ok());
}

#[test]
fn a_partial_includes_nothing() {
    let mut templates = Templates::default();
    templates.add_partial("head", "<h1>{{title}}</h1>", Form::Html).expect("added");
    assert!(templates.add_partial("foot", "{{> head}}", Form::Html).is_err());
    templates.add("t", "{{> head title=name}}", Form::Html).expect("added");
    let page = templates.render("t", Form::Html, &json!({"name": "<i>"})).expect("rendered");
    assert_eq!(page, "<h1>&lt;i&gt;</h1>");
}

#[test]
fn output_is_capped_and_missing_names_are_errors() {
    let rows = vec!["x".repeat(50); 200];
    let loops = "{{#each r}}{{#each ../r}}{{this}}{{/each}}{{/each}}";
    assert!(matches!(html(loops, &json!({"r": rows})), Err(TemplateError::TooLong { .. })));
    assert!(matches!(html("{{nope}}", &json!({})), Err(TemplateError::Render { .. })));
    assert!(matches!(html("\n{{#if a}}", &json!({})), Err(TemplateError::Syntax { .. })));
}

#[test]
fn unescaped_output_and_bare_links_are_refused_in_html() {
    for source in ["{{{a}}}", "{{&a}}", "{{~{a}~}}"] {
        let error = html(source, &json!({"a": "x"})).expect_err(source);
        assert!(matches!(error, TemplateError::Refused { why: Refused::Unescaped, .. }), "{source}");
    }
    for source in ["<a href=\"{{a}}\">", "<a href={{a}}>", "<img SRC = '{{a}}'>", "<a href=\"{{#if a}}x{{/if}}\">"] {
        let error = html(source, &json!({"a": "x"})).expect_err(source);
        assert!(matches!(error, TemplateError::Refused { why: Refused::LinkWithoutUrl, .. }), "{source}");
    }
}

#[test]
fn only_safe_links() {
    for good in [
        "https://a.example/x?y=1",
        "http://127.0.0.1:8080/a",
        "http://localhost/a",
        "tel:+862088880000",
        "mailto:a@b.example",
    ] {
        assert!(html("<a href=\"{{url a}}\">", &json!({"a": good})).is_ok(), "{good}");
    }
    for bad in [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        " java\tscript:x",
        "data:text/html,x",
        "http://a.example/",
        "ftp://a/",
        "",
        "//a.example",
        "tel:javascript",
        "mailto:x",
        "mailto:a@b.example?bcc=c@d.example",
        "https://user:pass@a.example/",
        "vbscript:x",
    ] {
        assert!(html("<a href=\"{{url a}}\">", &json!({"a": bad})).is_err(), "{bad}");
    }
    let quoted = html("<a href=\"{{url a}}\">", &json!({"a": "https://a.example/\"onclick=x"})).expect("a link");
    assert!(!quoted[9..quoted.len() - 2].contains('"'), "{quoted}");
}

#[test]
fn the_names_a_template_mentions() {
    let mut templates = Templates::default();
    templates.add_partial("row", "{{label}}{{value}}", Form::Html).expect("added");
    let source = "{{!-- no --}}{{a}}{{#if b}}{{c.d}}{{else if e}}{{/if}}{{#each f}}{{this}}{{/each}}{{> row label=\"g h\" value=i}}";
    let names = templates.add("t", source, Form::Html).expect("added");
    assert_eq!(names.into_iter().collect::<String>(), "abcefi");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the check lets through, the engine survives: an overflow would end this process.
    #[test]
    fn what_is_let_through_is_harmless(
        pieces in proptest::collection::vec((0..PIECES.len(), 1_usize..40), 0..60),
    ) {
        let source: String = pieces.iter().map(|(piece, times)| PIECES[*piece].repeat(*times)).collect();
        let context = json!({"a": "x", "r": ["y", "z"]});
        for form in [Form::Html, Form::Text] {
            let mut templates = Templates::default();
            templates.add_partial("head", "{{a}}", form).expect("added");
            if templates.add("t", &source, form).is_ok() {
                let _ = templates.render("t", form, &context);
            }
        }
    }
}

const PIECES: [&str; 24] = [
    "{{#if a}}",
    "{{else if a}}",
    "{{else}}",
    "{{/if}}",
    "{{#each r}}",
    "{{/each}}",
    "{{a}}",
    "{{this}}",
    "{{",
    "}}",
    "(",
    ")",
    "(not ",
    "[",
    "]",
    "\"",
    "'",
    "{{!--",
    "--}}",
    "~",
    "{{> head}}",
    "{{^}}",
    " a",
    "\\",
];
