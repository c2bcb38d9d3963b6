//! Reads conditions. It gives up on whatever it does not know: the host reads that.

mod literal;
mod words;

use extension_common::vocabulary::{self, Token};

use super::{Comparison, Condition, Literal, Question};
use crate::{attribute::Attribute, config::Phase, pattern::Pattern};

/// Deeper conditions are the host's, which has a limit of its own.
const MAX_DEPTH: u32 = 64;

pub(super) fn condition(source: &str, phase: Phase) -> Option<Condition> {
    let tokens = vocabulary::tokens(source);
    let mut parser = Parser::new(&tokens, phase);
    let condition = parser.either()?;
    parser.skip_space();
    parser.rest.is_empty().then_some(condition)
}

pub(super) fn attribute(source: &str, phase: Phase) -> Option<Attribute> {
    let tokens = vocabulary::tokens(source);
    let mut parser = Parser::new(&tokens, phase);
    let Operand::Attribute(attribute) = parser.operand()? else {
        return None;
    };
    parser.skip_space();
    (parser.rest.is_empty() && attribute.is_known_in(phase)).then_some(attribute)
}

pub(super) fn patterns(source: &str) -> Vec<String> {
    let tokens = vocabulary::tokens(source);
    let mut parser = Parser::new(&tokens, Phase::default());
    let mut patterns = Vec::new();
    while let [token, rest @ ..] = parser.rest {
        parser.rest = rest;
        let is_call = matches!(token, Token::Name(name) if name == "matches") && parser.take("(");
        if is_call && let Some((_, written)) = parser.written_text() {
            patterns.push(written);
        }
    }
    patterns
}

struct Parser<'a> {
    rest: &'a [Token],
    phase: Phase,
    depth: u32,
}

/// A side of a comparison.
enum Operand {
    Attribute(Attribute),
    /// `request.headers`.
    Headers(String),
    Literal(Literal),
    Bool(bool),
    List(Vec<Literal>),
}

/// What stands behind a value and makes it a condition.
enum Operator {
    Comparison(Comparison),
    In,
}

impl<'a> Parser<'a> {
    fn new(tokens: &'a [Token], phase: Phase) -> Self {
        Self {
            rest: tokens,
            phase,
            depth: 0,
        }
    }

    fn either(&mut self) -> Option<Condition> {
        self.depth = self.depth.checked_add(1).filter(|d| *d <= MAX_DEPTH)?;
        let mut sides = vec![self.both()?];
        while self.take("||") {
            sides.push(self.both()?);
        }
        self.depth = self.depth.checked_sub(1)?;
        Some(joined(sides, Condition::Or))
    }

    fn both(&mut self) -> Option<Condition> {
        let mut sides = vec![self.single()?];
        while self.take("&&") {
            sides.push(self.single()?);
        }
        Some(joined(sides, Condition::And))
    }

    fn single(&mut self) -> Option<Condition> {
        if self.take("!") {
            self.depth = self.depth.checked_add(1).filter(|d| *d <= MAX_DEPTH)?;
            // It binds more closely than a comparison.
            let inner = self.negated()?;
            self.depth = self.depth.checked_sub(1)?;
            return (!self.operator_follows()).then(|| Condition::Not(Box::new(inner)));
        }
        if self.take("(") {
            return self.parenthesis();
        }
        let left = self.operand_or_call()?;
        let left = match left {
            Call::Condition(condition) => {
                return (!self.operator_follows()).then_some(condition);
            }
            Call::Operand(operand) => operand,
        };
        match self.operator() {
            Some(operator) => {
                let right = self.operand()?;
                let condition = self.compared(left, operator, right)?;
                (!self.operator_follows()).then_some(condition)
            }
            None => match left {
                Operand::Bool(truth) => Some(Condition::Always(truth)),
                // A value that is no bool.
                _ => None,
            },
        }
    }

    fn parenthesis(&mut self) -> Option<Condition> {
        let inner = self.either()?;
        (self.take(")") && !self.operator_follows()).then_some(inner)
    }

    /// What a `!` may stand before.
    fn negated(&mut self) -> Option<Condition> {
        if self.take("!") {
            self.depth = self.depth.checked_add(1).filter(|d| *d <= MAX_DEPTH)?;
            let inner = self.negated()?;
            self.depth = self.depth.checked_sub(1)?;
            return Some(Condition::Not(Box::new(inner)));
        }
        if self.take("(") {
            return self.parenthesis();
        }
        match self.operand_or_call()? {
            Call::Condition(condition) => Some(condition),
            Call::Operand(Operand::Bool(truth)) => Some(Condition::Always(truth)),
            Call::Operand(_) => None,
        }
    }

