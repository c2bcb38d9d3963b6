//! Metrics, shared data, logs and time.

use super::phases::*;
use super::{cross, everywhere};
use crate::case::Case;

/// In every phase.
const EVERYWHERE: &[&str] = &[
    "define_metric 0 $counter; increment_metric metric 2; get_metric metric",
    "define_metric 1 $gauge; record_metric metric 7; get_metric metric",
    "define_metric 2 $histogram; record_metric metric 7",
    "set_shared_data $key one 0; get_shared_data $key",
    "get_shared_data $none",
    "log 3 $%20warning",
    "get_log_level",
    "get_current_time_nanoseconds",
];

const METRICS: &[&str] = &[
    "define_metric 3 $kind",
    "define_metric 100 $kind",
    "define_metric 4294967295 $kind",
    "define_metric 0 ''",
    "define_metric 0 null:0",
    "define_metric 0 wild:32",
    "define_metric 0 %ff$",
    "define_metric 0 $%20with%20spaces; increment_metric metric 1",
    "define_metric 0 $.with.dots; increment_metric metric 1",
    "define_metric 0 $repeated; define_metric 0 $repeated; increment_metric metric 1; \
     get_metric metric",
    "define_metric 0 $other; define_metric 1 $other; record_metric metric 5; get_metric metric",
    "define_metric 0 $first; define_metric 2 $first; record_metric metric 5",
    "define_metric@ 0 $",
    "define_metric 0 $c; increment_metric metric -1; get_metric metric",
    "define_metric 0 $c; increment_metric metric 0; get_metric metric",
    "define_metric 0 $c; record_metric metric 3; record_metric metric 4; get_metric metric",
    "define_metric 0 $c; record_metric metric 0; get_metric metric",
    "define_metric 0 $c; record_metric metric -1; get_metric metric",
    "define_metric 0 $c; increment_metric metric 9223372036854775807; get_metric metric",
    "define_metric@ 0 $c; get_metric@ metric",
    "define_metric 0 $c; get_metric@ metric",
    "define_metric 1 $g; increment_metric metric 5; increment_metric metric -2; get_metric metric",
    "define_metric 1 $g; increment_metric metric -1; get_metric metric",
    "define_metric 1 $g; increment_metric metric 1; increment_metric metric -3; get_metric metric",
    "define_metric 1 $g; record_metric metric 18446744073709551615; get_metric metric",
    "define_metric 1 $g; record_metric metric 5; record_metric metric 3; get_metric metric",
    "define_metric 1 $g; record_metric metric 0; get_metric metric",
    "define_metric 1 $g; increment_metric metric 0; get_metric metric",
    "define_metric 2 $h; get_metric metric",
    "define_metric 2 $h; increment_metric metric 1",
    "define_metric 2 $h; record_metric metric 0",
    "define_metric 2 $h; record_metric metric 18446744073709551615",
    "get_metric 0",
    "get_metric 1",
    "get_metric 2",
    "get_metric 3",
    "get_metric 4294967295",
    "get_metric 99999996",
    "record_metric 99999996 1",
    "record_metric 99999997 1",
    "record_metric 99999998 1",
    "record_metric 99999999 1",
    "increment_metric 99999996 1",
    "increment_metric 99999997 1",
    "increment_metric 99999998 1",
    "increment_metric 99999999 1",
    "increment_metric 3 1",
    "record_metric 3 1",
];

const SHARED_DATA: &[&str] = &[
    "set_shared_data $k one 0; set_shared_data $k two 0; get_shared_data $k",
    "set_shared_data $k one 77; get_shared_data $k",
    "set_shared_data $k one 0; get_shared_data $k; set_shared_data $k two cas; get_shared_data $k",
    "set_shared_data $k one 0; get_shared_data $k; set_shared_data $k two cas+1; get_shared_data $k",
    "set_shared_data $k one 0; get_shared_data $k; set_shared_data $k two cas; \
     set_shared_data $k three cas; get_shared_data $k",
    "set_shared_data $k one 0; get_shared_data $k; set_shared_data $k one cas; \
     set_shared_data $k three cas; get_shared_data $k",
    "set_shared_data $k one 0; set_shared_data $k two 4294967295; get_shared_data $k",
    "set_shared_data $k '' 0; get_shared_data $k",
    "set_shared_data $k null:0 0; get_shared_data $k",
    "set_shared_data $k wild:32 0; get_shared_data $k",
    "set_shared_data $k %00%ff%0a 0; get_shared_data $k",
    "set_shared_data $k repeat:a:100000 0; get_shared_data $k",
    "set_shared_data $%00%ff one 0; get_shared_data $%00%ff",
    "set_shared_data $K upper 0; get_shared_data $k",
    "set_shared_data wild:32 one 0",
    "get_shared_data wild:32",
    "get_shared_data null:0",
    "get_shared_data@ $k",
    "set_shared_data $k one 0; get_shared_data@ $k",
    "set_shared_data '' $ 0; get_shared_data ''",
];

const LOGS: &[&str] = &[
    "log 0 $%20trace",
    "log 1 $%20debug",
    "log 2 $%20info",
    "log 4 $%20error",
    "log 5 $%20critical",
    "log 6 $%20off",
    "log 7 $%20beyond",
    "log 4294967295 $%20beyond",
    "log 2 $%20",
    "log 2 ''",
    "log 2 null:0",
    "log 2 wild:32",
    "log 2 $%20two%0alines",
    "log 2 $%20bytes%ff%00",
    "log 2 $%20{}%25s%20{0}",
    "log 2 $%20repeat; log 2 repeat:a:100000",
    "get_log_level@",
    "get_current_time_nanoseconds@",
];

pub(super) fn add(cases: &mut Vec<Case>) {
    everywhere(cases, EVERYWHERE);
    cross(cases, &[REQUEST_HEADERS], METRICS);
    cross(cases, &[REQUEST_HEADERS], SHARED_DATA);
    cross(cases, &[REQUEST_HEADERS, CONFIGURE], LOGS);
}
