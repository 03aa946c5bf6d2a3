//! What a command says on standard output; a reader who has gone away (`| head`) ends the telling, never the work.
use std::{
    fmt,
    io::{self, ErrorKind, Write},
    sync::OnceLock,
};

/// The first fault of standard output; what came after it was not written.
static FAULT: OnceLock<io::Error> = OnceLock::new();

/// A piece to standard output, formatted as by `print!`.
macro_rules! out {
    ($($words:tt)*) => { $crate::cli::out::say(::std::format_args!($($words)*)) };
}

/// A line to standard output, formatted as by `println!`.
macro_rules! outln {
    ($($words:tt)*) => { $crate::cli::out::say(::std::format_args!("{}\n", ::std::format_args!($($words)*))) };
}

pub(super) use {out, outln};

/// Writes a piece to standard output.
///
/// `println!` is not used for it: it panics when the reader of a pipe has closed it, in the middle of what the command does.
/// The command goes on to its end instead, and [`whole`] tells whether all was written.
pub(super) fn say(words: fmt::Arguments<'_>) {
    if FAULT.get().is_none()
        && let Err(error) = io::stdout().lock().write_fmt(words)
    {
        _ = FAULT.set(error);
    }
}

/// Whether all that was said has been written.
///
/// # Errors
/// What went wrong first, as on a full disk; not that the reader has seen enough.
pub(super) fn whole() -> Result<(), &'static io::Error> {
    if let Err(error) = io::stdout().flush() {
        _ = FAULT.set(error);
    }
    FAULT.get().filter(|error| error.kind() != ErrorKind::BrokenPipe).map_or(Ok(()), Err)
}
