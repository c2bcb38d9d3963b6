//! The committed list of the functions that policies may call.

use super::super::calls::is_builtin;

/// Every function of OPA 1.20 that a policy can call by name, by topic.
const OPA: [(&str, &str); 24] = [
    (
        "Numbers",
        "abs ceil floor format_int numbers.range numbers.range_step rand.intn round",
    ),
    ("Aggregates", "count max min product sort sum"),
    (
        "Arrays",
        "array.concat array.flatten array.reverse array.slice",
    ),
    ("Sets", "intersection union"),
    (
        "Objects",
        "json.filter json.match_schema json.patch json.remove json.verify_schema object.filter \
         object.get object.keys object.remove object.subset object.union object.union_n",
    ),
    (
        "Strings",
        "concat contains endswith indexof indexof_n lower replace sprintf split startswith \
         strings.any_prefix_match strings.any_suffix_match strings.count strings.render_template \
         strings.replace_n strings.reverse substring trim trim_left trim_prefix trim_right \
         trim_space trim_suffix upper",
    ),
    (
        "Regular expressions",
        "regex.find_all_string_submatch_n regex.find_n regex.globs_match regex.is_valid \
         regex.match regex.replace regex.split regex.template_match",
    ),
    ("Globs", "glob.match glob.quote_meta"),
    (
        "Bits",
        "bits.and bits.lsh bits.negate bits.or bits.rsh bits.xor",
    ),
    ("Conversions", "to_number"),
    ("Units", "units.parse units.parse_bytes"),
    (
        "Types",
        "is_array is_boolean is_null is_number is_object is_set is_string type_name",
    ),
    (
        "Encodings",
        "base64.decode base64.encode base64.is_valid base64url.decode base64url.encode \
         base64url.encode_no_pad hex.decode hex.encode json.is_valid json.marshal \
         json.marshal_with_options json.unmarshal urlquery.decode urlquery.decode_object \
         urlquery.encode urlquery.encode_object yaml.is_valid yaml.marshal yaml.unmarshal",
    ),
    (
        "Tokens",
        "io.jwt.decode io.jwt.decode_verify io.jwt.encode_sign io.jwt.encode_sign_raw \
         io.jwt.verify_eddsa io.jwt.verify_es256 io.jwt.verify_es384 io.jwt.verify_es512 \
         io.jwt.verify_hs256 io.jwt.verify_hs384 io.jwt.verify_hs512 io.jwt.verify_ps256 \
         io.jwt.verify_ps384 io.jwt.verify_ps512 io.jwt.verify_rs256 io.jwt.verify_rs384 \
         io.jwt.verify_rs512",
    ),
    (
        "Time",
        "time.add_date time.clock time.date time.diff time.format time.now_ns \
         time.parse_duration_ns time.parse_ns time.parse_rfc3339_ns time.weekday",
    ),
    (
        "Cryptography",
        "crypto.hmac.equal crypto.hmac.md5 crypto.hmac.sha1 crypto.hmac.sha256 \
         crypto.hmac.sha512 crypto.md5 crypto.parse_private_keys crypto.sha1 crypto.sha256 \
         crypto.x509.parse_and_verify_certificates \
         crypto.x509.parse_and_verify_certificates_with_options \
         crypto.x509.parse_certificate_request crypto.x509.parse_certificates \
         crypto.x509.parse_keypair crypto.x509.parse_rsa_private_key",
    ),
    ("Graphs", "graph.reachable graph.reachable_paths walk"),
    (
        "GraphQL",
        "graphql.is_valid graphql.parse graphql.parse_and_verify graphql.parse_query \
         graphql.parse_schema graphql.schema_is_valid",
    ),
    ("HTTP", "http.send"),
    ("AWS", "providers.aws.sign_req"),
    (
        "Networks",
        "net.cidr_contains net.cidr_contains_matches net.cidr_expand net.cidr_intersects \
         net.cidr_is_valid net.cidr_merge net.lookup_ip_addr",
    ),
    ("UUIDs", "uuid.parse uuid.rfc4122"),
    ("Semantic versions", "semver.compare semver.is_valid"),
    (
        "Rego, OPA, debugging",
        "opa.runtime print rego.metadata.chain rego.metadata.rule rego.parse_module trace",
    ),
];

fn list() -> String {
    let mut text = String::from(
        "# Functions that a policy may call\n\n\
         What `opa_embedded.wasm` has of the functions of OPA 1.20; a policy that calls another one \
         is refused. Generated: `UPDATE_BUILTINS=1 cargo test -p opa builtins`.\n\n\
         | Topic | Here | Not here |\n|---|---|---|\n",
    );
    for (topic, names) in OPA {
        let (here, missing): (Vec<&str>, Vec<&str>) =
            names.split_whitespace().partition(|name| is_builtin(name));
        let cell = |names: &[&str]| match names {
            [] => "–".to_owned(),
            names => names
                .iter()
                .map(|name| format!("`{name}`"))
                .collect::<Vec<_>>()
                .join(", "),
        };
        text.push_str(&format!(
            "| {topic} | {} | {} |\n",
            cell(&here),
            cell(&missing)
        ));
    }
    text
}

#[test]
fn the_committed_list_is_current() {
    const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/BUILTINS.md");
    let list = list();
    if std::env::var_os("UPDATE_BUILTINS").is_some() {
        std::fs::write(FILE, &list).unwrap();
    }
    let committed = std::fs::read_to_string(FILE).unwrap_or_default();
    assert_eq!(committed, list, "run the test again with UPDATE_BUILTINS=1");
}
