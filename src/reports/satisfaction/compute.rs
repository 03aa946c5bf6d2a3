//! From rows to the numbers of the report. Pure.
use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{
    Advisor, Band, Cases, Counted, Group, Mean, RANKED_FROM, Rate, Scores, Shop, Verbatim,
    store::{Answered, Called, CaseRow, CauseRow, Cohort, Invited, Visited},
};
use crate::{
    cases::{Cause, Severity},
    clock::Timestamp,
    surveys::{
        Gist, Mode, Questionnaires,
        questionnaire::{Kind, Questionnaire},
        statistics::{Estimate, as_float, mean, net_promoters, share, tenth},
    },
};

/// Everything a dealership's month is computed from.
#[derive(Debug, Default)]
pub struct Rows {
    /// Answers of the last 90 days and of the month, whichever begins earlier; and of the month before.
    pub(super) answers: Vec<Answered>,
    pub(super) visits: Vec<Visited>,
    pub(super) invited: Vec<Invited>,
    pub(super) called: Vec<Called>,
    pub(super) causes: Vec<CauseRow>,
    pub(super) cases: Vec<CaseRow>,
    pub(super) cohort: Vec<Cohort>,
}

/// The stretches of time that are looked at, each from its first moment to the one after its last.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    pub month: (Timestamp, Timestamp),
    pub before: (Timestamp, Timestamp),
    pub rolling: (Timestamp, Timestamp),
}

fn within((from, to): (Timestamp, Timestamp), at: Timestamp) -> bool {
    from <= at && at < to
}

/// One dealership's month. `advisor` narrows everything to one person's visits.
pub fn shop(
    (code, name): (String, String),
    times: Times,
    rows: &Rows,
    questionnaires: &Questionnaires,
    advisor: Option<&str>,
) -> Shop {
    let is_wanted = |of: Option<&str>| advisor.is_none_or(|wanted| of == Some(wanted));
    let answers: Vec<&Answered> = rows.answers.iter().filter(|a| is_wanted(a.advisor.as_deref())).collect();
    let visits: Vec<&Visited> = rows.visits.iter().filter(|v| is_wanted(v.advisor.as_deref())).collect();
    let given = |time| answers.iter().copied().filter(|a| within(time, a.answered_at)).collect::<Vec<_>>();
    let delivered = |time| visits.iter().copied().filter(|v| within(time, v.delivered_at)).collect::<Vec<_>>();
    let (of_month, visits_of_month) = (given(times.month), delivered(times.month));
    let scores = scores(&of_month, questionnaires);
    let first_time_right = right(&visits_of_month);
    let before = self::scores(&given(times.before), questionnaires);
    let trend = [
        ("csat", scores.csat, before.csat),
        ("nps", scores.nps, before.nps),
        ("first_time_right", first_time_right, right(&delivered(times.before))),
    ];
    let causes: Vec<&CauseRow> = rows.causes.iter().filter(|c| is_wanted(c.advisor.as_deref())).collect();
    let cases: Vec<&CaseRow> = rows.cases.iter().filter(|c| is_wanted(c.advisor.as_deref())).collect();
    let by_mode = |mode: Mode| {
        let of_mode: Vec<&Answered> = of_month.iter().copied().filter(|a| a.mode == mode).collect();
        (!of_mode.is_empty()).then(|| (mode.word(), self::scores(&of_mode, questionnaires)))
    };
    Shop {
        code,
        name,
        from: times.month.0,
        to: times.month.1,
        visits: visits_of_month.len() as u64,
        came_back: back(&visits_of_month),
        first_time_right,
        by_mode: Mode::ALL.into_iter().filter_map(by_mode).collect(),
        response: rate(
            rows.invited.iter().filter(|i| is_wanted(i.advisor.as_deref()) && i.reached).map(|i| i.answered),
        ),
        contact: rate(rows.called.iter().filter(|c| is_wanted(c.advisor.as_deref())).map(|c| c.interviewed)),
        trend: trend.into_iter().filter_map(|(name, now, before)| Some((name, arrow(now?, before?)?))).collect(),
        advisors: advisors(&given(times.rolling), &delivered(times.rolling), questionnaires),
        service_types: service_types(&of_month, &visits_of_month, questionnaires),
        causes: counted(&causes),
        with_cause: causes.iter().map(|c| c.matter.as_str()).collect::<BTreeSet<_>>().len() as u64,
        cases: of_cases(&cases),
        retention: retention(&rows.cohort),
        verbatims: verbatims(&of_month, &causes),
        scores,
    }
}

/// Only what lies beyond chance.
fn arrow(now: Estimate, before: Estimate) -> Option<&'static str> {
    now.differs_from(&before).then_some(if now.value > before.value { "up" } else { "down" })
}

/// How many there are, and of how many it is so.
fn rate(each: impl Iterator<Item = bool>) -> Rate {
    let (mut of, mut answered) = (0, 0);
    for is_so in each {
        of += 1;
        answered += u64::from(is_so);
    }
    Rate { of, answered, rate: share(answered, of).map(Estimate::shown) }
}

