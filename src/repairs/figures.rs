//! What the operating standards count on repair orders: signatures, the car's condition, sold and clocked hours. Pure.
use serde::Serialize;

/// A repair order that lacks something on paper.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub struct Paper {
    /// The sender's ref.
    pub reference: String,
    pub signed: Option<bool>,
    pub condition_recorded: Option<bool>,
}

/// How many orders lack what, for the daily digest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Papers {
    /// Told to be not signed (seed §1: 所有的维修工单都经由客户签署).
    pub unsigned: usize,
    /// Without a record of the car's condition (seed §1: 所有车辆必须清楚验收).
    pub without_condition: usize,
}

impl Papers {
    pub fn of(papers: &[Paper]) -> Self {
        Self {
            unsigned: papers.iter().filter(|paper| paper.signed == Some(false)).count(),
            without_condition: papers.iter().filter(|paper| paper.condition_recorded != Some(true)).count(),
        }
    }
}

/// Labour efficiency: hours sold for each hour clocked. `None` when nothing was clocked.
pub fn efficiency(hours: impl IntoIterator<Item = (f64, f64)>) -> Option<f64> {
    let (sold, clocked) = hours.into_iter().fold((0.0, 0.0), |(s, c), (sold, clocked)| (s + sold, c + clocked));
    (clocked > 0.0).then(|| sold / clocked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acceptance_41_eight_hours_clocked_on_six_sold_are_75_percent() {
        assert_eq!(efficiency([(6.0, 8.0)]), Some(0.75));
        assert_eq!(efficiency([(2.0, 3.0), (4.0, 5.0)]), Some(0.75), "of the sums, not the mean of the quotients");
        assert_eq!(efficiency([(2.0, 0.0)]), None);
    }

    #[test]
    fn what_nobody_says_is_not_unsigned_but_a_condition_nobody_recorded_is_missing() {
        let paper = |signed, condition_recorded| Paper { reference: "R".to_owned(), signed, condition_recorded };
        let papers = [paper(Some(false), Some(true)), paper(None, None), paper(Some(true), Some(false))];
        assert_eq!(Papers::of(&papers), Papers { unsigned: 1, without_condition: 2 });
    }
}
