//! Properties as values of expressions, and the results of expressions as values of properties.

use cel::ExecutionError;
use cel::common::traits::{Container, Indexer, Iterable, Iterator as Keys, Sizer};
use cel::common::types::{
    CelBool, CelBytes, CelDouble, CelDuration, CelInt, CelList, CelMap, CelNull, CelString,
    CelTimestamp, CelUInt, MAP_TYPE, Type,
};
use cel::common::value::{CowVal, StaticVal, Val};

use crate::host::Status;
use crate::host::properties::{Value, joined};

/// A property with something below it: it is looked up as Envoy looks it up.
#[derive(Clone, Debug)]
pub(super) struct Attribute {
    value: Value,
    /// What a list of its keys has.
    keys: Vec<CelString<'static>>,
}

/// A property as a value of an expression. Text that is not UTF-8 loses what is not: the crate's
/// text cannot hold it.
pub(super) fn val(value: Value) -> Box<dyn Val> {
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    match value {
        Value::Null => Box::new(CelNull),
        Value::Bool(value) => Box::new(CelBool::from(value)),
        Value::Int(value) => Box::new(CelInt::from(value)),
        Value::Uint(value) => Box::new(CelUInt::from(value)),
        Value::Double(value) => Box::new(CelDouble::from(value)),
        Value::String(bytes) => Box::new(CelString::from(text(bytes))),
        Value::Bytes(bytes) => Box::new(CelBytes::from(bytes)),
        Value::Duration(nanoseconds) => Box::new(CelDuration::from(chrono::Duration::nanoseconds(
            nanoseconds,
        ))),
        Value::Timestamp(nanoseconds) => {
            let time = chrono::DateTime::from_timestamp_nanos(nanoseconds);
            Box::new(CelTimestamp::from(time.fixed_offset()))
        }
        Value::List(values) => {
            let values: Vec<_> = values.into_iter().map(val).collect();
            Box::new(CelList::from(values))
        }
        value => Box::new(Attribute::new(value)),
    }
}

/// The result of an expression as a value of a property.
///
/// # Errors
///
/// `SerializationFailure`: it is a type, or something else that no property can be.
pub(super) fn value(val: &dyn Val) -> Result<Value, Status> {
    macro_rules! plain {
        ($($from:ty => $to:expr),* $(,)?) => {
            $(
                if let Some(value) = val.downcast_ref::<$from>() {
                    return Ok($to(value.inner().to_owned().into()));
                }
            )*
        };
    }
    plain! {
        CelBool => Value::Bool,
        CelInt => Value::Int,
        CelUInt => Value::Uint,
        CelDouble => Value::Double,
        CelBytes => Value::Bytes,
    }
    if let Some(text) = val.downcast_ref::<CelString<'_>>() {
        return Ok(Value::text(text.inner()));
    }
    if let Some(duration) = val.downcast_ref::<CelDuration>() {
        let nanoseconds = duration.inner().num_nanoseconds();
        return nanoseconds
            .map(Value::Duration)
            .ok_or(Status::SerializationFailure);
    }
    if let Some(time) = val.downcast_ref::<CelTimestamp>() {
        let nanoseconds = time.inner().timestamp_nanos_opt();
        return nanoseconds
            .map(Value::Timestamp)
            .ok_or(Status::SerializationFailure);
    }
    if let Some(attribute) = val.downcast_ref::<Attribute>() {
        return Ok(attribute.value.clone());
    }
    if let Some(list) = val.downcast_ref::<CelList<'_>>() {
        let values = list.inner().iter().map(|entry| value(entry.as_ref()));
        return Ok(Value::List(values.collect::<Result<_, _>>()?));
    }
    if let Some(map) = val.downcast_ref::<CelMap<'_>>() {
        let mut entries = Vec::new();
        for (key, entry) in map.inner() {
            entries.push((value(key.inner())?, value(entry.as_ref())?));
        }
        // The crate has no order of its own.
        entries.sort_by_cached_key(|(key, _)| key.serialize().unwrap_or_default());
        return Ok(Value::Map(entries));
    }
    match val.downcast_ref::<CelNull>() {
        Some(_) => Ok(Value::Null),
        None => Err(Status::SerializationFailure),
    }
}

