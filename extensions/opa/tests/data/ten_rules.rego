package bench

default allow := false

http := input.attributes.request.http

path := input.parsed_path

user := http.headers["x-user"]

always := true

allow if path == ["health"]

allow if {
	http.method == "GET"
	path[0] == "public"
}

allow if {
	http.method in {"GET", "HEAD"}
	path[0] == "docs"
	not "internal" in path
}

allow if {
	path[0] == "users"
	path[1] == user
}

allow if {
	startswith(http.path, "/api/v1/")
	user in {"bob", "carol"}
}

allow if {
	http.host == "internal.test"
	input.attributes.source.address.socketAddress.address == "10.0.0.1"
}

allow if {
	some role in roles[user]
	role == "admin"
	path[0] == "admin"
}

allow if {
	http.method == "POST"
	path == ["orders"]
	input.parsed_query.dry_run == ["true"]
}

allow if {
	path[0] == "secret"
	some role in roles[user]
	role == "reader"
}

roles := {"alice": ["writer", "reader"], "bob": ["admin"]}
