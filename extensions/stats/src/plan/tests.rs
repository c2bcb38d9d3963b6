use super::*;

fn change(metric: Option<&str>) -> Override {
    Override {
        metric: metric.map(str::to_owned),
        dimensions: Vec::new(),
        tags_to_remove: Vec::new(),
        condition: None,
        drop: false,
    }
}

fn names(plan: &GroupPlan) -> Vec<&str> {
    plan.metrics
        .iter()
        .map(|metric| metric.name.as_str())
        .collect()
}

fn tags<'a>(plan: &'a GroupPlan, metric: &str) -> Vec<&'a str> {
    let metric = plan
        .metrics
        .iter()
        .find(|known| known.name == metric)
        .unwrap();
    metric.tags.iter().map(|tag| tag.name.as_str()).collect()
}

#[test]
fn the_standard_is_ten_metrics_with_their_labels() {
    let plan = Plan::new(&[], &[]);
    let count = |group| {
        let plan = plan.group(group, 0);
        (plan.metrics.len(), plan.labels.len())
    };
    assert_eq!(count(Group::Requests), (4, 25));
    assert_eq!(count(Group::Messages), (2, 20));
    assert_eq!(count(Group::Connections), (4, 23));
}

#[test]
fn labels_are_removed_replaced_and_added() {
    let all = Override {
        dimensions: vec![
            ("reporter".into(), "'x'".into()),
            ("team".into(), "'y'".into()),
        ],
        tags_to_remove: vec!["source_app".into()],
        ..change(None)
    };
    let one = Override {
        tags_to_remove: vec!["source_cluster".into()],
        ..change(Some("requests_total"))
    };
    let plan = Plan::new(&[], &[all, one]);
    let plan = plan.group(Group::Requests, 0);
    let requests = tags(&plan, "requests_total");
    assert_eq!(requests.first(), Some(&"reporter"));
    assert_eq!(requests.last(), Some(&"team"));
    assert!(!requests.contains(&"source_app") && !requests.contains(&"source_cluster"));
    assert!(tags(&plan, "request_bytes").contains(&"source_cluster"));
    // Nobody has it any more, so it does not tell series apart.
    assert!(!plan.labels.contains(&(labels::find("source_app").unwrap())));
    assert!(!plan.labels.contains(&0));
    assert_eq!(plan.expressions, [0, 1]);
}

#[test]
fn a_metric_can_be_dropped_and_another_defined() {
    let drop = Override {
        drop: true,
        ..change(Some("request_bytes"))
    };
    let team = Override {
        dimensions: vec![("team".into(), "'y'".into())],
        ..change(Some("custom"))
    };
    let custom = Definition {
        name: "custom".into(),
        value: "1".into(),
        kind: Kind::Histogram,
    };
    let plan = Plan::new(&[custom], &[drop, team]).group(Group::Requests, 0);
    assert_eq!(
        names(&plan),
        [
            "requests_total",
            "request_duration_milliseconds",
            "response_bytes",
            "custom"
        ]
    );
    assert_eq!(tags(&plan, "custom"), ["team"]);
    let custom = plan.metrics.last().unwrap();
    assert_eq!(custom.measure, Measure::Expression(0));
    assert!(matches!(custom.kind, MetricType::Histogram));
}

#[test]
fn a_standard_metric_can_be_given_another_value() {
    let own = Definition {
        name: "requests_total".into(),
        value: "2".into(),
        kind: Kind::Counter,
    };
    let plan = Plan::new(&[own], &[]).group(Group::Requests, 0);
    assert_eq!(plan.metrics.len(), 4);
    assert_eq!(tags(&plan, "requests_total").len(), 25);
    assert_eq!(
        plan.metrics.first().unwrap().measure,
        Measure::Expression(0)
    );
}

#[test]
fn a_condition_makes_a_change_for_some_streams() {
    let health = Override {
        condition: Some("request.path == '/health'".into()),
        drop: true,
        ..change(None)
    };
    let team = Override {
        condition: Some("true".into()),
        dimensions: vec![("team".into(), "'y'".into())],
        ..change(Some("requests_total"))
    };
    let plan = Plan::new(&[], &[health, team]);
    assert_eq!(plan.conditions.len(), 2);
    assert_eq!(plan.group(Group::Requests, 0b00).metrics.len(), 4);
    assert_eq!(plan.group(Group::Requests, 0b01).metrics.len(), 0);
    assert_eq!(plan.group(Group::Requests, 0b11).metrics.len(), 0);
    assert_eq!(
        tags(&plan.group(Group::Requests, 0b10), "requests_total").len(),
        26
    );
}

#[test]
fn equal_expressions_are_one() {
    let dimensions = vec![
        ("a".into(), "request.host".into()),
        ("b".into(), "request.host".into()),
    ];
    let plan = Plan::new(
        &[],
        &[Override {
            dimensions,
            ..change(None)
        }],
    );
    assert_eq!(plan.expressions.written.len(), 1);
    assert_eq!(plan.expressions.written[0].1, "metrics[0].dimensions.a");
}
