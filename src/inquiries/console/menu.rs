//! What an answer can begin from and what goes with it: the canned replies in the customer's language, and chosen files.
use std::sync::Arc;

use maud::{Markup, html};

use super::{super::canned, Inquiry, LIST};
use crate::{
    console::{Right, Visitor},
    db::{self, Tx},
    dealerships::Dealership,
    files::{self, NewFile},
    http::uploads::Upload,
    id::Id,
};

/// A canned reply in one language.
pub(super) struct Choice {
    pub(super) code: String,
    title: String,
    pub(super) body: String,
}

/// The menu of a dealership for a customer of this language.
pub(super) async fn of(tx: &mut Tx, dealership: &Dealership, language: Option<&str>) -> db::Result<Vec<Choice>> {
    let all = canned::actions::all(tx, dealership.id).await?;
    let choice = |one: canned::Canned| {
        let text = one.for_customer(language, &dealership.locale)?.clone();
        Some(Choice { code: one.code, title: text.title, body: text.body })
    };
    Ok(all.into_iter().filter_map(choice).collect())
}

/// The menu: a link each, so that it works without script; the first nine by their digit.
pub(super) fn shown(visitor: &Visitor, inquiry: Id<Inquiry>, menu: &[Choice]) -> Markup {
    let w = visitor.words;
    html! {
        @if !menu.is_empty() || visitor.may(Right::Settings) {
            details class="canned" open[!menu.is_empty()] {
                summary { (w.t("reply-canned")) }
                ul class="plain" {
                    @for (n, choice) in (1_usize..).zip(menu) {
                        li {
                            a href={ (LIST) "/" (inquiry) "?canned=" (choice.code) "#reply" } data-key=[(n <= 9).then_some(n)] {
                                @if n <= 9 { kbd { (n) } " " } (choice.title)
                            }
                        }
                    }
                }
                @if visitor.may(Right::Settings) { p class="small" { a href=(canned::console::ANSWERS) { (w.t("answers-link")) } } }
            }
        }
    }
}

/// The files that were chosen.
///
/// # Errors
/// The code of why they cannot go.
pub(super) fn enclosed(uploads: &[Upload], by_phone: bool) -> Result<Arc<[NewFile]>, &'static str> {
    if by_phone && !uploads.is_empty() {
        return Err("file_by_phone");
    }
    let files: Result<Vec<NewFile>, files::Unfit> =
        uploads.iter().map(|upload| NewFile::read(&upload.name, &upload.bytes)).collect();
    let files = files.map_err(files::Unfit::code)?;
    files::fit(&files).map_err(files::Unfit::code)?;
    Ok(files.into())
}
