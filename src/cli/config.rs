//! `aftercare config`: every setting with its default and meaning.

use super::out::out;
use crate::config::DEFAULTS;

pub(super) fn run() {
    out!("{DEFAULTS}");
}
