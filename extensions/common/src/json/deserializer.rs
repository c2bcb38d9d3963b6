//! Any type of serde's, out of a [`Value`], with the path of what does not fit.
//!
//! There are crates for this. They wrap every visitor of every type once more, which made up a tenth
//! of a module.

use std::{cell::RefCell, fmt};

use serde::{
    de::{
        self, Deserialize, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess,
        SeqAccess, Unexpected, VariantAccess, Visitor,
    },
    forward_to_deserialize_any,
};

use super::{Object, Value};

/// What does not fit, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// The JSON path, such as `rules[1].hosts`; empty for the value itself.
    pub path: String,
    /// What was found and expected.
    pub problem: String,
}

/// Reads a `T` out of `value`.
///
/// # Errors
/// The first value that does not fit.
pub fn deserialize<'v, T: Deserialize<'v>>(value: &'v Value<'v>) -> Result<T, Misfit> {
    let track = Track::default();
    let node = Node {
        value,
        track: &track,
    };
    T::deserialize(node).map_err(|Mismatch(problem)| Misfit {
        path: track.failed.into_inner().unwrap_or_default(),
        problem,
    })
}

/// A part of a configuration that is kept as it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Tree(pub Value<'static>);

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor)
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree(Value::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree(Value::Bool(value)))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
        Ok(Tree(Value::Number(value.to_string().into())))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree(Value::Number(value.to_string().into())))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Tree, E> {
        Ok(Tree(Value::Number(value.to_string().into())))
    }

    fn visit_str<E>(self, text: &str) -> Result<Tree, E> {
        Ok(Tree(Value::String(text.to_owned().into())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Tree, A::Error> {
        let mut items = Vec::new();
        while let Some(Tree(item)) = access.next_element()? {
            items.push(item);
        }
        Ok(Tree(Value::Array(items)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Tree, A::Error> {
        let mut members = Vec::new();
        while let Some((name, Tree(value))) = access.next_entry::<String, Tree>()? {
            members.push((name.into(), value));
        }
        Ok(Tree(Value::Object(Object::from_members(members))))
    }
}

/// Where the deserialization is, and where it failed.
#[derive(Default)]
struct Track {
    path: RefCell<String>,
    failed: RefCell<Option<String>>,
}

impl Track {
    /// Does `inner` below `step`; the first failure is where it happened.
    fn below<T>(
        &self,
        step: fmt::Arguments<'_>,
        inner: impl FnOnce() -> Result<T, Mismatch>,
    ) -> Result<T, Mismatch> {
        let length = self.path.borrow().len();
        let _ = fmt::Write::write_fmt(&mut *self.path.borrow_mut(), step);
        let result = inner();
        if result.is_err() {
            let path = self.path.borrow();
            self.failed.borrow_mut().get_or_insert_with(|| path.clone());
        }
        self.path.borrow_mut().truncate(length);
        result
    }

    fn below_member<T>(
        &self,
        name: &str,
        inner: impl FnOnce() -> Result<T, Mismatch>,
    ) -> Result<T, Mismatch> {
        let is_first = self.path.borrow().is_empty();
        let dot = if is_first { "" } else { "." };
        self.below(format_args!("{dot}{name}"), inner)
    }
}

/// What serde says.
#[derive(Debug)]
struct Mismatch(String);

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Mismatch {}

impl de::Error for Mismatch {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

/// A value somewhere in the tree.
#[derive(Clone, Copy)]
struct Node<'v, 't> {
    value: &'v Value<'v>,
    track: &'t Track,
}

impl<'v> Deserializer<'v> for Node<'v, '_> {
    type Error = Mismatch;

    fn deserialize_any<V: Visitor<'v>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        match self.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Number(text) => visit_number(text, visitor),
            Value::String(text) => visitor.visit_borrowed_str(text),
            Value::Array(items) => {
                let mut access = Items {
                    rest: items.iter(),
                    next: 0,
                    track: self.track,
                };
                let value = visitor.visit_seq(&mut access)?;
                match access.rest.len() {
                    0 => Ok(value),
                    _ => Err(de::Error::invalid_length(items.len(), &"fewer items")),
                }
            }
            Value::Object(object) => visitor.visit_map(Members::of(object, self.track)),
        }
    }

    fn deserialize_option<V: Visitor<'v>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        match self.value {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'v>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'v>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        match self.value {
            Value::String(name) => visitor.visit_enum(name.as_ref().into_deserializer()),
            Value::Object(object) if object.members().len() == 1 => {
                visitor.visit_enum(Members::of(object, self.track))
            }
            _ => Err(de::Error::custom("expected a name, or an object with one")),
        }
    }

    /// Serde would also take a list of the fields' values.
    fn deserialize_struct<V: Visitor<'v>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        match self.value {
            Value::Array(_) => Err(de::Error::invalid_type(Unexpected::Seq, &visitor)),
            _ => self.deserialize_any(visitor),
        }
    }

    forward_to_deserialize_any! {
        <V: Visitor<'v>>
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map identifier ignored_any
    }
}

