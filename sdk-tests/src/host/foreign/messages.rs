//! The arguments and results of Envoy's foreign functions, with the numbers that the descriptors in
//! Envoy 1.40 have (`source/extensions/common/wasm/ext/*.proto`).

use prost::{Enumeration, Message};

/// How the value of a declared property is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enumeration)]
#[repr(i32)]
pub(super) enum WasmType {
    Bytes = 0,
    String = 1,
    FlatBuffers = 2,
    Protobuf = 3,
}

/// How long an object in the filter state lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enumeration)]
#[repr(i32)]
pub(super) enum LifeSpan {
    FilterChain = 0,
    DownstreamRequest = 1,
    DownstreamConnection = 2,
}

#[derive(Message)]
pub(super) struct DeclarePropertyArguments {
    #[prost(string, tag = "1")]
    pub(super) name: String,
    #[prost(bool, tag = "2")]
    pub(super) readonly: bool,
    #[prost(enumeration = "WasmType", tag = "3")]
    pub(super) r#type: i32,
    #[prost(bytes = "vec", tag = "4")]
    pub(super) schema: Vec<u8>,
    #[prost(enumeration = "LifeSpan", tag = "5")]
    pub(super) span: i32,
}

#[derive(Message)]
pub(super) struct SetEnvoyFilterStateArguments {
    #[prost(string, tag = "1")]
    pub(super) path: String,
    #[prost(string, tag = "2")]
    pub(super) value: String,
    #[prost(enumeration = "LifeSpan", tag = "3")]
    pub(super) span: i32,
}

#[derive(Message)]
pub(super) struct VerifySignatureArguments {
    #[prost(string, tag = "1")]
    pub(super) hash_function: String,
    #[prost(bytes = "vec", tag = "2")]
    pub(super) public_key: Vec<u8>,
    #[prost(bytes = "vec", tag = "3")]
    pub(super) signature: Vec<u8>,
    #[prost(bytes = "vec", tag = "4")]
    pub(super) text: Vec<u8>,
    #[prost(string, tag = "5")]
    pub(super) public_key_pem: String,
}

#[derive(Message)]
pub(super) struct VerifySignatureResult {
    #[prost(bool, tag = "1")]
    pub(super) result: bool,
    #[prost(string, tag = "2")]
    pub(super) error: String,
}

#[derive(Message)]
pub(super) struct SignArguments {
    #[prost(string, tag = "1")]
    pub(super) hash_function: String,
    #[prost(bytes = "vec", tag = "2")]
    pub(super) private_key: Vec<u8>,
    #[prost(bytes = "vec", tag = "3")]
    pub(super) text: Vec<u8>,
    #[prost(string, tag = "4")]
    pub(super) private_key_pem: String,
}

#[derive(Message)]
pub(super) struct SignResult {
    #[prost(bool, tag = "1")]
    pub(super) result: bool,
    #[prost(bytes = "vec", tag = "2")]
    pub(super) signature: Vec<u8>,
    #[prost(string, tag = "3")]
    pub(super) error: String,
}
