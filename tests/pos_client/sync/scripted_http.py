"""A real HTTP server on a real socket that says what a test tells it to, nonsense and silence included."""

from __future__ import annotations

from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

from shared_models.sync_api import Challenge, Token
from shared_models.wire import pack

Answer = Callable[["Asked"], None]


class Asked(BaseHTTPRequestHandler):
    """One request; `say` is how to answer it."""

    protocol_version = "HTTP/1.1"
    server: ScriptedHttp

    def say(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def hang(self) -> None:
        """Until the test is over."""
        self.server.over.wait(30)
        self.close_connection = True

    def cut(self) -> None:
        self.close_connection = True

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", "0")))

    def do_GET(self) -> None:
        self.server.answer(self)

    def do_POST(self) -> None:
        self.server.answer(self)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


class ScriptedHttp(ThreadingHTTPServer):
    """`routes` maps a path to an answer; logging in works unless a test says otherwise."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Asked)
        self.over = Event()
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.tokens = 0
        self.routes: dict[str, Answer] = {"/sync/challenge": challenge, "/sync/token": self.token}
        self._thread = Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def answer(self, asked: Asked) -> None:
        path = asked.path.partition("?")[0]
        self.asked.append((asked.path, dict(asked.headers.items())))
        self.routes.get(path, lambda it: it.say(404))(asked)

    def token(self, asked: Asked) -> None:
        asked.body()
        self.tokens += 1
        asked.say(200, pack(Token(token=f"token-{self.tokens}", expires_ms=1)))

    def times(self, path: str) -> int:
        return sum(asked.partition("?")[0] == path for asked, _ in self.asked)

    def stop(self) -> None:
        self.over.set()
        self.shutdown()
        self.server_close()

    def handle_error(self, request: object, client_address: object) -> None:
        """A till that hangs up is no error here."""


def challenge(asked: Asked) -> None:
    asked.say(200, pack(Challenge(nonce="once", expires_ms=1)))
