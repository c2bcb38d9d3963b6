//! Headers and trailers.

use super::phases::*;
use super::{cross, everywhere, with_numbers};
use crate::case::Case;

/// What all phases are asked for, of every map.
const READS: &[&str] = &[
    "get_header_map_value # x-a",
    "get_header_map_pairs #",
    "get_header_map_size #",
];

const WRITES: &[&str] = &[
    "add_header_map_value # x-new 1",
    "replace_header_map_value # x-a new",
    "remove_header_map_value # x-a",
    "set_header_map_pairs # map:x-a=new,x-new=1",
];

/// Reads of a map that is open.
const EDGES_OF_READS: &[&str] = &[
    "get_header_map_value # X-A",
    "get_header_map_value # x-d",
    "get_header_map_value # x-e",
    "get_header_map_value # x-b",
    "get_header_map_value # x-none",
    "get_header_map_value # ''",
    "get_header_map_value # %ff%fe",
    "get_header_map_value # x%20a",
    "get_header_map_value # x-a%00",
    "get_header_map_value # null:0",
    "get_header_map_value # null:3",
    "get_header_map_value # wild:32",
    "get_header_map_value@ # x-a",
    "get_header_map_value@ # x-none",
    "get_header_map_pairs@ #",
    "get_header_map_size@ #",
];

/// Writes to one, and what can be read then.
const EDGES_OF_WRITES: &[&str] = &[
    "add_header_map_value # x-a again; get_header_map_pairs #",
    "add_header_map_value # X-UPPER Value; get_header_map_pairs #",
    "add_header_map_value # x-empty ''; get_header_map_pairs #",
    "add_header_map_value # x-bytes %ff%fe; get_header_map_pairs #",
    "add_header_map_value # x-tab a%09b; get_header_map_pairs #",
    "add_header_map_value # content-type text/a; add_header_map_value # content-type text/b; \
     get_header_map_pairs #",
    "add_header_map_value # wild:32 v",
    "add_header_map_value # x-v wild:32",
    "replace_header_map_value # x-d one; get_header_map_pairs #",
    "replace_header_map_value # x-none new; get_header_map_pairs #",
    "replace_header_map_value # x-a ''; get_header_map_pairs #",
    "replace_header_map_value # X-A upper; get_header_map_pairs #",
    "replace_header_map_value # wild:32 v",
    "replace_header_map_value # x-v wild:32",
    "remove_header_map_value # x-d; get_header_map_pairs #",
    "remove_header_map_value # x-none; get_header_map_size #",
    "remove_header_map_value # X-A; get_header_map_pairs #",
    "remove_header_map_value # ''; get_header_map_size #",
    "remove_header_map_value # wild:32",
    "set_header_map_pairs # map:; get_header_map_pairs #",
    "set_header_map_pairs # ''; get_header_map_pairs #",
    "set_header_map_pairs # null:0; get_header_map_pairs #",
    "set_header_map_pairs # null:8; get_header_map_pairs #",
    "set_header_map_pairs # wild:32",
    "set_header_map_pairs # map:X-D=1,x-d=2; get_header_map_pairs #",
    "set_header_map_pairs # map:x-none=%ff,x-none-2=; get_header_map_pairs #",
    "set_header_map_pairs # %01; get_header_map_pairs #",
    "set_header_map_pairs # %01%00%00%00; get_header_map_pairs #",
    "set_header_map_pairs # %ff%ff%ff%ff; get_header_map_pairs #",
    "set_header_map_pairs # %01%00%00%00%09%00%00%00%01%00%00%00a%00b%00; get_header_map_pairs #",
    "set_header_map_pairs # %00%00%00%00trailing; get_header_map_pairs #",
];

/// Names that no message may have. They stay in the answer of a callout.
const WRONG_NAMES: &[&str] = &[
    "add_header_map_value 6 '' value; get_header_map_pairs 6",
    "add_header_map_value 6 null:0 null:0; get_header_map_pairs 6",
    "add_header_map_value 6 x%20space v; get_header_map_pairs 6",
    "replace_header_map_value 6 '' value; get_header_map_pairs 6",
    "set_header_map_pairs 6 map:=value,x%0a=value; get_header_map_pairs 6",
];

