//! Which lanes a process runs, and the ways out of the house, made from the settings.
use std::{collections::BTreeMap, sync::Arc};

use futures_util::future::BoxFuture;
use jiff::SignedDuration;
use secrecy::ExposeSecret;

use crate::{
    app::App,
    channels::{
        EmailRoute, Routes, SmsRoute, WechatRoute, WecomRoute,
        email::{BadEmailUrl, Dir, Route, Smtp},
        http_client::HttpLimits,
        mailbox::Mailbox,
        sms::{BadGateway, HttpGateway, Settings},
        tls::BadAuthority,
        webhook::Webhooks,
        wechat::{self, Wechat},
        wecom::{self, Wecom},
    },
    clock::Timestamp,
    clocks::{self, jobs::Clocks},
    config::{Email, Provider, SuccessStatus, Unknown},
    db,
    hooks::{self, lane::Hooks},
    inbound::{self, lane::Reading},
    jobs::Lanes,
    messages::{self, Priority, fate::Policy, lane_name, marks::Marks, post::Post},
    notices::{
        self, ChannelName,
        compose::{Compose, Sender},
    },
    texts::providers,
};

/// The post lanes.
const POST: [(ChannelName, Priority); 8] = [
    (ChannelName::Email, Priority::Urgent),
    (ChannelName::Email, Priority::Bulk),
    (ChannelName::Sms, Priority::Urgent),
    (ChannelName::Sms, Priority::Bulk),
    (ChannelName::Wechat, Priority::Urgent),
    (ChannelName::Wechat, Priority::Bulk),
    (ChannelName::Wecom, Priority::Urgent),
    (ChannelName::Wecom, Priority::Bulk),
];
/// Texts of one channel handed over at once.
const SMS_AT_ONCE: usize = 8;
/// Bulk mail and texts handed over at once: they fill what the urgent leave.
const BULK_AT_ONCE: usize = 4;

/// A setting of a channel is wrong; the text says which.
#[derive(Debug, thiserror::Error)]
pub enum BadRoute {
    #[error(transparent)]
    Email(#[from] BadEmailUrl),
    #[error(transparent)]
    Authority(#[from] BadAuthority),
    #[error(transparent)]
    Sms(#[from] BadGateway),
}

/// Starts the lanes of this process. They stop claiming when `app.stopping` is cancelled; the future ends when what was in
/// hand is recorded.
pub fn start(app: &App) -> Result<BoxFuture<'static, ()>, BadRoute> {
    let routes = Arc::new(routes(app)?);
    let lanes = Lanes::new(
        app.db.clone(),
        app.ids.clock.clone(),
        app.config.worker.lease.signed(),
        app.config.worker.poll.get(),
        app.stopping.clone(),
    );
    let name = worker_name(app);
    let lanes = lanes
        .with(clocks_lane(app), name.clone())
        .with(inbound_lane(app), name.clone())
        .with(hooks_lane(app), name.clone());
    let marks = Marks::start(app.db.clone(), app.ids.clone());
    let lanes = post_lanes(app, &routes, &marks)
        .into_iter()
        .fold(lanes.with(compose_lane(app, &routes), name.clone()), |lanes, post| lanes.with(post, name.clone()));
    let app = app.clone();
    Ok(Box::pin(async move {
        if let Err(error) = clocks::actions::ensure_daily(&app).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "the daily lists are not looked after until the next start"
            );
        }
        lanes.run().await;
    }))
}

/// Composes notices of this app on these routes.
pub fn compose_lane(app: &App, routes: &Arc<Routes>) -> Compose {
    let email = &app.config.email;
    Compose {
        playbook: Arc::clone(&app.playbook),
        shelf: app.shelf.clone(),
        sms_provider: providers::provider(app).map(str::to_owned),
        routes: Arc::clone(routes),
        directory: app.directory.clone(),
        links: app.links.clone(),
        ids: app.ids.clone(),
        lease: app.config.worker.lease.signed(),
        sender: Sender {
            address: email.from.clone(),
            name: email.from_name.clone(),
            message_id_domain: email.message_id_domain().map(str::to_owned),
        },
        own_act: app.config.contact.own_act.signed(),
        app: app.clone(),
    }
}

