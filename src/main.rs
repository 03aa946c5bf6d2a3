//! Reads arguments, calls the library.
use std::process::ExitCode;

use aftercare::cli::Cli;
use clap::Parser;

fn main() -> ExitCode {
    let cli = Cli::parse();
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        eprintln!("aftercare: a TLS provider is installed already");
        return ExitCode::FAILURE;
    }
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("aftercare: cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    let done = runtime.block_on(cli.run());
    // What was not finished by now is not waited for.
    runtime.shutdown_background();
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("aftercare: {failure}");
            ExitCode::from(failure.exit_code())
        }
    }
}
