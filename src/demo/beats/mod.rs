//! The beats of the story: when each comes, what is done in it, and what its caption reads from the database.
mod counting;
mod desk;
mod parts;
mod providers;
mod visit;

use jiff::SignedDuration;

use super::{
    scene::Scene,
    stage::{Caption, Reader},
};
use crate::clock::Timestamp;

/// What a caption knows so far.
pub(super) struct Telling {
    pub(super) caption: Caption,
    /// Everything that it waits for has happened.
    pub(super) is_whole: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Beat {
    Opening,
    Books,
    Moves,
    CaliperComes,
    PadsCome,
    WechatDown,
    BySms,
    WechatBack,
    Asks,
    Answer,
    NextCall,
    LowScore,
    Stop,
    Refused,
    Scorecard,
}

impl Beat {
    pub(super) const ALL: [Self; 15] = [
        Self::Opening,
        Self::Books,
        Self::Moves,
        Self::CaliperComes,
        Self::PadsCome,
        Self::WechatDown,
        Self::BySms,
        Self::WechatBack,
        Self::Asks,
        Self::Answer,
        Self::NextCall,
        Self::LowScore,
        Self::Stop,
        Self::Refused,
        Self::Scorecard,
    ];

    /// When it begins: not before.
    pub(super) fn at(self) -> Timestamp {
        Scene::minutes(match self {
            Self::Opening => 0,
            Self::Books => 2,
            Self::Moves => 10,
            Self::CaliperComes => 18,
            Self::PadsCome => 26,
            Self::WechatDown => 35,
            Self::BySms => 36,
            Self::WechatBack => 64,
            Self::Asks => 70,
            Self::Answer => 74,
            Self::NextCall => 82,
            Self::LowScore => 86,
            Self::Stop => 100,
            Self::Refused => 105,
            Self::Scorecard => 110,
        })
    }

    /// How far the clock goes at each look of somebody who steps, while the caption waits for what is due later; what is due at
    /// once needs no time.
    pub(super) fn stride(self) -> SignedDuration {
        SignedDuration::from_secs(match self {
            Self::BySms => 20,
            Self::Stop => 10,
            Self::LowScore => 2,
            Self::Asks => 1,
            _ => 0,
        })
    }

    /// What is done, by the door that does it in life.
    pub(super) async fn act(self, scene: &Scene) -> anyhow::Result<()> {
        match self {
            Self::Opening | Self::BySms | Self::Scorecard => Ok(()),
            Self::Books => visit::book(scene).await,
            Self::Moves => visit::change(scene).await,
            Self::CaliperComes => parts::caliper(scene).await,
            Self::PadsCome => parts::pads(scene).await,
            Self::WechatDown => providers::wechat_ends(scene).await,
            Self::WechatBack => providers::wechat_is_back(scene).await,
            Self::Asks => desk::ask(scene).await,
            Self::Answer => desk::answer(scene).await,
            Self::NextCall => desk::take_next(scene).await,
            Self::LowScore => desk::save(scene).await,
            Self::Stop => providers::stop(scene).await,
            Self::Refused => providers::ask_to_say(scene).await,
        }
    }

    /// What the database says of it.
    pub(super) async fn tell(self, scene: &Scene) -> anyhow::Result<Telling> {
        match self {
            Self::Opening => counting::opening(scene).await,
            Self::Books => visit::booked(scene).await,
            Self::Moves => visit::moved(scene).await,
            Self::CaliperComes => parts::one_of_two(scene).await,
            Self::PadsCome => parts::complete(scene).await,
            Self::WechatDown => providers::waits(scene).await,
            Self::BySms => providers::by_sms(scene).await,
            Self::WechatBack => providers::once_only(scene).await,
            Self::Asks => desk::asked(scene).await,
            Self::Answer => desk::answered(scene).await,
            Self::NextCall => desk::taken(scene).await,
            Self::LowScore => desk::hot(scene).await,
            Self::Stop => providers::stopped(scene).await,
            Self::Refused => providers::refused(scene).await,
            Self::Scorecard => counting::scorecard(scene).await,
        }
    }
}

/// A caption at this moment.
fn telling(
    scene: &Scene,
    is_whole: bool,
    title: impl Into<String>,
    lines: Vec<String>,
    console: (&'static str, String),
    reader: Option<Reader>,
) -> Telling {
    Telling { caption: Caption { at: scene.now(), title: title.into(), lines, console, reader }, is_whole }
}
