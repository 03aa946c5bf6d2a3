//! `WeCom` for those who work here, and the official account that customers follow: from the fact to the wire and back.
mod account;
mod door;
mod wecom;

use aftercare::id::hex;
use axum::{
    body::{Body, to_bytes},
    http::Request,
};
use serde_json::{Value, json};
use sha1::{Digest, Sha1};

use crate::{
    fakes::tencent::FakeTencent,
    shop::{Customer, Opening, Shop, fang},
};

const TOKEN: &str = "theAccountsToken";
const OPENID: &str = "oFang123456";
const FANGS_PHONE: &str = "+8613800005678";
const BINDING: &str = "/v1/bindings/appointment.confirmation/wechat?dealership=gz-tianhe";

/// A house whose official account is at these servers.
fn with_account(opening: Opening, them: &FakeTencent) -> Opening {
    opening
        .setting("WECHAT__PROVIDER", "http")
        .setting("WECHAT__BASE_URL", &them.url())
        .setting("WECHAT__APP_ID", "wx1")
        .setting("WECHAT__SECRET", "s3cret")
        .setting("WECHAT__TOKEN", TOKEN)
}

/// Follows the account, and is reached by telephone too.
fn follower() -> Customer {
    fang().with("email", Value::Null).with("wechat_openid", OPENID)
}

impl Shop {
    /// The account's template for confirmations is approved.
    async fn binds(&self, binding: Value) {
        let (status, answer) = self.does("PUT", BINDING, binding).await;
        assert_eq!(status, 200, "{answer}");
    }

    /// A request of the account's server, signed with this token just now.
    async fn is_told(&self, method: &str, token: &str, more: &str, body: &str) -> (u16, String) {
        let timestamp = self.now().get().as_second().to_string();
        let mut parts = [token, &timestamp, "n0nce"];
        parts.sort_unstable();
        let signature = hex(&Sha1::digest(parts.concat()));
        let path = format!("/in/wechat?signature={signature}&timestamp={timestamp}&nonce=n0nce{more}");
        let request = Request::builder().method(method).uri(path).header("content-type", "text/xml");
        let response = self.answers(request.body(Body::from(body.to_owned())).expect("a request")).await;
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
        (status, String::from_utf8(body.to_vec()).expect("UTF-8"))
    }
    async fn account_tells(&self, rest: &str) {
        let body = format!(
            "<xml><ToUserName><![CDATA[gh_1]]></ToUserName><FromUserName><![CDATA[{OPENID}]]></FromUserName>{rest}</xml>"
        );
        assert_eq!(self.is_told("POST", TOKEN, "", &body).await, (200, "success".to_owned()));
    }
    /// What became of the message that they know by this name.
    async fn account_reports(&self, msgid: &str, status: &str) {
        self.account_tells(&format!("<MsgType>event</MsgType><Event>TEMPLATESENDJOBFINISH</Event><MsgID>{msgid}</MsgID><Status><![CDATA[{status}]]></Status>")).await;
    }
    async fn account_hears(&self, id: &str, text: &str) {
        self.account_tells(&format!("<MsgType>text</MsgType><Content><![CDATA[{text}]]></Content><MsgId>{id}</MsgId>"))
            .await;
    }
}

fn approved() -> Value {
    json!({ "template": "tpl_x", "approved": true, "params": { "thing1": "service", "time2": "when", "car_number3": "plate" } })
}
