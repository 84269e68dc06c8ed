"""The shop that is simulated: its store, goods and staff, and a server that holds them, made once and copied."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from argon2 import PasswordHasher
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sqlalchemy import Connection, insert

from shared_models.journal import Sign
from shared_models.signing import public_key_of
from shared_models.store_config import StoreConfig
from shared_models.sync_api import EnrolRequest
from sync_server.catalogue.service import ProductFields
from sync_server.database import Database
from sync_server.schema import metadata
from sync_server.services import Services, build_services
from sync_server.settings import Settings
from sync_server.staff.tables import staff_member, staff_store
from sync_server.sync_messages import TillIdentity
from tests.simulation.chance import Chance
from tests.simulation.clock import OPENING_MS

STORE = "03"
MOST_TILLS = 5
_PRODUCTS = 24
_DETERMINISTIC = ec.ECDSA(SHA256(), deterministic_signing=True)
CHEAP_HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""Nobody logs in to the office here, and the dummy hash at each start would take most of it."""


def till_name(number: int) -> str:
    return f"{STORE}-{number}"


def identity(till_id: str) -> TillIdentity:
    return TillIdentity(f"device-of-{till_id}", till_id, STORE)


@cache
def private_key(till_id: str) -> ec.EllipticCurvePrivateKey:
    secret = int.from_bytes(Chance(f"key of {till_id}").bytes(31), "big") + 1
    return ec.derive_private_key(secret, ec.SECP256R1())


@cache
def public_key(till_id: str) -> bytes:
    der = private_key(till_id).private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return public_key_of(der)


def signer(till_id: str) -> Sign:
    """As `signing.signer`, but the same signature for the same message (RFC 6979): a seed is to give the same bytes."""
    key = private_key(till_id)

    def sign(message: bytes) -> bytes:
        r, s = utils.decode_dss_signature(key.sign(message, _DETERMINISTIC))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    return sign


def server_settings(folder: Path) -> Settings:
    return Settings(
        data_dir=folder,
        secret="a secret of the simulation, long enough for HS256",
        apply_in_background=False,
        pool_size=2,
    )


def build_template(folder: Path) -> None:
    """A server's folder with the store open, its goods priced, its staff hired and its tills enrolled."""
    settings = server_settings(folder)
    db = Database(settings.url())
    metadata.create_all(db.engine)
    chance = Chance("the shop")
    services = build_services(settings, db, lambda: OPENING_MS, lambda: chance.bytes(16).hex(), CHEAP_HASHER)
    _open(services, chance)
    db.close()


def _open(services: Services, chance: Chance) -> None:
    with services.db.write() as tx:
        services.stores.create(tx, StoreConfig(store_id=STORE, name="Corner", currency="EUR"))
        for number in range(1, MOST_TILLS + 1):
            services.stores.add_till(tx, till_name(number), STORE, "")
            _enrol(services, tx, till_name(number))
        made = [
            services.catalogue.create(tx, ProductFields(sku=f"SKU-{at}", name=f"Goods {at}"))
            for at in range(_PRODUCTS)
        ]
        for one in made:
            price = chance.between(1, 9_999)
            services.pricing.change_price(tx, one.product.product_id, price, changed_by="Ada")
        for name in ("Ana", "Bo", "Cyd"):
            _hire(services, tx, name, chance.bytes(16).hex())


def _hire(services: Services, tx: Connection, name: str, staff_id: str) -> None:
    """Not by `hire`: a PIN's hash is salted, and no two runs would send the same bytes down."""
    row = {"staff_id": staff_id, "name": name, "role": "cashier", "active": True}
    tx.execute(insert(staff_member).values(**row, pin_hash=f"hash of {name}'s PIN", changed_at_ms=OPENING_MS))
    tx.execute(insert(staff_store).values(staff_id=staff_id, store_id=STORE))
    services.staff.change_role(tx, staff_id, "senior")


def _enrol(services: Services, tx: Connection, till_id: str) -> None:
    code = services.tills.make_code(tx, till_id, "Ada").code
    request = EnrolRequest(
        code=code, device_id=identity(till_id).device_id, public_key=public_key(till_id), app="simulated"
    )
    services.tills.enrol(tx, request)
