//! HTTP callouts.

use super::phases::*;
use super::{cross, everywhere};
use crate::case::Case;

/// Callouts that fail at once, and one that is not answered in time.
const EVERYWHERE: &[&str] = &[
    "http_call unknown map::method=GET,:path=/$,:authority=a '' '' 100000",
    "http_call empty map::method=GET,:path=/$,:authority=a '' '' 100000",
    "http_call waits map::method=GET,:path=/$,:authority=a '' '' 100000",
];

const EDGES: &[&str] = &[
    "http_call waits map::path=/$,:authority=a '' '' 100000",
    "http_call waits map::method=GET,:authority=a '' '' 100000",
    "http_call waits map::method=GET,:path=/$ '' '' 100000",
    "http_call waits map::method=,:path=/$,:authority=a '' '' 100000",
    "http_call waits map::method=GET,:path=,:authority=a '' '' 100000",
    "http_call waits map::method=GET,:path=/$,:authority= '' '' 100000",
    "http_call waits map::method=GET,:path=/$,host=a '' '' 100000",
    "http_call waits '' '' '' 100000",
    "http_call waits map: '' '' 100000",
    "http_call waits %01%00 '' '' 100000",
    "http_call waits wild:32 '' '' 100000",
    "http_call '' map::method=GET,:path=/$,:authority=a '' '' 100000",
    "http_call wild:32 map::method=GET,:path=/$,:authority=a '' '' 100000",
    "http_call waits map::method=GET,:path=/$,:authority=a wild:32 '' 100000",
    "http_call waits map::method=GET,:path=/$,:authority=a '' wild:32 100000",
    "http_call waits map::method=GET,:path=/$,:authority=a '' %01%00 100000",
    "http_call@ waits map::method=GET,:path=/$,:authority=a '' '' 100000",
];

/// Answers that a stream waits for, and what it reads of each.
const AWAITED: &[&str] = &[
    "answers map::method=GET,:path=/$,:authority=a '' '' 1000",
    "answers map::method=GET,:path=/$,:authority=a '' '' 0",
    "answers map::method=POST,:path=/$,:authority=a body '' 1000",
    "answers map::method=POST,:path=/$,:authority=a '' '' 1000",
    "answers map::method=PUT,:path=/$,:authority=a body map:x-t=1 1000",
    "answers map::method=GET,:path=/$,:authority=a body '' 1000",
    "answers map::method=HEAD,:path=/$,:authority=a '' '' 1000",
    "answers map::method=DELETE,:path=/$,:authority=a '' '' 1000",
    "answers map::method=GET,:path=/$,:authority=a,:scheme=https '' '' 1000",
    "answers map::method=GET,:path=/$,:authority=a,host=b '' '' 1000",
    "answers map:x-f=1,:method=GET,:path=/$?a=b,:authority=a,X-UPPER=1,x-b=%ff '' '' 1000",
    "answers map::method=GET,:path=/$,:authority=a,x-d=1,x-d=2,accept=a,accept=b '' '' 1000",
    "answers map::method=POST,:path=/$,:authority=a,content-length=1 body '' 1000",
    "answers map::method=POST,:path=/$,:authority=a,transfer-encoding=chunked body '' 1000",
    "answers map::method=GET,:path=/$,:authority=a,x-envoy-max-retries=2,connection=close '' '' 1000",
    "answers map::method=POST,:path=/$,:authority=a repeat:a:100000 '' 1000",
    "answers-with-trailers map::method=GET,:path=/$,:authority=a '' '' 1000",
    "answers-503 map::method=GET,:path=/$,:authority=a '' '' 1000",
    "refuses map::method=GET,:path=/$,:authority=a '' '' 1000",
    "waits map::method=GET,:path=/$,:authority=a '' '' 50",
];

pub(super) fn add(cases: &mut Vec<Case>) {
    everywhere(cases, EVERYWHERE);
    cross(cases, &[REQUEST_HEADERS], EDGES);
    for call in AWAITED {
        let read = "http_call_response get_header_map_pairs 6;\
            http_call_response get_header_map_pairs 7;\
            http_call_response get_buffer_bytes 4 0 1000000;\
            http_call_response get_buffer_status 4;\
            http_call_response continue_stream 0";
        let mut case = REQUEST_ONLY_HEADERS.case(&format!("http_call {call}; return 1"));
        case.steps = format!("{};{read}", case.steps);
        cases.push(case);
    }
}
