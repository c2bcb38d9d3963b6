//! What was asked, and whether it came out as it should.

use comfy_table::Table;

use crate::table;

/// One request, or question, and what became of it.
pub(super) struct Case {
    pub(super) request: String,
    pub(super) expected: String,
    pub(super) got: String,
}

/// The cases for a terminal; `asked` heads what was sent.
pub(super) fn table(asked: &str, cases: &[Case]) -> Table {
    let mut table = table::new(["", asked, "expected", "got"]);
    for case in cases {
        let mark = if case.expected == case.got {
            "ok"
        } else {
            "NO"
        };
        table.add_row([mark, &case.request, &case.expected, &case.got]);
    }
    table
}

/// How many came out otherwise.
pub(super) fn different(cases: &[Case]) -> usize {
    let differs = |case: &&Case| case.expected != case.got;
    cases.iter().filter(differs).count()
}
