//! The document as a page: contents, each door with what it is for and a command to try, and every shape. In English only:
//! it is for those who write programs against it. No script, no outside resource.
use maud::{DOCTYPE, Markup, html};
use serde_json::Value;

use super::{
    outline::{Chapter, Door, chapters, curl, resolved, text},
    shapes::{fields, kind, prose},
};

pub(super) fn page(document: &Value) -> Markup {
    let chapters = chapters(document);
    let title = text(&document["info"]["title"]);
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex, nofollow";
                title { (title) }
                link rel="stylesheet" href="/assets/public.css";
                link rel="stylesheet" href="/assets/docs.css";
            }
            body.docs {
                a.skip href="#doors" { "To the doors" }
                header {
                    h1 { (title) " " small { (text(&document["info"]["version"])) } }
                    p { "The same for programs, OpenAPI 3.1: " a href="/openapi.json" { "/openapi.json" } }
                }
                nav aria-label="Contents" { (contents(&chapters, document)) }
                main #doors {
                    @for paragraph in text(&document["info"]["description"]).split("\n\n") { p { (prose(paragraph)) } }
                    (refusals(document))
                    @for chapter in &chapters { (written(chapter, document)) }
                    (told(document))
                    (shapes(document))
                }
            }
        }
    }
}

fn contents(chapters: &[Chapter<'_>], document: &Value) -> Markup {
    html! {
        h2 { "Contents" }
        ul {
            li { a href="#refusals" { "What is refused" } }
            @for chapter in chapters {
                li {
                    details {
                        summary { (chapter.name) }
                        ul { @for door in &chapter.doors { li { a href={ "#" (door.id()) } { (text(&door.operation["summary"])) } } } }
                    }
                }
            }
            li {
                details {
                    summary { "What is posted to webhooks" }
                    ul {
                        @for name in document["webhooks"].as_object().into_iter().flatten().map(|(name, _)| name) {
                            li { a href={ "#told-" (name) } { (name) } }
                        }
                    }
                }
            }
            li { a href="#shapes" { "Shapes" } }
        }
    }
}

/// What every door may answer instead.
fn refusals(document: &Value) -> Markup {
    html! {
        section #refusals {
            h2 { "What is refused" }
            p { "As " code { "application/problem+json" } " (RFC 9457), the shape " a href="#shape-Problem" { "Problem" }
                ": its " code { "code" } " is stable, its words are not." }
            ul {
                @for (_, answer) in document["components"]["responses"].as_object().into_iter().flatten() {
                    li { (prose(text(&answer["description"]))) }
                }
            }
        }
    }
}

fn written(chapter: &Chapter<'_>, document: &Value) -> Markup {
    html! {
        section {
            h2 { (chapter.name) }
            p { (prose(chapter.about)) }
            @for door in &chapter.doors { (opened(door, document)) }
        }
    }
}

fn opened(door: &Door<'_>, document: &Value) -> Markup {
    let parameters = door.parameters(document);
    html! {
        article id=(door.id()) {
            h3 { (text(&door.operation["summary"])) }
            p.door { code { span.method { (door.method) } " " (door.path) } }
            p.needs { (needs(door)) }
            @if !text(&door.operation["description"]).is_empty() { p { (prose(text(&door.operation["description"]))) } }
            @if !parameters.is_empty() {
                h4 { "In the address and the headers" }
                div.wide tabindex="0" role="group" aria-label={ "Parameters of " (text(&door.operation["summary"])) } {
                    table {
                        thead { tr { th scope="col" { "Name" } th scope="col" { "What" } th scope="col" { "Meaning" } } }
                        tbody {
                            @for one in &parameters {
                                tr {
                                    td { code { (text(&one["name"])) } @if one["required"] == true { span.required { " required" } } }
                                    td { (kind(&one["schema"])) }
                                    td { (prose(text(&one["description"]))) }
                                }
                            }
                        }
                    }
                }
            }
            @if let Some((_, content)) = door.body() {
                h4 { "Body" }
                @if content["schema"]["$ref"].is_string() { p { (kind(&content["schema"])) } } @else { (fields(&content["schema"])) }
            }
            h4 { "Try it" }
            pre tabindex="0" role="group" aria-label={ "Command: " (text(&door.operation["summary"])) } { code { (curl(door, document)) } }
            h4 { "Answers" }
            dl {
                @for (status, answer) in door.operation["responses"].as_object().into_iter().flatten() {
                    (answered(status, resolved(answer, document)))
                }
            }
        }
    }
}

fn needs(door: &Door<'_>) -> Markup {
    match door.scope() {
        Some(scope) => html! { "A key with the scope " code { (scope) } },
        None if door.by_secret() => html! { "The secret of this door" },
        None if door.operation["security"].as_array().is_some_and(|ways| !ways.is_empty()) => {
            html! { "Signed by who sends, a key, or from this very machine: see below" }
        }
        None => html! { "Nothing: it is open" },
    }
}

/// Only what is of this door is said at length.
fn answered(status: &str, answer: &Value) -> Markup {
    let content = answer["content"].as_object().into_iter().flatten();
    let is_well = status.starts_with('2');
    html! {
        dt { (status) }
        dd {
            (prose(text(&answer["description"])))
            @for (media_type, content) in content {
                @if is_well {
                    " " code { (media_type) } " "
                    @if content["schema"]["$ref"].is_string() { (kind(&content["schema"])) }
                    @else if content["schema"]["properties"].is_object() { (fields(&content["schema"])) }
                    @if !content["example"].is_null() {
                        details {
                            summary { "An example" }
                            pre tabindex="0" role="group" aria-label="Example" { code {
                                (serde_json::to_string_pretty(&content["example"]).unwrap_or_default())
                            } }
                        }
                    }
                }
            }
        }
    }
}

/// What is posted to endpoints.
fn told(document: &Value) -> Markup {
    html! {
        section {
            h2 { "What is posted to webhooks" }
            @for (name, methods) in document["webhooks"].as_object().into_iter().flatten() {
                @let event = &methods["post"];
                article id={ "told-" (name) } {
                    h3 { (text(&event["summary"])) }
                    p { (prose(text(&event["description"]))) }
                    p { (kind(&event["requestBody"]["content"]["application/cloudevents+json"]["schema"])) }
                }
            }
        }
    }
}

fn shapes(document: &Value) -> Markup {
    html! {
        section #shapes {
            h2 { "Shapes" }
            @for (name, schema) in document["components"]["schemas"].as_object().into_iter().flatten() {
                article id={ "shape-" (name) } {
                    h3 { (name) }
                    @if !text(&schema["description"]).is_empty() { p { (prose(text(&schema["description"]))) } }
                    (fields(schema))
                }
            }
        }
    }
}