/// Reads the mail that comes in.
pub fn inbound_lane(app: &App) -> Reading {
    Reading { app: app.clone(), lease: app.config.worker.lease.signed() }
}

/// Tells other systems.
pub fn hooks_lane(app: &App) -> Hooks {
    Hooks {
        app: app.clone(),
        lease: app.config.worker.lease.signed(),
        webhooks: Webhooks::new(app.config.webhooks.allow_private),
    }
}

/// Rings the clocks of this app.
pub fn clocks_lane(app: &App) -> Clocks {
    Clocks { app: app.clone() }
}

/// One post lane per channel and priority.
pub fn post_lanes(app: &App, routes: &Arc<Routes>, marks: &Marks) -> Vec<Post> {
    let email = app.config.email.connections;
    let at_once = |lane| match lane {
        (ChannelName::Email, Priority::Urgent) => email,
        (ChannelName::Email, Priority::Bulk) => BULK_AT_ONCE.min(email),
        (_, Priority::Urgent) => SMS_AT_ONCE,
        (_, Priority::Bulk) => BULK_AT_ONCE,
    };
    POST.map(|(channel, priority)| Post {
        channel,
        priority,
        concurrency: at_once((channel, priority)),
        routes: Arc::clone(routes),
        policy: policy(app),
        lease: app.config.worker.lease.signed(),
        own_act: app.config.contact.own_act.signed(),
        ids: app.ids.clone(),
        marks: marks.clone(),
        app: app.clone(),
    })
    .into()
}

fn policy(app: &App) -> Policy {
    let (email, sms) = (&app.config.email, &app.config.sms.retry);
    Policy {
        email_retry: email.retry.spans().iter().map(|wait| wait.signed()).collect(),
        sms_retry: sms.first.signed(),
        sms_tries: i64::from(sms.times),
        sms_longest: sms.cap.signed(),
        resend_unknown: email.unknown == Unknown::Resend,
        unknown_wait: email.unknown_wait.signed(),
    }
}

/// The ways out that the settings name.
pub fn routes(app: &App) -> Result<Routes, BadRoute> {
    let mailbox = || Mailbox::new(app.db.clone(), app.ids.clone(), app.outages.clone());
    let (email, sms) = (&app.config.email, &app.config.sms);
    let email_route = match mail_route(email)? {
        None => None,
        Some(Route::Mailbox) => Some(EmailRoute::Mailbox(mailbox())),
        Some(Route::Dir(folder)) => Some(EmailRoute::Dir(Dir::new(folder))),
        Some(Route::Smtp(settings)) => Some(EmailRoute::Smtp(Box::new(Smtp::new(*settings)?))),
    };
    let sms_route = match (sms.provider, &sms.http.url) {
        (Provider::None, _) => None,
        (Provider::Mailbox, _) => Some(SmsRoute::Mailbox(mailbox())),
        (Provider::Http, None) => return Err(BadGateway::Url.into()),
        (Provider::Http, Some(url)) => {
            let settings = Settings {
                url: url.clone(),
                method: sms.http.method.clone(),
                headers: sms
                    .http
                    .headers
                    .iter()
                    .map(|(name, value)| (name.clone(), value.clone()))
                    .collect::<BTreeMap<_, _>>(),
                body: sms.http.body.clone(),
                success_status: match &sms.http.success_status {
                    SuccessStatus::Any2xx => Vec::new(),
                    SuccessStatus::These(these) => these.clone(),
                },
                id_pointer: sms.http.id_pointer.clone(),
            };
            Some(SmsRoute::Http(Box::new(HttpGateway::new(&settings, HttpLimits::default())?)))
        }
    };
    Ok(Routes {
        email: email_route,
        sms: sms_route,
        sms_from: sms.from.clone().unwrap_or_default(),
        wecom: wecom_route(app),
        wechat: wechat_route(app),
    })
}