fn back(visits: &[&Visited]) -> u64 {
    visits.iter().filter(|v| !v.is_comeback && v.came_back).count() as u64
}

/// Visits that were not comebacks, less those whose car came back.
fn right(visits: &[&Visited]) -> Option<Estimate> {
    let firsts = visits.iter().filter(|v| !v.is_comeback).count() as u64;
    share(firsts - back(visits), firsts).map(Estimate::shown)
}

/// The scores of some answers.
pub(in crate::reports) fn scores(answers: &[&Answered], questionnaires: &Questionnaires) -> Scores {
    let mut modes = BTreeMap::new();
    let gists: Vec<Gist> = answers
        .iter()
        .map(|a| {
            *modes.entry(a.mode.word()).or_insert(0) += 1;
            a.answers.gist(questionnaires.version(a.version).unwrap_or_else(|| questionnaires.current()))
        })
        .collect();
    let count = |is: &dyn Fn(&Gist) -> Option<bool>| {
        let said: Vec<bool> = gists.iter().filter_map(is).collect();
        (said.iter().filter(|yes| **yes).count() as u64, said.len() as u64)
    };
    let mean_of = |number: &dyn Fn(&Gist) -> Option<i64>| {
        let numbers: Vec<u64> = gists.iter().filter_map(number).filter_map(|n| u64::try_from(n).ok()).collect();
        let n = numbers.len() as u64;
        mean(as_float(numbers.iter().sum()), n).map(|value| Mean { value: hundredth(value), n })
    };
    let (satisfied, rated) = count(&|g| g.overall.map(|overall| overall >= 4));
    let (fixed, said) = count(&|g| g.fixed);
    let (promoters, recommended) = count(&|g| g.recommend.map(|score| score >= 9));
    let (detractors, _) = count(&|g| g.recommend.map(|score| score <= 6));
    let newest = answers.iter().map(|a| a.version).max().and_then(|version| questionnaires.version(version));
    Scores {
        n: answers.len() as u64,
        modes,
        csat: share(satisfied, rated).map(Estimate::shown),
        mean: mean_of(&|g| g.overall),
        nps: net_promoters(promoters, recommended - promoters - detractors, detractors).map(Estimate::shown),
        ces: mean_of(&|g| g.effort),
        index: newest.and_then(|asked| index(answers, asked)),
        said_fixed: share(fixed, said).map(Estimate::shown),
        questions: newest.map(|asked| questions(answers, asked)).unwrap_or_default(),
    }
}

