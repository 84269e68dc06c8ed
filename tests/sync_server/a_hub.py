"""A hub without a shop: a key, and the messages of the protocol over a test client."""

from __future__ import annotations

from typing import Any

from litestar import Litestar

from shared_models import wire
from shared_models.hub_api import HubEnrolled, HubEnrolRequest, HubHello, HubHelloReply
from shared_models.protocol import PROTOCOL
from shared_models.signing import new_private_key, public_key_of, signer
from shared_models.sync_api import Challenge, Push, Token, TokenRequest
from sync_server.database import Database
from tests.sync_server.a_till import Client


class AHub:
    def __init__(self, client: Client, code: str, hub_id: str = "hub-0001") -> None:
        self.client = client
        self.code = code
        self.hub_id = hub_id
        self.key = new_private_key()
        self.enrolled: HubEnrolled | None = None
        self.token = ""

    def enrol(self) -> Any:
        request = HubEnrolRequest(
            code=self.code, hub_id=self.hub_id, public_key=public_key_of(self.key), app="evertill 0.1"
        )
        answer = self.client.post("/sync/hub/enrol", content=wire.pack(request))
        if answer.status_code == 200:
            self.enrolled = wire.unpack(answer.content, HubEnrolled)
        return answer

    def log_in(self) -> Any:
        nonce = wire.unpack(self.client.get("/sync/challenge").content, Challenge).nonce
        signature = signer(self.key)(b"evertill-token\0" + nonce.encode())
        request = TokenRequest(device_id=self.hub_id, nonce=nonce, signature=signature)
        answer = self.client.post("/sync/hub/token", content=wire.pack(request))
        if answer.status_code == 200:
            self.token = wire.unpack(answer.content, Token).token
        return answer

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def hello(self, **changes: Any) -> Any:
        values: dict[str, Any] = {"protocol": PROTOCOL, "app": "evertill 0.2", "waiting": 0}
        return self.client.post(
            "/sync/hub/hello", content=wire.pack(HubHello(**values | changes)), headers=self.headers
        )

    def greeted(self, **changes: Any) -> HubHelloReply:
        answer = self.hello(**changes)
        assert answer.status_code == 200, answer.text
        return wire.unpack(answer.content, HubHelloReply)

    def pass_on(self, device_id: str, push: Push) -> Any:
        return self.client.post(
            "/sync/hub/push", params={"device_id": device_id}, content=wire.pack(push), headers=self.headers
        )

    def pass_on_raw(self, device_id: str, frame: bytes) -> Any:
        params = {"device_id": device_id, "reason": "it fails"}
        return self.client.post("/sync/hub/push_raw", params=params, content=frame, headers=self.headers)

    def get(self, path: str, **params: Any) -> Any:
        return self.client.get(path, params=params, headers=self.headers)


def enrolled_hub(app: Litestar, database: Database, client: Client, store_id: str = "03") -> AHub:
    """A hub that is logged in; the store must be open."""
    hub = AHub(client, hub_code(app, database, store_id), f"hub-of-{store_id}")
    assert hub.enrol().status_code == 200
    assert hub.log_in().status_code == 200
    return hub


def hub_code(app: Litestar, database: Database, store_id: str = "03") -> str:
    with database.write() as tx:
        code: str = app.state.services.hubs.make_code(tx, store_id, "Ada").code
        return code
