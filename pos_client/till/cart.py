"""The ticket: what the customer has on the counter. The one mutable business object of the till."""

from __future__ import annotations

import msgspec

from shared_models.pricing import ManualDiscount
from shared_models.sale import SoldComponent, VoidedLine
from shared_models.tax import Tax

MAX_LINES = 1000


class Line(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One line, with everything captured when it was scanned: a price change later does not touch it.

    `key` names the line within its ticket and never changes; `deposit_of` is the key of the line whose
    deposit this is. `label_amount_minor` is what a price label stated for the whole line.
    """

    key: int
    product_id: str
    sku: str
    code: str
    name: str
    quantity_milli: int
    unit_price_minor: int
    regular_price_minor: int
    taxes: tuple[Tax, ...]
    tax_category_id: str
    unit: str = "piece"
    weighed: bool = False
    price_id: str = ""
    category_id: str | None = None
    label_amount_minor: int | None = None
    discount: ManualDiscount | None = None
    override_reason: str = ""
    age_confirmed: int = 0
    deposit_of: int | None = None
    deposit_for: str = ""
    note: str = ""
    serial: str = ""
    lot: str = ""
    own_price: bool = False
    is_gift: bool = False
    components: tuple[SoldComponent, ...] = ()
    """Of one piece."""
    weighed_by: str = ""

    def merges_with(self, other: Line) -> bool:
        """Whether `other`, just scanned, is more of this very line."""
        if self.weighed or self.own_price or self.label_amount_minor is not None or self.serial:
            return False
        return msgspec.structs.replace(other, key=self.key, quantity_milli=self.quantity_milli) == self


class CartSnapshot(msgspec.Struct, frozen=True):
    """A cart as it was; also how it is parked and saved."""

    sale_id: str
    started_at_ms: int
    lines: tuple[Line, ...]
    voided: tuple[VoidedLine, ...] = ()
    discount: ManualDiscount | None = None
    age_confirmed: int = 0
    selected: int | None = None
    next_key: int = 1
    coupons: tuple[str, ...] = ()
    parked_version: int = 0


class Cart:
    """Lines in the order of scanning. Every line is immutable: changing one puts another in its place."""

    def __init__(self, sale_id: str, started_at_ms: int) -> None:
        self.restore(CartSnapshot(sale_id, started_at_ms, ()))

    def snapshot(self) -> CartSnapshot:
        return CartSnapshot(
            self.sale_id,
            self.started_at_ms,
            tuple(self.lines),
            tuple(self.voided),
            self.discount,
            self.age_confirmed,
            self.selected,
            self._next_key,
            self.coupons,
            self.parked_version,
        )

    def restore(self, snapshot: CartSnapshot) -> None:
        self.sale_id = snapshot.sale_id
        self.started_at_ms = snapshot.started_at_ms
        self.lines = list(snapshot.lines)
        self.voided = list(snapshot.voided)
        self.discount = snapshot.discount
        self.age_confirmed = snapshot.age_confirmed
        self.selected = snapshot.selected
        self._next_key = snapshot.next_key
        self.coupons = snapshot.coupons
        self.parked_version = snapshot.parked_version
        """How often the ticket was parked or changed hands; 0 for one that never was parked."""

    def begin(self, sale_id: str, started_at_ms: int) -> None:
        """Empty, for the next customer."""
        self.restore(CartSnapshot(sale_id, started_at_ms, ()))

    def is_untouched(self) -> bool:
        """No line on it and none voided: nobody would miss it."""
        return not self.lines and not self.voided

    def take_key(self) -> int:
        self._next_key += 1
        return self._next_key - 1

    def add(self, line: Line) -> None:
        """A new line at the end, selected."""
        self.lines.append(line)
        self.selected = len(self.lines) - 1

    def replace(self, index: int, line: Line) -> None:
        self.lines[index] = line
        self.selected = index

    def last_scanned(self) -> int | None:
        """Index of the last line that is not a deposit: the one that a second scan would add to."""
        for index in range(len(self.lines) - 1, -1, -1):
            if self.lines[index].deposit_of is None:
                return index
        return None

    def deposit_of(self, key: int) -> int | None:
        """Index of the deposit line that belongs to a line."""
        for index, line in enumerate(self.lines):
            if line.deposit_of == key:
                return index
        return None

    def void(self, index: int, records: tuple[VoidedLine, ...]) -> None:
        """Takes a line off, its deposit with it; the records stay with the sale."""
        key = self.lines[index].key
        self.lines = [line for line in self.lines if line.key != key and line.deposit_of != key]
        self.voided.extend(records)
        if not self.lines:
            self.coupons = ()  # the customer may be gone, and the next one has not shown them
        self.selected = min(index, len(self.lines) - 1) if self.lines else None