fn hundredth(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

/// How good the answers to a question were on average, from 0 to 1.
fn merit(answers: &[&Answered], asked: &Questionnaire, key: &str) -> Option<(f64, u64)> {
    let question = asked.question(key)?;
    let merits: Vec<f64> = answers.iter().filter_map(|a| question.merit(a.answers.get(key)?)).collect();
    let n = merits.len() as u64;
    mean(merits.iter().sum(), n).map(|value| (value, n))
}

/// Σ weight × mean, from 0 to 1000, and the fewest answers that a weighted question has; none while one of them has none.
fn index(answers: &[&Answered], asked: &Questionnaire) -> Option<Mean> {
    let (mut sum, mut fewest) = (0.0, u64::MAX);
    for question in asked.questions.iter().filter(|question| question.weight > 0) {
        let (value, n) = merit(answers, asked, &question.key)?;
        sum += f64::from(question.weight) * value;
        fewest = fewest.min(n);
    }
    Some(Mean { value: tenth(10.0 * sum), n: fewest })
}

fn questions(answers: &[&Answered], asked: &Questionnaire) -> BTreeMap<String, Mean> {
    let of = |question: &crate::surveys::questionnaire::Question| {
        let (merit, n) = merit(answers, asked, &question.key)?;
        let width = as_float(u64::try_from(question.to - question.from).unwrap_or_default());
        let from = as_float(u64::try_from(question.from).unwrap_or_default());
        let value = if question.kind == Kind::YesNo { tenth(100.0 * merit) } else { hundredth(from + width * merit) };
        Some((question.key.clone(), Mean { value, n }))
    };
    asked.questions.iter().filter_map(of).collect()
}

fn advisors(answers: &[&Answered], visits: &[&Visited], questionnaires: &Questionnaires) -> Vec<Advisor> {
    let mut names: BTreeMap<&str, Option<&str>> = BTreeMap::new();
    names.extend(visits.iter().filter_map(|v| Some((v.advisor.as_deref()?, v.advisor_name.as_deref()))));
    names.extend(answers.iter().filter_map(|a| Some((a.advisor.as_deref()?, a.advisor_name.as_deref()))));
    let mut rows: Vec<Advisor> = names
        .into_iter()
        .map(|(reference, name)| {
            let theirs = |of: &Option<String>| of.as_deref() == Some(reference);
            let answers: Vec<&Answered> = answers.iter().copied().filter(|a| theirs(&a.advisor)).collect();
            let visits: Vec<&Visited> = visits.iter().copied().filter(|v| theirs(&v.advisor)).collect();
            Advisor {
                reference: reference.to_owned(),
                name: name.map(str::to_owned),
                rank: None,
                scores: scores(&answers, questionnaires),
                visits: visits.len() as u64,
                first_time_right: right(&visits),
            }
        })
        .collect();
    rank(&mut rows);
    rows
}

/// The same CSAT is the same place; the next place counts everybody before it.
fn rank(rows: &mut [Advisor]) {
    let csat = |row: &Advisor| row.scores.csat.filter(|csat| csat.n >= RANKED_FROM).map(|csat| csat.value);
    let values: Vec<f64> = rows.iter().filter_map(csat).collect();
    if values.len() < 2 {
        return;
    }
    for row in rows {
        row.rank = csat(row).map(|own| 1 + values.iter().filter(|other| **other > own).count() as u64);
    }
}

fn service_types(answers: &[&Answered], visits: &[&Visited], questionnaires: &Questionnaires) -> Vec<Group> {
    let named = |name: &Option<String>| name.clone().unwrap_or_else(|| "other".to_owned());
    let names: BTreeSet<String> =
        visits.iter().map(|v| named(&v.service_type)).chain(answers.iter().map(|a| named(&a.service_type))).collect();
    let group = |name: String| {
        let answers: Vec<&Answered> = answers.iter().copied().filter(|a| named(&a.service_type) == name).collect();
        let visits: Vec<&Visited> = visits.iter().copied().filter(|v| named(&v.service_type) == name).collect();
        Group {
            scores: scores(&answers, questionnaires),
            visits: visits.len() as u64,
            first_time_right: right(&visits),
            name,
        }
    };
    names.into_iter().map(group).collect()
}

/// Each cause once for each matter, however many people named it; the most frequent first.
fn counted(rows: &[&CauseRow]) -> Vec<Counted> {
    let named: BTreeSet<(Cause, &str)> = rows.iter().map(|row| (row.cause, row.matter.as_str())).collect();
    let mut counts: BTreeMap<Cause, u64> = BTreeMap::new();
    for (cause, _) in named {
        *counts.entry(cause).or_default() += 1;
    }
    let mut counted: Vec<Counted> = counts.into_iter().map(|(cause, n)| Counted { cause, n }).collect();
    counted.sort_by_key(|one| (std::cmp::Reverse(one.n), one.cause));
    counted
}

fn of_cases(rows: &[&CaseRow]) -> Cases {
    let hot: Vec<&&CaseRow> = rows.iter().filter(|row| row.severity == Severity::Hot).collect();
    let in_time = hot.iter().filter(|row| row.resolved_at.is_some_and(|at| at <= row.resolve_by)).count() as u64;
    Cases {
        hot: hot.len() as u64,
        soft: (rows.len() - hot.len()) as u64,
        escalated: rows.iter().filter(|row| row.escalation > 0).count() as u64,
        closed_in_time: share(in_time, hot.len() as u64).map(Estimate::shown),
    }
}

/// The cohort by bands, the happiest first.
pub(super) fn retention(cohort: &[Cohort]) -> Vec<Band> {
    let band_of = |overall: Option<i64>| match overall {
        Some(4..) => "satisfied",
        Some(3) => "neutral",
        Some(_) => "dissatisfied",
        None => "silent",
    };
    let band = |band| {
        let members: Vec<&Cohort> = cohort.iter().filter(|member| band_of(member.overall) == band).collect();
        let returned = members.iter().filter(|member| member.came_again).count() as u64;
        let customers = members.len() as u64;
        Band { band, customers, returned, share: share(returned, customers).map(Estimate::shown) }
    };
    if cohort.is_empty() { Vec::new() } else { ["satisfied", "neutral", "dissatisfied", "silent"].map(band).to_vec() }
}

fn verbatims(answers: &[&Answered], causes: &[&CauseRow]) -> Vec<Verbatim> {
    let mut causes_of: HashMap<&str, BTreeSet<Cause>> = HashMap::new();
    for row in causes {
        causes_of.entry(&row.matter).or_default().insert(row.cause);
    }
    let mut all: Vec<Verbatim> = answers
        .iter()
        .filter_map(|a| {
            let of = causes_of.get(a.survey.as_str()).cloned().unwrap_or_default();
            Some(Verbatim {
                response: a.id.to_string(),
                repair_order: a.repair_order.clone(),
                advisor: a.advisor.clone(),
                mode: a.mode.word(),
                overall: a.overall,
                comment: a.comment.clone()?,
                causes: of.into_iter().map(Cause::word).collect(),
            })
        })
        .collect();
    all.sort_by(|a, b| a.overall.unwrap_or(6).cmp(&b.overall.unwrap_or(6)).then_with(|| a.response.cmp(&b.response)));
    all
}