fn visit_number<'v, V: Visitor<'v>>(text: &str, visitor: V) -> Result<V::Value, Mismatch> {
    if let Ok(number) = text.parse() {
        return visitor.visit_u64(number);
    }
    if let Ok(number) = text.parse() {
        return visitor.visit_i64(number);
    }
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => visitor.visit_f64(number),
        _ => Err(de::Error::custom("a number that is too large")),
    }
}

struct Items<'v, 't> {
    rest: std::slice::Iter<'v, Value<'v>>,
    next: usize,
    track: &'t Track,
}

impl<'v> SeqAccess<'v> for &mut Items<'v, '_> {
    type Error = Mismatch;

    fn next_element_seed<T: DeserializeSeed<'v>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Mismatch> {
        let Some(value) = self.rest.next() else {
            return Ok(None);
        };
        let (index, track) = (self.next, self.track);
        self.next = index.saturating_add(1);
        track
            .below(format_args!("[{index}]"), || {
                seed.deserialize(Node { value, track })
            })
            .map(Some)
    }
}

struct Members<'v, 't> {
    rest: std::slice::Iter<'v, (std::borrow::Cow<'v, str>, Value<'v>)>,
    /// The member whose name was read last.
    value: Option<(&'v str, &'v Value<'v>)>,
    track: &'t Track,
}

impl<'v, 't> Members<'v, 't> {
    fn of(object: &'v Object<'v>, track: &'t Track) -> Self {
        Self {
            rest: object.members().iter(),
            value: None,
            track,
        }
    }
}

impl<'v> MapAccess<'v> for Members<'v, '_> {
    type Error = Mismatch;

    fn next_key_seed<K: DeserializeSeed<'v>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Mismatch> {
        let Some((name, value)) = self.rest.next() else {
            return Ok(None);
        };
        self.value = Some((name, value));
        let key = || seed.deserialize(de::value::BorrowedStrDeserializer::new(name));
        self.track.below_member(name, key).map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'v>>(&mut self, seed: T) -> Result<T::Value, Mismatch> {
        let (name, value) = self
            .value
            .take()
            .ok_or_else(|| de::Error::custom("a value without a name"))?;
        let track = self.track;
        track.below_member(name, || seed.deserialize(Node { value, track }))
    }
}

/// An object with one member is a variant with content.
impl<'v, 't> EnumAccess<'v> for Members<'v, 't> {
    type Error = Mismatch;
    type Variant = Content<'v, 't>;

    fn variant_seed<T: DeserializeSeed<'v>>(
        mut self,
        seed: T,
    ) -> Result<(T::Value, Self::Variant), Mismatch> {
        let variant = self.next_key_seed(seed)?;
        match (variant, self.value) {
            (Some(variant), Some((name, value))) => {
                let node = Node {
                    value,
                    track: self.track,
                };
                Ok((variant, Content { name, node }))
            }
            _ => Err(de::Error::custom("expected a variant")),
        }
    }
}

struct Content<'v, 't> {
    name: &'v str,
    node: Node<'v, 't>,
}

impl<'v> VariantAccess<'v> for Content<'v, '_> {
    type Error = Mismatch;

    fn unit_variant(self) -> Result<(), Mismatch> {
        Err(de::Error::custom("expected a name alone"))
    }

    fn newtype_variant_seed<T: DeserializeSeed<'v>>(self, seed: T) -> Result<T::Value, Mismatch> {
        let Self { name, node } = self;
        node.track.below_member(name, || seed.deserialize(node))
    }

    fn tuple_variant<V: Visitor<'v>>(self, _: usize, visitor: V) -> Result<V::Value, Mismatch> {
        let Self { name, node } = self;
        node.track
            .below_member(name, || node.deserialize_any(visitor))
    }

    fn struct_variant<V: Visitor<'v>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        let Self { name, node } = self;
        node.track
            .below_member(name, || node.deserialize_any(visitor))
    }
}
