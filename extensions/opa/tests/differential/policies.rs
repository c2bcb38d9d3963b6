//! Policies as people write them, and some that turn every stone.

pub(crate) struct Policy {
    pub(crate) package: &'static str,
    /// Without the `package`; the rule that decides is `result`.
    pub(crate) text: &'static str,
}

pub(crate) const POLICIES: &[Policy] = &[
    Policy {
        package: "bare",
        text: r#"
result if input.parsed_path[0] == "public"
result if {
	input.attributes.request.http.method in {"GET", "HEAD"}
	not startswith(input.attributes.request.http.path, "/admin")
}
"#,
    },
    Policy {
        package: "roles",
        text: r#"
import rego.v1

default result := {"allowed": false, "http_status": 401, "body": "who are you?"}

http := input.attributes.request.http

token := substring(http.headers.authorization, 6, -1) if startswith(http.headers.authorization, "Basic ")

user := split(base64.decode(token), ":")[0] if base64.is_valid(token)

user := http.headers["x-user"] if {
	not startswith(object.get(http.headers, "authorization", ""), "Basic ")
}

grants := {"alice": {"GET", "POST"}, "bob": {"GET"}}

result := {"allowed": true, "headers": {"x-who": user}} if http.method in grants[user]

result := {"allowed": false, "http_status": 403, "body": sprintf("%s may not %s", [user, http.method])} if {
	user
	not http.method in object.get(grants, user, set())
}
"#,
    },
    Policy {
        package: "everything",
        text: r#"
http := input.attributes.request.http

result := {
	"allowed": count(input.parsed_path) % 2 == 0,
	"dynamic_metadata": {
		"path": concat("|", input.parsed_path),
		"query": input.parsed_query,
		"body": input.parsed_body,
		"cut": input.truncated_body,
		"headers": http.headers,
		"source": object.get(input.attributes.source, ["address", "socketAddress"], "none"),
		"principal": object.get(input, "source_principal", "none"),
		"size": object.get(http, "size", -1),
		"version": input.version,
		"upper": upper(http.path),
		"length": count(http.path),
		"names": sort([name | some name, _ in http.headers]),
		"unique": {segment | some segment in input.parsed_path},
		"reversed": array.reverse(input.parsed_path),
		"first": array.slice(input.parsed_path, 0, 1),
		"text": json.marshal(input.parsed_query),
		"type": type_name(input.parsed_body),
		"hex": hex.encode(http.method),
		"encoded": base64url.encode_no_pad(http.path),
		"escaped": urlquery.encode(http.path),
		"trimmed": trim(http.path, "/?"),
		"replaced": replace(http.path, "a", "A"),
		"at": indexof(http.path, "?"),
		"formatted": sprintf("%s %d %v %q", [http.method, count(input.parsed_path), input.truncated_body, http.host]),
	},
}
"#,
    },
    Policy {
        package: "matching",
        text: r#"
http := input.attributes.request.http

matched contains "number" if regex.match(`^/.*/[0-9]+$`, http.path)
matched contains "digits" if regex.match(`^/\d+/`, http.path)
matched contains "word" if regex.match(`^/\w+$`, concat("/", ["", input.parsed_path[0]]))
matched contains "nonword" if regex.match(`[^\w/?=&%.;+-]`, concat("", input.parsed_path))
matched contains "case" if regex.match(`(?i)ADMIN|É`, concat("", input.parsed_path))
matched contains "users" if glob.match("/users/*", ["/"], http.path)
matched contains "deep" if glob.match("/**/admin", ["/"], concat("", ["/", concat("/", input.parsed_path)]))
matched contains "inside" if net.cidr_contains("10.0.0.0/8", input.attributes.source.address.socketAddress.address)
matched contains "v6" if net.cidr_contains("2001:db8::/32", input.attributes.source.address.socketAddress.address)
matched contains "new" if {
	semver.is_valid(http.headers["x-version"])
	semver.compare(http.headers["x-version"], "1.3.0") > 0
}
matched contains "old" if {
	semver.is_valid(http.headers["x-version"])
	semver.compare(http.headers["x-version"], "1.3.0") < 0
}
matched contains "session" if {
	some part in split(object.get(http.headers, "cookie", ""), "; ")
	[name, _] := split(part, "=")
	name == "session"
}
matched contains name if {
	some name, values in input.parsed_query
	every value in values { value != "" }
	count(values) > 1
}
matched contains regex.replace(http.method, "E", "e") if "admin" in split(object.get(http.headers, "x-role", ""), ",")

patterns := ["/*", "/**", "/*/*", "/?ublic*", "/{users,public}/**", "/[a-m]*", "/[!a]*", "**admin**", "/*\\.*", "*", "/{a,b,{u,p}}*", "/v[0-9]/*", "**/[abc]*", "/[%x]*", "*=*", "\\/*", "/**/", "/public", "//**"]

globs := {"slash": [p | some p in patterns; glob.match(p, ["/"], http.path)],
	"none": [p | some p in patterns; glob.match(p, null, http.path)],
	"two": [p | some p in patterns; glob.match(p, ["/", "?"], http.path)],
	"dot": [p | some p in patterns; glob.match(p, [], http.path)],
	"quoted": glob.quote_meta(http.path),
	"itself": glob.match(glob.quote_meta(http.path), ["/"], http.path),
}

result := {
	"allowed": count(matched) > 1,
	"headers": {"x-matched": concat(",", matched)},
	"dynamic_metadata": {"all": matched, "globs": globs, "parts": regex.split("/", http.path), "found": regex.find_n("[a-z]+", http.path, 2), "groups": regex.find_all_string_submatch_n(`(\w)(\d)?`, http.path, 3), "pieces": regex.split(`a*`, http.path), "swapped": regex.replace(http.path, `(\w)/(\w)`, "$2/$1")},
}
"#,
    },
    Policy {
        // One call at a time: where it is an error there, it is undefined here.
        package: "single",
        text: r#"
headers := input.attributes.request.http.headers

result := {"allowed": glob.match(headers["x-glob"], ["/"], input.attributes.request.http.path)} if headers["x-glob"]

result := {"allowed": to_number(headers["x-number"]) > 3} if {
	not headers["x-glob"]
	headers["x-number"]
}

result := {"allowed": count(io.jwt.decode(headers["x-token"])) == 3} if {
	not headers["x-glob"]
	not headers["x-number"]
	headers["x-token"]
}

result := {"allowed": net.cidr_contains("10.0.0.0/8", headers["x-role"])} if {
	not headers["x-glob"]
	not headers["x-number"]
	not headers["x-token"]
}
"#,
    },
    Policy {
        package: "amounts",
        text: r#"
amount := input.parsed_body.amount if is_number(input.parsed_body.amount)
amount := to_number(input.parsed_body.amount[0]) if {
	is_array(input.parsed_body.amount)
	is_string(input.parsed_body.amount[0])
}

tags := input.parsed_body.tags if is_array(input.parsed_body.tags)

numbers_in contains x if {
	walk(input.parsed_body, [_, x])
	is_number(x)
}

result := {
	"allowed": amount <= 10,
	"dynamic_metadata": {
		"twice": amount * 2,
		"half": amount / 2,
		"less": amount - 0.1,
		"whole": round(amount),
		"up": ceil(amount),
		"tags": object.get(input.parsed_body, "tags", []),
		"numbers": numbers_in,
		"sum": sum(numbers_in),
		"most": max(numbers_in),
		"bits": bits.and(floor(amount), 7),
		"odd": floor(amount) % 2 == 1,
		"text": format_int(amount, 16),
	},
} if amount
"#,
    },
    Policy {
        package: "shapes",
        text: r#"
import rego.v1

tree := object.union({"a": {"b": 1}, "m": input.attributes.request.http.method}, {"a": {"c": count(input.parsed_path)}})

deep := [path | walk(tree, [path, value]); is_number(value)]

result := {
	"allowed": blocked == false,
	"dynamic_metadata": {
		"query": {name: values | some name, values in input.parsed_query; count(values) == 1},
		"tree": tree,
		"deep": deep,
		"removed": object.remove(tree, ["m"]),
		"filtered": json.filter(tree, ["a/c"]),
		"keys": object.keys(input.attributes.request.http),
		"union": {1, 2} | {3},
		"minus": {1, 2, 3} - {2},
		"both": {1, 2} & {2, 3},
		"any": [x | some x in numbers.range(3, 1)],
		"steps": [numbers.range_step(1, count(input.parsed_path) * 10, 4), numbers.range_step(7, -7, 3), numbers.range(count(input.parsed_path), 5)],
		"else": named(count(input.parsed_path)),
		"round": json.unmarshal(json.marshal(input.parsed_query)) == input.parsed_query,
	},
}

named(1) := "one"
named(n) := "few" if {
	n > 1
	n < 4
} else := "many" if n > 3

default blocked := false

blocked if {
	some segment in input.parsed_path
	segment in {"admin", "%2fadmin", ".."}
}

blocked if {
	input.attributes.request.http.method == "DELETE"
	not input.source_principal
}
"#,
    },
];