impl Attribute {
    fn new(value: Value) -> Self {
        let key = |key: &Value| match key {
            Value::String(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
            _ => None,
        };
        let keys: Vec<String> = match &value {
            Value::Headers(headers) => joined(headers).into_iter().map(|(name, _)| name).collect(),
            Value::Map(entries) => entries.iter().filter_map(|(name, _)| key(name)).collect(),
            _ => Vec::new(),
        };
        Self {
            value,
            keys: keys.into_iter().map(CelString::from).collect(),
        }
    }

    fn child(&self, key: &dyn Val) -> Option<Value> {
        let name = key.downcast_ref::<CelString<'_>>()?;
        self.value.child(name.inner().as_bytes())
    }
}

impl Val for Attribute {
    fn get_type(&self) -> &Type {
        &MAP_TYPE
    }

    fn cel_type() -> &'static Type {
        &MAP_TYPE
    }

    fn as_container(&self) -> Option<&dyn Container> {
        Some(self)
    }

    fn as_indexer<'b, 'v>(&'b self) -> Option<&'b (dyn Indexer + 'v)>
    where
        Self: 'v,
    {
        Some(self)
    }

    fn into_indexer<'v>(self: Box<Self>) -> Option<Box<dyn Indexer + 'v>>
    where
        Self: 'v,
    {
        Some(self)
    }

    fn as_iterable<'b, 'v>(&'b self) -> Option<&'b (dyn Iterable + 'v)>
    where
        Self: 'v,
    {
        let listed = matches!(
            self.value,
            Value::Headers(_) | Value::Map(_) | Value::Object(_)
        );
        listed.then_some(self)
    }

    fn as_sizer(&self) -> Option<&dyn Sizer> {
        let message = matches!(self.value, Value::Message(..) | Value::Opaque);
        (!message).then_some(self)
    }

    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v>
    where
        Self: 'v,
    {
        Box::new(self.clone())
    }

    fn as_any(&self) -> Option<&dyn std::any::Any> {
        Some(self)
    }
}

impl StaticVal for Attribute {}

impl Container for Attribute {
    fn contains(&self, key: &dyn Val) -> Result<bool, ExecutionError> {
        Ok(self.child(key).is_some())
    }
}

impl Indexer for Attribute {
    fn get<'b, 'v>(&'b self, key: &dyn Val) -> Result<CowVal<'b, 'v>, ExecutionError>
    where
        Self: 'v,
    {
        let child = self.child(key);
        let child = child.ok_or_else(|| ExecutionError::no_such_key(&format!("{key:?}")))?;
        Ok(CowVal::Owned(val(child)))
    }

    fn steal<'v>(self: Box<Self>, key: &dyn Val) -> Result<Box<dyn Val + 'v>, ExecutionError>
    where
        Self: 'v,
    {
        self.get(key).map(CowVal::into_owned)
    }
}

struct Names<'b>(std::slice::Iter<'b, CelString<'static>>);

impl<'b, 'v> Keys<'b, 'v> for Names<'b> {
    fn next(&mut self) -> Option<&'b (dyn Val + 'v)> {
        self.0.next().map(|name| name as &(dyn Val + 'v))
    }
}

impl Iterable for Attribute {
    fn iter<'b, 'v>(&'b self) -> Box<dyn Keys<'b, 'v> + 'b>
    where
        Self: 'v,
    {
        Box::new(Names(self.keys.iter()))
    }
}

impl Sizer for Attribute {
    fn size(&self) -> CelInt {
        i64::try_from(self.keys.len()).unwrap_or(i64::MAX).into()
    }
}