    fn compared(&self, left: Operand, operator: Operator, right: Operand) -> Option<Condition> {
        let (attribute, question) = match (left, operator, right) {
            (Operand::Attribute(a), Operator::Comparison(c), Operand::Literal(l)) => {
                (a, Question::Compare(c, l))
            }
            (Operand::Literal(l), Operator::Comparison(c), Operand::Attribute(a)) => {
                (a, Question::Compare(c.flipped(), l))
            }
            (Operand::Attribute(a), Operator::In, Operand::List(list)) => {
                (a, Question::OneOf(list))
            }
            (Operand::Literal(Literal::Text(name)), Operator::In, Operand::Headers(object)) => {
                (Attribute::header(&object, &name)?, Question::Exists)
            }
            _ => return None,
        };
        self.test(attribute, question)
    }

    fn test(&self, attribute: Attribute, question: Question) -> Option<Condition> {
        attribute
            .is_known_in(self.phase)
            .then_some(Condition::Test(attribute, question))
    }

    fn operand(&mut self) -> Option<Operand> {
        match self.operand_or_call()? {
            Call::Operand(operand) => Some(operand),
            Call::Condition(_) => None,
        }
    }

    fn operand_or_call(&mut self) -> Option<Call> {
        if let Some(text) = self.text() {
            return Some(Call::Operand(Operand::Literal(Literal::Text(text))));
        }
        if let Some(number) = self.number() {
            return Some(Call::Operand(Operand::Literal(Literal::Number(number))));
        }
        if self.take("[") {
            return self.list().map(|list| Call::Operand(Operand::List(list)));
        }
        let name = self.name()?;
        match name.as_str() {
            "true" => Some(Call::Operand(Operand::Bool(true))),
            "false" => Some(Call::Operand(Operand::Bool(false))),
            "has" if self.take("(") => {
                let operand = self.selected()?;
                let Operand::Attribute(attribute) = operand else {
                    return None;
                };
                let condition = self.test(attribute, Question::Exists)?;
                self.take(")").then_some(Call::Condition(condition))
            }
            "request" | "response" => self.attribute_or_call(&name),
            _ => None,
        }
    }

    /// The argument of `has`: a field of something, never an index.
    fn selected(&mut self) -> Option<Operand> {
        let object = self.name()?;
        let field = self.take(".").then(|| self.name())??;
        let attribute = match field.as_str() {
            "headers" => {
                let name = self.take(".").then(|| self.name())??;
                Attribute::header(&object, &name)?
            }
            field => Attribute::field(&object, field)?,
        };
        Some(Operand::Attribute(attribute))
    }

    fn attribute_or_call(&mut self, object: &str) -> Option<Call> {
        let field = self.take(".").then(|| self.name())??;
        let attribute = match field.as_str() {
            "headers" if self.take("[") => {
                let name = self.text()?;
                self.take("]").then(|| Attribute::header(object, &name))??
            }
            "headers" if self.take(".") => Attribute::header(object, &self.name()?)?,
            "headers" => return Some(Call::Operand(Operand::Headers(object.to_owned()))),
            field => Attribute::field(object, field)?,
        };
        if !self.take(".") {
            return Some(Call::Operand(Operand::Attribute(attribute)));
        }
        let function = self.name()?;
        if !attribute.is_text() || !self.take("(") {
            return None;
        }
        let argument = self.text()?;
        let question = match function.as_str() {
            "startsWith" => Question::StartsWith(argument),
            "endsWith" => Question::EndsWith(argument),
            "contains" => Question::Contains(argument),
            "matches" => Question::Matches(Pattern::compile(&argument)?),
            _ => return None,
        };
        let condition = self.test(attribute, question)?;
        self.take(")").then_some(Call::Condition(condition))
    }
}

/// One side is itself.
fn joined(mut sides: Vec<Condition>, operator: fn(Vec<Condition>) -> Condition) -> Condition {
    match sides.pop() {
        Some(only) if sides.is_empty() => only,
        Some(last) => {
            sides.push(last);
            operator(sides)
        }
        None => Condition::Always(true),
    }
}

/// A value, or something that is a condition already.
enum Call {
    Operand(Operand),
    Condition(Condition),
}
