//! The messages of an event file, as far as they are written here.
//!
//! Numbers of fields are those of `event.proto`, `summary.proto` and `tensor.proto` in TensorBoard's `compat/proto`.

use prost::{Message, Oneof};

/// `SessionLog.SessionStatus.START`.
pub(super) const SESSION_START: i32 = 1;

/// `DataType.DT_STRING`.
pub(super) const STRING: i32 = 7;

#[derive(Clone, PartialEq, Message)]
pub(super) struct Event {
    #[prost(double, tag = "1")]
    pub(super) wall_time: f64,
    #[prost(int64, tag = "2")]
    pub(super) step: i64,
    #[prost(oneof = "What", tags = "3, 5, 7")]
    pub(super) what: Option<What>,
}

#[derive(Clone, PartialEq, Oneof)]
pub(super) enum What {
    #[prost(string, tag = "3")]
    FileVersion(String),
    #[prost(message, tag = "5")]
    Summary(Summary),
    #[prost(message, tag = "7")]
    SessionLog(SessionLog),
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct SessionLog {
    #[prost(int32, tag = "1")]
    pub(super) status: i32,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Summary {
    #[prost(message, repeated, tag = "1")]
    pub(super) values: Vec<Value>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Value {
    #[prost(string, tag = "1")]
    pub(super) tag: String,
    #[prost(message, optional, tag = "9")]
    pub(super) metadata: Option<Metadata>,
    #[prost(oneof = "Datum", tags = "2, 4, 5, 8")]
    pub(super) datum: Option<Datum>,
}

#[derive(Clone, PartialEq, Oneof)]
pub(super) enum Datum {
    #[prost(float, tag = "2")]
    Simple(f32),
    #[prost(message, tag = "4")]
    Image(Image),
    #[prost(message, tag = "5")]
    Histogram(Buckets),
    #[prost(message, tag = "8")]
    Tensor(TextTensor),
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Image {
    #[prost(int32, tag = "1")]
    pub(super) height: i32,
    #[prost(int32, tag = "2")]
    pub(super) width: i32,
    #[prost(int32, tag = "3")]
    pub(super) colorspace: i32,
    #[prost(bytes = "vec", tag = "4")]
    pub(super) encoded: Vec<u8>,
}

/// `HistogramProto`: `counts[i]` values lie above `limits[i - 1]` and at or below `limits[i]`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Buckets {
    #[prost(double, tag = "1")]
    pub(super) min: f64,
    #[prost(double, tag = "2")]
    pub(super) max: f64,
    #[prost(double, tag = "3")]
    pub(super) number: f64,
    #[prost(double, tag = "4")]
    pub(super) sum: f64,
    #[prost(double, tag = "5")]
    pub(super) sum_squares: f64,
    #[prost(double, repeated, tag = "6")]
    pub(super) limits: Vec<f64>,
    #[prost(double, repeated, tag = "7")]
    pub(super) counts: Vec<f64>,
}

/// `TensorProto` of one string.
#[derive(Clone, PartialEq, Message)]
pub(super) struct TextTensor {
    #[prost(int32, tag = "1")]
    pub(super) dtype: i32,
    #[prost(message, optional, tag = "2")]
    pub(super) shape: Option<Shape>,
    #[prost(bytes = "vec", repeated, tag = "8")]
    pub(super) strings: Vec<Vec<u8>>,
}

/// `TensorShapeProto` without axes: a scalar.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Shape {}

/// `SummaryMetadata`: which part of TensorBoard shows the value.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Metadata {
    #[prost(message, optional, tag = "1")]
    pub(super) plugin: Option<Plugin>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Plugin {
    #[prost(string, tag = "1")]
    pub(super) name: String,
}
