//! The arguments and results of Envoy's foreign functions, written down from its sources.

use prost::Message;

#[derive(Message)]
pub(crate) struct Declare {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    #[prost(bool, tag = "2")]
    pub(crate) read_only: bool,
    #[prost(int32, tag = "3")]
    pub(crate) kind: i32,
    #[prost(string, tag = "4")]
    pub(crate) schema: String,
    #[prost(int32, tag = "5")]
    pub(crate) span: i32,
}

#[derive(Message)]
pub(crate) struct SetState {
    #[prost(string, tag = "1")]
    pub(crate) path: String,
    #[prost(bytes = "vec", tag = "2")]
    pub(crate) value: Vec<u8>,
    #[prost(int32, tag = "3")]
    pub(crate) span: i32,
}

#[derive(Clone, Message)]
pub(crate) struct Verify {
    #[prost(string, tag = "1")]
    pub(crate) hash: String,
    #[prost(bytes = "vec", tag = "2")]
    pub(crate) key: Vec<u8>,
    #[prost(bytes = "vec", tag = "3")]
    pub(crate) signature: Vec<u8>,
    #[prost(bytes = "vec", tag = "4")]
    pub(crate) text: Vec<u8>,
    #[prost(string, tag = "5")]
    pub(crate) pem: String,
}

#[derive(Clone, Message)]
pub(crate) struct Sign {
    #[prost(string, tag = "1")]
    pub(crate) hash: String,
    #[prost(bytes = "vec", tag = "2")]
    pub(crate) key: Vec<u8>,
    #[prost(bytes = "vec", tag = "3")]
    pub(crate) text: Vec<u8>,
    #[prost(string, tag = "4")]
    pub(crate) pem: String,
}

#[derive(Message)]
pub(crate) struct Signed {
    #[prost(bool, tag = "1")]
    pub(crate) result: bool,
    #[prost(bytes = "vec", tag = "2")]
    pub(crate) signature: Vec<u8>,
}
