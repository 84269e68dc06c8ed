"""Head office: prices, goods, staff, settings and stock, changed while the tills sell."""

from __future__ import annotations

import msgspec

from sync_server.catalogue.service import ProductFields
from sync_server.services import Services
from sync_server.stock.service import Correction
from tests.simulation.chance import Chance
from tests.simulation.office import Office
from tests.simulation.shop import STORE

_DECISIONS = {
    "price": 8,
    "many_prices": 1,
    "rename": 3,
    "withdraw": 2,
    "new": 2,
    "staff": 2,
    "settings": 1,
    "stock": 2,
    "compact": 1,
}


class HeadOffice:
    def __init__(self, office: Office, chance: Chance, product_ids: list[str]) -> None:
        self._office = office
        self._chance = chance
        self._product_ids = product_ids
        self.corrections: dict[str, int] = {}
        """Product id -> what was added to its stock, as far as it was committed."""

    def decide(self) -> None:
        getattr(self, f"_{self._chance.weighted(_DECISIONS)}")()

    def _compact(self) -> None:
        self._office.compact()

    def _price(self) -> None:
        product_id, price = self._chance.pick(self._product_ids), self._chance.between(1, 9_999)
        self._office.decide(
            f"{product_id[:6]} costs {price}",
            lambda services, tx: services.pricing.change_price(tx, product_id, price, changed_by="Ada"),
        )

    def _many_prices(self) -> None:
        prices = [(product_id, self._chance.between(1, 9_999)) for product_id in self._product_ids]
        self._office.decide(
            "all prices", lambda services, tx: services.pricing.set_prices(tx, prices, changed_by="Ada")
        )

    def _rename(self) -> None:
        product_id, name = self._chance.pick(self._product_ids), f"Goods {self._chance.bytes(3).hex()}"

        def rename(services: Services, tx: object) -> None:
            kept = services.catalogue.product(tx, product_id)  # type: ignore[arg-type]
            fields = ProductFields(sku=kept.product.sku, name=name)
            services.catalogue.change(tx, product_id, fields)  # type: ignore[arg-type]

        self._office.decide(f"{product_id[:6]} is called {name}", rename)

    def _withdraw(self) -> None:
        product_id = self._chance.pick(self._product_ids)
        self._office.decide(
            f"{product_id[:6]} is withdrawn",
            lambda services, tx: services.catalogue.remove(tx, product_id),
        )

    def _new(self) -> None:
        sku = f"SKU-{self._chance.bytes(4).hex()}"
        self._office.decide(
            f"new: {sku}",
            lambda services, tx: services.catalogue.create(tx, ProductFields(sku=sku, name="New goods")),
        )

    def _staff(self) -> None:
        role = self._chance.pick(("trainee", "cashier", "senior", "manager"))

        def promote(services: Services, tx: object) -> None:
            member = self._chance.pick(services.staff.members(tx))  # type: ignore[arg-type]
            services.staff.change_role(tx, member.staff_id, role)  # type: ignore[arg-type]

        self._office.decide(f"somebody is {role} now", promote)

    def _settings(self) -> None:
        footer = f"Thank you {self._chance.bytes(2).hex()}"

        def change(services: Services, tx: object) -> None:
            config = services.stores.store(tx, STORE)  # type: ignore[arg-type]
            changed = msgspec.structs.replace(config, receipt_footer=footer)
            services.stores.change(tx, changed)  # type: ignore[arg-type]

        self._office.decide(f"receipts end with {footer}", change)

    def _stock(self) -> None:
        product_id, change = self._chance.pick(self._product_ids), self._chance.between(-9_000, 90_000)
        wanted = Correction(product_id=product_id, location_id=STORE, change_milli=change)
        key = self._chance.bytes(8).hex()
        self._office.decide(
            f"stock of {product_id[:6]} {change:+}",
            lambda services, tx: services.stock.correct(tx, wanted, "Ada", key),
        )
