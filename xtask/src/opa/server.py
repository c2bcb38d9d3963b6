"""The Data API of Open Policy Agent, as far as the tests need it, around the real engine.

    python3 server.py ADDRESS_FILE

writes `host:port` to ADDRESS_FILE and serves until its standard input ends.
PUT /v1/policies/<id>, PUT /v1/data, POST /v1/data/<path>, GET /health.
"""

import json
import os
import sys
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opa_bindings import OpaEngine
from opa_bindings.engine import OpaError, OpaUndefinedError


class Store:
    """Policies and data; the engine is made anew when one of them changes."""

    def __init__(self):
        self.policies, self.data, self.lock = {}, {}, threading.Lock()
        self.engine = OpaEngine()

    def change(self, policies, data):
        engine = OpaEngine()
        for name, text in policies.items():
            engine.add_policy(name, text)
        if data:
            engine.add_data(data)
        self.policies, self.data, self.engine = policies, data, engine


STORE = Store()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def answer(self, status, body):
        body = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        # Head and body in one piece: two would wait for each other's acknowledgement.
        self.wfile.write(body)

    def body(self):
        return self.rfile.read(int(self.headers.get("content-length") or 0))

    def error(self, status, code, message):
        self.answer(status, {"code": code, "message": str(message)})

    def do_GET(self):
        if self.path.startswith("/v1/data/"):
            return self.evaluate({})
        self.answer(200 if self.path == "/health" else 404, {})

    def do_PUT(self):
        body = self.body()
        with STORE.lock:
            try:
                if self.path.startswith("/v1/policies/"):
                    name = self.path.removeprefix("/v1/policies/")
                    STORE.change({**STORE.policies, name: body.decode()}, STORE.data)
                else:
                    STORE.change(STORE.policies, json.loads(body))
            except (OpaError, ValueError) as error:
                return self.error(400, "invalid_parameter", error)
        self.answer(200, {})

    def do_POST(self):
        try:
            given = json.loads(self.body())["input"]
        except (ValueError, KeyError, TypeError) as error:
            return self.error(400, "invalid_parameter", error)
        self.evaluate(given)

    def evaluate(self, given):
        path = self.path.removeprefix("/v1/data/").split("?")[0].replace("/", ".")
        answer = {"decision_id": str(uuid.uuid4())}
        try:
            with STORE.lock:
                answer["result"] = STORE.engine.eval_document(path, given)
        except OpaUndefinedError:
            pass
        except OpaError as error:
            return self.error(500, "internal_error", error)
        self.answer(200, answer)


def main():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    address = "%s:%d" % server.server_address
    with open(sys.argv[1] + ".part", "w") as file:
        file.write(address)
    os.rename(sys.argv[1] + ".part", sys.argv[1])
    threading.Thread(target=server.serve_forever, daemon=True).start()
    # Whoever started this holds the other end, and ends this by ending.
    sys.stdin.read()


main()
