//! `aftercare config`: every setting with its default and meaning.
#![expect(clippy::print_stdout, reason = "what was asked for goes to standard output")]

use crate::config::DEFAULTS;

pub(super) fn run() {
    print!("{DEFAULTS}");
}
