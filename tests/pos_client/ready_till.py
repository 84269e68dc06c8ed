"""A till's folder as head office's first visit leaves it: enrolled, with a catalogue, and somebody who may sell."""

from __future__ import annotations

import os
from pathlib import Path

from argon2 import PasswordHasher

from pos_client.settings import PREFIX, TillSettings
from pos_client.sync.identity import enrol, load_or_create
from pos_client.sync.outcomes import Reply
from pos_client.till_folder import CATALOGUE_FILE
from shared_models.catalogue import Category, Price, Product, TaxCategory
from shared_models.staff import Permission, StaffMember
from shared_models.store_config import StoreConfig
from shared_models.sync_api import Enrolled, EnrolRequest
from shared_models.tax import Tax
from tests.pos_client.store.made_up_catalogue import build_file

PIN = "2749"
OAT_DRINK = "7394376616228"
PRICE_MINOR = 249
_QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


class WelcomingServer:
    """Knows one answer: this device is till 03-2."""

    def enrol(self, request: EnrolRequest) -> Reply[Enrolled]:
        return Reply(Enrolled(request.device_id, "03", "03-2", "Corner", 0))


def ready(folder: Path, printer: str = "", server_url: str = "", terminal: str = "") -> TillSettings:
    """The settings of a till that can sell from its first start."""
    identity = load_or_create(folder / "identity", use_keyring=False)
    enrol(folder / "identity", identity, WelcomingServer(), "code")  # type: ignore[arg-type]  # all it is asked
    build_file(folder / CATALOGUE_FILE, shop())
    return TillSettings(
        data_dir=folder, printer=printer, server_url=server_url, terminal=terminal, keyring=False
    )


def shop() -> list[object]:
    everything = tuple(permission.value for permission in Permission)
    oat = Product(
        product_id="0a" * 16,
        number=1,
        sku="OAT",
        name="Oat drink",
        tax_category_id="food",
        category_id="drinks",
        barcodes=(OAT_DRINK.zfill(14),),
    )
    return [
        StoreConfig(store_id="03", name="Corner", currency="EUR", opening_float_minor=0),
        TaxCategory("food", "Food", (Tax("vat", "VAT", 190_000, included=True),)),
        Category("drinks", "Drinks"),
        oat,
        Price("price-oat", oat.product_id, PRICE_MINOR),
        StaffMember("ana", "Ana R.", _QUICK.hash(PIN), everything),
    ]


def environment(settings: TillSettings) -> dict[str, str]:
    """For a till in a process of its own; its anchor lies beside the folder."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("EVERTILL_")}
    return others | {
        f"{PREFIX}DATA_DIR": str(settings.data_dir),
        f"{PREFIX}PRINTER": settings.printer,
        f"{PREFIX}SERVER_URL": settings.server_url,
        f"{PREFIX}TERMINAL": settings.terminal,
        f"{PREFIX}SCALE": settings.scale,
        f"{PREFIX}LABEL_PRINTER": settings.label_printer,
        f"{PREFIX}LABEL_ROLL": settings.label_roll,
        f"{PREFIX}KEYRING": "false",
        "XDG_STATE_HOME": str(settings.data_dir.parent / "state"),
        "QT_QPA_PLATFORM": "offscreen",
    }
