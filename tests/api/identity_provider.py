"""An identity provider on the loopback: its document, its keys, and the tokens that it signs."""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

AUDIENCE = "rollcall"


class Provider:
    """Signs tokens, and tells by which keys."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.asked: list[str] = []
        self.is_away = False
        self.keys: dict[str, rsa.RSAPrivateKey] = {}
        self.add_key("first")

    def add_key(self, key_id: str) -> None:
        self.keys[key_id] = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def token(self, *roles: str, key_id: str = "first", **claims: Any) -> str:
        """Sign a token for an hour; a claim that is None is left out."""
        body = {
            "iss": self.url,
            "aud": AUDIENCE,
            "sub": "u-1",
            "exp": datetime.now(UTC) + timedelta(hours=1),
            "roles": list(roles),
        }
        said = {name: value for name, value in (body | claims).items() if value is not None}
        return jwt.encode(said, self.keys[key_id], algorithm="RS256", headers={"kid": key_id})

    def answer(self, path: str) -> dict[str, Any] | None:
        """Give what the path tells."""
        self.asked.append(path)
        if self.is_away:
            return None
        if path == "/.well-known/openid-configuration":
            return {"issuer": self.url, "jwks_uri": f"{self.url}/keys"}
        keys = [
            json.loads(RSAAlgorithm.to_jwk(key.public_key())) | {"kid": key_id, "use": "sig", "alg": "RS256"}
            for key_id, key in self.keys.items()
        ]
        # A shared secret has no place among public keys; a provider that is set up wrongly shows one.
        shared = {"kty": "oct", "kid": "shared", "alg": "HS256", "k": in_base64(b"s" * 32)}
        return {"keys": [*keys, shared]}


def in_base64(content: bytes) -> str:
    """Write bytes as tokens do."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


@contextmanager
def providing() -> Iterator[Provider]:
    """Run a provider."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told = provider.answer(self.path)
            self.send_response(200 if told else 503)
            self.end_headers()
            self.wfile.write(json.dumps(told).encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider = Provider(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
