//! Builds the engine's values, without a text in between.

use std::{collections::BTreeMap, rc::Rc};

use regorus::Value;

use super::sink::Sink;

/// The names that every document has: made once, since each is an allocation.
#[derive(Default)]
pub(crate) struct Names {
    known: Vec<(&'static str, Value)>,
    /// Where the last one was. Documents have them in nearly the same order.
    last: usize,
}

/// More than there are.
const MAX_NAMES: usize = 100;

impl Names {
    fn get(&mut self, name: &'static str) -> Value {
        let (before, after) = self.known.split_at_checked(self.last).unwrap_or_default();
        let mut places = (self.last..).zip(after).chain((0..).zip(before));
        if let Some((place, (_, value))) = places.find(|(_, (known, _))| *known == name) {
            let value = value.clone();
            self.last = place.saturating_add(1);
            return value;
        }
        let value = Value::from(name);
        if self.known.len() < MAX_NAMES {
            self.known.push((name, value.clone()));
            self.last = self.known.len();
        }
        value
    }
}

/// A document in the making.
pub(super) struct Values<'a> {
    names: &'a mut Names,
    /// The objects and lists that have not ended, the outermost first.
    open: Vec<Open>,
    whole: Value,
    problem: Option<anyhow::Error>,
}

enum Open {
    /// With the name of the value that comes next.
    Object(BTreeMap<Value, Value>, Value),
    List(Vec<Value>),
}

impl<'a> Values<'a> {
    pub(super) fn new(names: &'a mut Names) -> Self {
        names.last = 0;
        Self {
            names,
            open: Vec::with_capacity(8),
            whole: Value::Undefined,
            problem: None,
        }
    }

    fn put(&mut self, value: Value) {
        match self.open.last_mut() {
            // Of several values for one name the last counts, as it does for who reads a text.
            Some(Open::Object(object, name)) => {
                object.insert(std::mem::replace(name, Value::Undefined), value);
            }
            Some(Open::List(list)) => list.push(value),
            None => self.whole = value,
        }
    }

    fn set_name(&mut self, value: Value) {
        if let Some(Open::Object(_, name)) = self.open.last_mut() {
            *name = value;
        }
    }

    fn close(&mut self) {
        match self.open.pop() {
            // `object.into()` would copy the entries into a form that is smaller, and no faster.
            Some(Open::Object(object, _)) => self.put(Value::Object(Rc::new(object.into()))),
            Some(Open::List(list)) => self.put(list.into()),
            None => {}
        }
    }

    pub(super) fn into_value(self) -> anyhow::Result<Value> {
        match self.problem {
            Some(problem) => Err(problem),
            None => Ok(self.whole),
        }
    }
}

impl Sink for Values<'_> {
    fn object(&mut self, is_open: bool) {
        match is_open {
            true => {
                let object = Open::Object(BTreeMap::new(), Value::Undefined);
                self.open.push(object);
            }
            false => self.close(),
        }
    }

    fn list(&mut self, is_open: bool) {
        match is_open {
            true => self.open.push(Open::List(Vec::new())),
            false => self.close(),
        }
    }

    fn field(&mut self, name: &'static str) {
        let name = self.names.get(name);
        self.set_name(name);
    }

    fn name(&mut self, name: &str) {
        self.set_name(name.into());
    }

    fn text(&mut self, text: &str) {
        self.put(text.into());
    }

    fn number(&mut self, number: u64) {
        self.put(number.into());
    }

    fn boolean(&mut self, value: bool) {
        self.put(value.into());
    }

    fn json(&mut self, json: &str) {
        match json {
            "null" => self.put(Value::Null),
            json => match Value::from_json_str(json) {
                Ok(value) => self.put(value),
                Err(problem) => self.problem = Some(problem),
            },
        }
    }
}