fn wecom_route(app: &App) -> Option<WecomRoute> {
    let settings = &app.config.wecom;
    let robots = wecom::Robots { key: settings.key.clone(), own: settings.keys.clone() };
    match settings.provider {
        Provider::None => None,
        Provider::Mailbox => {
            // Without a key every dealership has a group to look into.
            let everybodys = robots.key.is_none() && robots.own.is_empty();
            let robots = if everybodys { wecom::Robots { key: Some("mailbox".into()), ..robots } } else { robots };
            Some(WecomRoute::Mailbox(Mailbox::new(app.db.clone(), app.ids.clone(), app.outages.clone()), robots))
        }
        Provider::Http => {
            let account = (settings.corp_id.clone(), settings.agent_id, settings.secret.clone());
            let writes = match account {
                (Some(corp_id), Some(agent_id), Some(secret)) => Some(wecom::App { corp_id, agent_id, secret }),
                _ => None,
            };
            let settings = wecom::Settings {
                base_url: settings.base_url.clone(),
                robots,
                app: writes,
                per_minute: settings.per_minute,
            };
            Some(WecomRoute::Http(Box::new(Wecom::new(settings, HttpLimits::default(), app.ids.clock.clone()))))
        }
    }
}

fn wechat_route(app: &App) -> Option<WechatRoute> {
    let settings = &app.config.wechat;
    match (settings.provider, &settings.app_id, &settings.secret) {
        (Provider::Mailbox, ..) => {
            Some(WechatRoute::Mailbox(Mailbox::new(app.db.clone(), app.ids.clone(), app.outages.clone())))
        }
        (Provider::Http, Some(app_id), Some(secret)) => {
            let (base_url, app_id, secret) = (settings.base_url.clone(), app_id.clone(), secret.clone());
            let settings = wechat::Settings { base_url, app_id, secret };
            Some(WechatRoute::Http(Box::new(Wechat::new(settings, HttpLimits::default(), app.ids.clock.clone()))))
        }
        _ => None,
    }
}

/// The way out for mail that the settings name.
pub fn mail_route(email: &Email) -> Result<Option<Route>, BadEmailUrl> {
    let mut route = email.url.as_ref().map(|url| Route::parse(url.expose_secret())).transpose()?;
    if let Some(Route::Smtp(settings)) = &mut route {
        settings.connections = email.connections;
        if let Some(domain) = email.message_id_domain() {
            domain.clone_into(&mut settings.hello_name);
        }
    }
    Ok(route)
}

/// Another one at each start: a name that comes back after a crash confuses those who remember it.
fn worker_name(app: &App) -> String {
    let random: [u8; 4] = app.ids.random.bytes();
    format!("{}-{:08x}", std::process::id(), u32::from_le_bytes(random))
}

/// What is due in a lane.
#[derive(Clone, Debug)]
pub struct Due {
    pub name: &'static str,
    /// How many rows, at most [`MOST_COUNTED`].
    pub rows: i64,
    /// How long the oldest has been due.
    pub oldest: SignedDuration,
}

/// A gauge must not scan a backlog: more rows than these are not counted.
pub const MOST_COUNTED: i64 = 100_000;

/// What is due in every lane now.
pub async fn due(app: &App) -> db::Result<Vec<Due>> {
    let now = app.ids.clock.now();
    let mut tx = app.db.read().await?;
    let age = |oldest: Option<Timestamp>| oldest.map(|at| now.since(at)).unwrap_or_default();
    let (rows, oldest) = notices::actions::due(&mut tx, now, MOST_COUNTED).await?;
    let mut lanes = vec![Due { name: "compose", rows, oldest: age(oldest) }];
    let (rows, oldest) = clocks::actions::due(&mut tx, now, MOST_COUNTED).await?;
    lanes.push(Due { name: "clocks", rows, oldest: age(oldest) });
    let (rows, oldest) = inbound::actions::due(&mut tx, now, MOST_COUNTED).await?;
    lanes.push(Due { name: "inbound", rows, oldest: age(oldest) });
    let (rows, oldest) = hooks::actions::due(&mut tx, now, MOST_COUNTED).await?;
    lanes.push(Due { name: "hooks", rows, oldest: age(oldest) });
    for (channel, priority) in POST {
        let (rows, oldest) = messages::actions::due(&mut tx, (channel, priority), now, MOST_COUNTED).await?;
        lanes.push(Due { name: lane_name(channel, priority), rows, oldest: age(oldest) });
    }
    Ok(lanes)
}
