//! The reader of times and conditions: recursive descent with a bound on its depth.
use super::{Comparison, Condition, Flag, GrammarError, Moment, Time, duration};
use crate::notices::SubjectKind;

/// How deep `min(…)`, `(…)` and `not` may nest.
const DEPTH: usize = 8;

pub(super) struct Parser<'a> {
    rest: &'a str,
    subject: SubjectKind,
}

impl<'a> Parser<'a> {
    pub(super) fn new(text: &'a str, subject: SubjectKind) -> Self {
        Self { rest: text, subject }
    }
    /// The next word or sign without taking it; empty at the end.
    fn peek(&mut self) -> &'a str {
        self.rest = self.rest.trim_start();
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let word = self.rest.find(|c| !is_word(c)).unwrap_or(self.rest.len());
        let length = match word {
            0 if self.rest.starts_with("<=") || self.rest.starts_with(">=") => 2,
            0 => self.rest.chars().next().map_or(0, char::len_utf8),
            word => word,
        };
        &self.rest[..length]
    }
    fn take(&mut self) -> &'a str {
        let token = self.peek();
        self.rest = &self.rest[token.len()..];
        token
    }
    fn takes(&mut self, token: &str) -> bool {
        let found = self.peek() == token;
        if found {
            self.take();
        }
        found
    }
    fn expect(&mut self, token: &'static str) -> Result<(), GrammarError> {
        if self.takes(token) { Ok(()) } else { Err(self.expected(token)) }
    }
    fn expected(&mut self, what: &'static str) -> GrammarError {
        let found = self.peek();
        GrammarError::Expected(what, if found.is_empty() { "the end" } else { found }.into())
    }
    pub(super) fn end(&mut self) -> Result<(), GrammarError> {
        if self.peek().is_empty() { Ok(()) } else { Err(self.expected("the end")) }
    }

    pub(super) fn time(&mut self, depth: usize) -> Result<Time, GrammarError> {
        if depth > DEPTH {
            return Err(GrammarError::TooDeep);
        }
        let mut time = match self.peek() {
            word @ ("min" | "max") => {
                self.take();
                self.expect("(")?;
                let mut times = vec![self.time(depth + 1)?];
                while self.takes(",") {
                    times.push(self.time(depth + 1)?);
                }
                self.expect(")")?;
                if word == "min" { Time::Earliest(times) } else { Time::Latest(times) }
            }
            _ => Time::At(self.fact(Moment::ALL, Moment::text, Moment::is_of)?),
        };
        // `a - b` with a time behind the sign is a difference, which belongs to a condition.
        while let sign @ ("+" | "-") = self.peek() {
            let before = self.rest;
            self.take();
            if !self.peek().starts_with(|c: char| c.is_ascii_digit()) {
                if sign == "+" {
                    return Err(self.expected("a duration"));
                }
                self.rest = before;
                break;
            }
            let by = duration(self.take())?;
            time = Time::Shifted(Box::new(time), if sign == "-" { -by } else { by });
        }
        Ok(time)
    }

    pub(super) fn condition(&mut self, depth: usize) -> Result<Condition, GrammarError> {
        if depth > DEPTH {
            return Err(GrammarError::TooDeep);
        }
        let mut any = vec![self.all(depth)?];
        while self.takes("or") {
            any.push(self.all(depth)?);
        }
        Ok(if any.len() == 1 { any.remove(0) } else { Condition::Any(any) })
    }
    fn all(&mut self, depth: usize) -> Result<Condition, GrammarError> {
        let mut all = vec![self.term(depth)?];
        while self.takes("and") {
            all.push(self.term(depth)?);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Condition::All(all) })
    }
    fn term(&mut self, depth: usize) -> Result<Condition, GrammarError> {
        if depth > DEPTH {
            return Err(GrammarError::TooDeep);
        }
        if self.takes("not") {
            return Ok(Condition::Not(Box::new(self.term(depth + 1)?)));
        }
        if self.takes("(") {
            let inner = self.condition(depth + 1)?;
            self.expect(")")?;
            return Ok(inner);
        }
        let word = self.peek();
        if Flag::ALL.iter().any(|flag| flag.text() == word) {
            return Ok(Condition::Is(self.fact(Flag::ALL, Flag::text, Flag::is_of)?));
        }
        let later = self.time(depth + 1)?;
        self.expect("-")?;
        let earlier = self.time(depth + 1)?;
        let by = match self.peek() {
            "<" => Comparison::Less,
            "<=" => Comparison::AtMost,
            ">" => Comparison::More,
            ">=" => Comparison::AtLeast,
            _ => return Err(self.expected("<, <=, > or >=")),
        };
        self.take();
        let than = duration(self.take())?;
        Ok(Condition::Compare { later, earlier, by, than })
    }

    /// A named fact, refused when the subject has none of that name.
    fn fact<F: Copy>(
        &mut self,
        all: &[F],
        text: fn(F) -> &'static str,
        is_of: fn(F, SubjectKind) -> bool,
    ) -> Result<F, GrammarError> {
        let word = self.peek();
        if !word.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return Err(self.expected("the name of a fact"));
        }
        let known = || all.iter().copied().filter(|fact| is_of(*fact, self.subject));
        let Some(fact) = known().find(|fact| text(*fact) == word) else {
            let names: Vec<_> = known().map(text).collect();
            return Err(GrammarError::UnknownFact(word.into(), self.subject, names.join(", ").into()));
        };
        self.take();
        Ok(fact)
    }
}