/// Headers that a proxy lives by.
const OF_REQUESTS: &[&str] = &[
    "replace_header_map_value 0 :path /new; get_header_map_pairs 0",
    "replace_header_map_value 0 :method PUT; get_header_map_pairs 0",
    "replace_header_map_value 0 :authority new.test; get_header_map_pairs 0",
    "replace_header_map_value 0 host new.test; get_header_map_pairs 0",
    "add_header_map_value 0 :path /more; get_header_map_pairs 0; \
     replace_header_map_value 0 :path /p",
    "add_header_map_value 0 :new pseudo; get_header_map_pairs 0",
    "add_header_map_value 0 cookie a=b; add_header_map_value 0 cookie c=d",
    "add_header_map_value 0 connection close; get_header_map_pairs 0",
    "remove_header_map_value 0 :path; get_header_map_pairs 0",
    "remove_header_map_value 0 :method; get_header_map_pairs 0",
    "remove_header_map_value 0 :authority; get_header_map_pairs 0",
    "remove_header_map_value 0 :scheme; get_header_map_pairs 0",
    "set_header_map_pairs 0 map::path=/set,:method=GET,:authority=set.test,:scheme=http,x-s=1",
    "set_header_map_pairs 0 map:x-first=1,:path=/set,:method=GET,:authority=set.test",
    "get_header_map_value 0 host",
    "get_header_map_value 0 :authority",
];

const OF_RESPONSES: &[&str] = &[
    "replace_header_map_value 2 :status 404; get_header_map_pairs 2",
    "replace_header_map_value 2 :status nonsense; get_header_map_pairs 2",
    "replace_header_map_value 2 :status 99; get_header_map_pairs 2",
    "replace_header_map_value 2 content-length 5; get_header_map_pairs 2",
    "replace_header_map_value 2 server mine; get_header_map_pairs 2",
    "replace_header_map_value 2 date today; get_header_map_pairs 2",
    "add_header_map_value 2 :status 404; get_header_map_pairs 2",
    "add_header_map_value 2 set-cookie a; add_header_map_value 2 set-cookie b",
    "add_header_map_value 2 connection close; get_header_map_pairs 2",
    "remove_header_map_value 2 :status; get_header_map_pairs 2",
    "remove_header_map_value 2 content-length; get_header_map_pairs 2",
    "set_header_map_pairs 2 map::status=201,x-s=1",
    "set_header_map_pairs 2 map:x-s=1",
];

pub(super) fn add(cases: &mut Vec<Case>) {
    everywhere(cases, &with_numbers(0..10, READS));
    everywhere(cases, &with_numbers(0..8, WRITES));
    cross(
        cases,
        &[REQUEST_HEADERS],
        &with_numbers([100, u32::MAX].into_iter(), &[READS, WRITES].concat()),
    );
    let open = [
        (REQUEST_HEADERS, 0),
        (REQUEST_TRAILERS, 1),
        (RESPONSE_HEADERS, 2),
        (RESPONSE_TRAILERS, 3),
        (LOCAL_HEADERS, 2),
        (ANSWER, 6),
        (ANSWER, 7),
        (LOG, 0),
    ];
    for (phase, map) in open {
        let map = std::iter::once(map);
        cross(cases, &[phase], &with_numbers(map.clone(), EDGES_OF_READS));
        cross(cases, &[phase], &with_numbers(map, EDGES_OF_WRITES));
    }
    cross(cases, &[ANSWER], WRONG_NAMES);
    cross(cases, &[REQUEST_ONLY_HEADERS, REQUEST_HEADERS], OF_REQUESTS);
    cross(cases, &[RESPONSE_HEADERS, LOCAL_HEADERS], OF_RESPONSES);
}
