//! What the page of a survey says beside its questions, in three languages; read at start with the questionnaires.
use serde::Deserialize;

use super::questionnaire::Words;

const FILE: &str = include_str!("../../templates/surveys/page.toml");

/// The texts by their names in `templates/surveys/page.toml`: a name that is missing there stops the start.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PageWords {
    pub(super) title: Words,
    pub(super) about: Words,
    pub(super) about_plate: Words,
    pub(super) yes: Words,
    pub(super) no: Words,
    pub(super) required: Words,
    pub(super) send: Words,
    pub(super) privacy: Words,
    pub(super) thanks_title: Words,
    pub(super) thanks: Words,
    pub(super) thanks_sorry: Words,
    pub(super) already_title: Words,
    pub(super) already: Words,
    pub(super) over_title: Words,
    pub(super) over: Words,
    pub(super) unknown_title: Words,
    pub(super) unknown: Words,
}

impl PageWords {
    pub(super) fn load() -> Result<Self, toml::de::Error> {
        toml::from_str(FILE)
    }
}
