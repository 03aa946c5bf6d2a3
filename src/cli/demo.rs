//! `aftercare demo`: the whole product on a throw-away database, telling its story on a clock of its own.
use std::net::SocketAddr;

use anyhow::Context;
use tokio::net::TcpListener;

use super::{Failure, out::outln, serve::Signals, serve::stop, setup};
use crate::{
    app::App,
    clock::Clock,
    config::{Config, Provider, Span},
    demo::{self, people, story},
    http::server,
    id::Random,
    lanes, telemetry,
};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Where to listen; another free port when this one is taken.
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Without the story: only a month of work and the morning after it; nothing happens by itself.
    #[arg(long)]
    without_story: bool,
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let mut signals = Signals::listen()?;
    telemetry::recorder();
    let folder = tempfile::tempdir().context("no folder for the throw-away database")?;
    let listener = match TcpListener::bind(args.listen).await {
        Ok(listener) => listener,
        Err(_) => TcpListener::bind((args.listen.ip(), 0)).await.context("cannot listen: give another --listen")?,
    };
    let address = listener.local_addr().context("the listener has no address")?;
    let clock = Clock::fixed(story::begins(!args.without_story));
    let app = App::open(settings(&folder.path().join("demo.db"), address)?, clock, Random::system())
        .await
        .map_err(Failure::usage)?;
    app.db.migrate().await.context("the throw-away database could not be made")?;
    setup::store_text(&app, story::DEALERSHIPS).await?;
    setup::store_text(&app, people::PEOPLE).await?;
    people::open_accounts(&app).await.context("the demo's people cannot sign in")?;

    let lanes = tokio::spawn(lanes::start(&app).map_err(Failure::usage)?);
    let (server, told) = if args.without_story {
        outln!("Aftercare's demo runs on http://{address}");
        (tokio::spawn(server::serve(app.clone(), listener)), tokio::spawn(story::rest(app.clone())))
    } else {
        let theatre = demo::theatre(&app).await.context("the story cannot begin")?;
        let router = demo::router(&app, theatre.clone());
        outln!("Aftercare's demo runs on http://{address}/demo");
        outln!("  there a Saturday afternoon is told, a minute in a second: pause it, or step from caption to caption");
        let server = tokio::spawn(server::serve_routes(app.clone(), listener, router));
        (server, tokio::spawn(story::tell(theatre.scene, theatre.stage)))
    };
    outln!("  the customers' mailbox and phones: http://{address}/demo/mailbox");
    outln!("  the console: http://{address}/console, password {}, and one of these logins:", people::PASSWORD);
    for (login, role) in people::LOGINS {
        outln!("    {login:<12} {role}");
    }
    outln!("Nothing leaves this machine. Stop it with Ctrl+C.");
    let told = async {
        if let Ok(Err(error)) = told.await {
            tracing::error!(error = format!("{error:#}"), "the story broke off");
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = signals.first() => {}
        () = told => {}
    }
    stop(&app, signals, async {
        let _ = server.await;
        let _ = lanes.await;
    })
    .await
}

fn settings(database: &std::path::Path, address: SocketAddr) -> Result<Config, Failure> {
    let mut settings = Config::defaults().map_err(Failure::usage)?;
    settings.database.url = format!("sqlite://{}", database.display()).into();
    settings.http.public_url = format!("http://{address}").parse().context("the address is no URL")?;
    settings.email.url = Some("mailbox:".to_owned().into());
    settings.sms.provider = Provider::Mailbox;
    settings.wechat.provider = Provider::Mailbox;
    settings.wecom.provider = Provider::Mailbox;
    // The Chinese dealerships have a group at WeCom; the others read mail.
    settings.wecom.keys = demo::GROUPS.map(|code| (code.to_owned(), "demo".into())).into();
    settings.inbound.sms.secret = Some(demo::TEXTS.into());
    settings.worker.lease = Span::new(demo::LEASE);
    settings.console.session = Span::new(demo::LEASE);
    Ok(settings)
}
