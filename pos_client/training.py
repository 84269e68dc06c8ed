"""The till for practice: its own books beside the real ones, devices made of software, and nobody it could send to."""

from __future__ import annotations

import msgspec

from hardware.scanners.address import WEDGE
from pos_client.settings import VIRTUAL, TillSettings
from pos_client.store.training_copy import copy_catalogue
from pos_client.sync import identity as identities
from pos_client.till_folder import CATALOGUE_FILE, IDENTITY, identity_of
from shared_models.errors import ShopError

FOLDER = "training"
TILL_ID_PREFIX = "T-"
"""Before the till's id, and so before each of its receipts' numbers."""


class NothingToTrainWith(ShopError):
    """No enrolled till, or no products yet."""

    code = "nothing_to_train_with"


def settings_for(settings: TillSettings) -> TillSettings:
    """Every setting that reaches a device, a disk elsewhere or a server is left out, also those of later versions."""
    return TillSettings(
        data_dir=settings.data_dir / FOLDER,
        fullscreen=settings.fullscreen,
        database_key=settings.database_key,
        printer=VIRTUAL,
        terminal=VIRTUAL,
        scale=VIRTUAL,
        label_printer=VIRTUAL,
        scanners=WEDGE,
        keyring=False,
        theme="training",
    )


def prepare(settings: TillSettings) -> TillSettings:
    """The settings of the practice till, with today's products. Raises NothingToTrainWith."""
    place = identity_of(settings).enrolled
    catalogue = settings.data_dir / CATALOGUE_FILE
    if place is None or not catalogue.exists():
        raise NothingToTrainWith(
            "Training needs this till's products. Enrol it and let it meet head office once, then try again."
        )
    mine = settings_for(settings)
    mine.data_dir.mkdir(parents=True, exist_ok=True)
    identity = identity_of(mine)
    till_id = f"{TILL_ID_PREFIX}{place.till_id}"
    ours = msgspec.structs.replace(place, device_id=identity.device_id, till_id=till_id)
    identities.take_place(mine.data_dir / IDENTITY, ours)
    copy_catalogue(catalogue, mine.data_dir / CATALOGUE_FILE)
    return mine
