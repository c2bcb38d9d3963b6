//! What moves a stream: going on, ending, replying; contexts and timers.

use super::phases::*;
use super::{cross, everywhere, with_numbers};
use crate::case::Case;

/// In every phase of a stream and of the root context.
const CONTEXTS: &[&str] = &[
    "set_effective_context 0; get_header_map_value 0 x-a",
    "set_effective_context 99999999; get_header_map_value 0 x-a",
    "done",
];

const OF_STREAM: &[&str] = &[
    "set_effective_context self; get_header_map_value 0 x-a",
    "set_effective_context root; get_header_map_value 0 x-a; get_header_map_value 6 x-a; \
     get_buffer_bytes 0 0 100",
    "set_effective_context self+1; get_header_map_value 0 x-a",
    "set_tick_period_milliseconds 0",
    "set_effective_context root; set_tick_period_milliseconds 0",
];

const REPLY: &str = "send_local_response 418 details teapot map:x-l=1 -1";

/// Replies of all sorts.
const REPLIES: &[&str] = &[
    "send_local_response 200 '' '' '' -1",
    "send_local_response 204 '' '' '' -1",
    "send_local_response 204 '' body '' -1",
    "send_local_response 304 '' '' '' -1",
    "send_local_response 304 '' body '' -1",
    "send_local_response 500 '' body map:content-type=text/html -1",
    "send_local_response 403 '' body map:content-length=1 -1",
    "send_local_response 403 '' '' map:content-length=7 -1",
    "send_local_response 403 '' body map::status=201 -1",
    "send_local_response 403 '' body map:X-UPPER=1,x-upper=2 -1",
    "send_local_response 403 '' body map:x-l=%ff%fe -1",
    "send_local_response 403 '' body map:x-l= -1",
    "send_local_response 403 '' body map:server=mine,date=today -1",
    "send_local_response 403 '' body map:connection=close -1",
    "send_local_response 403 '' body map:set-cookie=a,set-cookie=b -1",
    "send_local_response 403 '' body map:location=/a,location=/b -1",
    "send_local_response 403 '' %00%ff%0a '' -1",
    "send_local_response 403 '' repeat:a:20000 '' -1",
    "send_local_response 403 details%20with%20spaces body '' -1",
    "send_local_response 403 %ff%00 body '' -1",
    "send_local_response 403 null:0 null:0 null:0 -1",
    "send_local_response 403 '' body %01%00 -1",
    "send_local_response 403 '' body %ff%ff%ff%ff -1",
    "send_local_response 403 wild:32 body '' -1",
    "send_local_response 403 '' wild:32 '' -1",
    "send_local_response 403 '' body wild:32 -1",
    "send_local_response 403 '' body '' 0",
    "send_local_response 403 '' body '' 7",
    "send_local_response 403 '' body '' 100",
    "send_local_response 403 '' body '' -1; return 1",
    "send_local_response 403 '' one '' -1; send_local_response 404 '' two '' -1",
    "send_local_response 600 '' '' '' -1",
    "send_local_response 999 '' body '' -1",
    "send_local_response 1000 '' body '' -1",
    "send_local_response 99 '' body '' -1",
    "send_local_response 1 '' body '' -1",
    "send_local_response 0 '' body '' -1",
    "send_local_response 4294967295 '' body '' -1",
];

/// Replies to a request that wants no body.
const OF_HEAD: &[&str] = &[
    super::NOTHING,
    "send_local_response 403 '' '' '' -1",
    "send_local_response 403 '' body '' -1",
    "send_local_response 204 '' '' '' -1",
    "remove_header_map_value 2 content-length",
];

pub(super) fn add(cases: &mut Vec<Case>) {
    everywhere(cases, CONTEXTS);
    cross(cases, STREAM, OF_STREAM);
    everywhere(cases, &with_numbers(0..5, &["continue_stream #"]));
    everywhere(cases, &with_numbers(0..5, &["close_stream #"]));
    cross(
        cases,
        &[REQUEST_HEADERS],
        &with_numbers(
            [5, 100, u32::MAX].into_iter(),
            &["continue_stream #", "close_stream #"],
        ),
    );
    everywhere(cases, &[REPLY]);
    cross(cases, &[REQUEST_ONLY_HEADERS, RESPONSE_HEADERS], REPLIES);
    cross(cases, &[HEAD, HEAD_ANSWER], OF_HEAD);
    cross(
        cases,
        &[
            REQUEST_ONLY_HEADERS,
            REQUEST_BODY,
            REQUEST_END,
            REQUEST_TRAILERS,
        ],
        &["continue_stream 0; return 1"],
    );
}
