"""Staff: who may log in at which stores' tills, and what each may do there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, insert, select, update

from shared_models.staff import StaffMember
from sync_server.errors import Conflict, Invalid, NotFound
from sync_server.ports import NewId, NowMs, Publisher
from sync_server.staff.pins import check_pin, hash_pin, pin_matches
from sync_server.staff.roles import ROLES, permissions_of
from sync_server.staff.tables import staff_member, staff_store

MAX_NAME = 60


class KeptStaff(msgspec.Struct, frozen=True):
    """A member of staff without the PIN, which nobody may read."""

    staff_id: str
    name: str
    role: str
    store_ids: tuple[str, ...]
    active: bool = True


class StaffService:
    def __init__(
        self,
        publisher: Publisher,
        store_ids: Callable[[Connection], Sequence[str]],
        now_ms: NowMs,
        new_id: NewId,
    ) -> None:
        self._publisher = publisher
        self._store_ids = store_ids
        self._now_ms = now_ms
        self._new_id = new_id

    def hire(self, tx: Connection, name: str, pin: str, role: str, store_ids: Sequence[str]) -> KeptStaff:
        """Raises WeakPin, Invalid, or Conflict when somebody in one of the stores has this PIN."""
        made = KeptStaff(
            self._new_id(), _checked_name(name), _checked_role(role), tuple(dict.fromkeys(store_ids))
        )
        if not made.store_ids:
            raise Invalid("Say in which store this person works.")
        if unknown := set(made.store_ids).difference(self._store_ids(tx)):
            raise Invalid(f"There is no store {min(unknown)}. Open it first.", store_id=min(unknown))
        check_pin(pin)
        self._refuse_taken_pin(tx, pin, made.store_ids, made.staff_id)
        row = {"staff_id": made.staff_id, "name": made.name, "role": made.role, "active": True}
        tx.execute(insert(staff_member).values(**row, pin_hash=hash_pin(pin), changed_at_ms=self._now_ms()))
        stores = [{"staff_id": made.staff_id, "store_id": store_id} for store_id in made.store_ids]
        tx.execute(insert(staff_store), stores)
        self._send(tx, made.staff_id)
        return made

    def change_pin(self, tx: Connection, staff_id: str, pin: str) -> None:
        member = self.member(tx, staff_id)
        check_pin(pin)
        self._refuse_taken_pin(tx, pin, member.store_ids, staff_id)
        self._update(tx, staff_id, pin_hash=hash_pin(pin))

    def change_role(self, tx: Connection, staff_id: str, role: str) -> None:
        self.member(tx, staff_id)
        self._update(tx, staff_id, role=_checked_role(role))

    def dismiss(self, tx: Connection, staff_id: str) -> None:
        """May no longer log in anywhere; what the person did stays under the name."""
        self.member(tx, staff_id)
        self._update(tx, staff_id, active=False)

    def member(self, tx: Connection, staff_id: str) -> KeptStaff:
        found = self._with_stores(
            tx, tx.execute(select(staff_member).where(staff_member.c.staff_id == staff_id))
        )
        if not found:
            raise NotFound("There is no such member of staff.", staff_id=staff_id)
        return found[0]

    def members(
        self,
        tx: Connection,
        store_id: str | None = None,
        after: tuple[str, str] | None = None,
        limit: int = 100,
    ) -> list[KeptStaff]:
        query = select(staff_member).order_by(staff_member.c.name, staff_member.c.staff_id).limit(limit)
        if store_id is not None:
            here = select(staff_store.c.staff_id).where(staff_store.c.store_id == store_id)
            query = query.where(staff_member.c.staff_id.in_(here))
        if after is not None:
            name, staff_id = after
            twin = (staff_member.c.name == name) & (staff_member.c.staff_id > staff_id)
            query = query.where((staff_member.c.name > name) | twin)
        return self._with_stores(tx, tx.execute(query))

    def _refuse_taken_pin(self, tx: Connection, pin: str, store_ids: Sequence[str], own_id: str) -> None:
        """A PIN says who it is, so two in a store can't share one. Salted hashes leave only trying each."""
        colleagues = (
            select(staff_member.c.pin_hash)
            .distinct()
            .join(staff_store, staff_store.c.staff_id == staff_member.c.staff_id)
            .where(
                staff_store.c.store_id.in_(store_ids),
                staff_member.c.active,
                staff_member.c.staff_id != own_id,
            )
        )
        if any(pin_matches(pin_hash, pin) for pin_hash in tx.scalars(colleagues)):
            raise Conflict("This PIN can't be used in this store. Choose another.")

    def _update(self, tx: Connection, staff_id: str, **values: object) -> None:
        values["changed_at_ms"] = self._now_ms()
        tx.execute(update(staff_member).where(staff_member.c.staff_id == staff_id).values(**values))
        self._send(tx, staff_id)

    def _send(self, tx: Connection, staff_id: str) -> None:
        row = tx.execute(select(staff_member).where(staff_member.c.staff_id == staff_id)).one()
        value = StaffMember(row.staff_id, row.name, row.pin_hash, permissions_of(row.role), row.active)
        for store_id in tx.scalars(select(staff_store.c.store_id).where(staff_store.c.staff_id == staff_id)):
            self._publisher.publish(tx, f"staff/{store_id}", value)

    def _with_stores(self, tx: Connection, rows: Iterable[Row[Any]]) -> list[KeptStaff]:
        members = list(rows)
        ids = [row.staff_id for row in members]
        stores: dict[str, list[str]] = {staff_id: [] for staff_id in ids}
        for row in tx.execute(
            select(staff_store).where(staff_store.c.staff_id.in_(ids)).order_by(staff_store.c.store_id)
        ):
            stores[row.staff_id].append(row.store_id)
        return [_kept(row, stores) for row in members]


def _kept(row: Row[Any], stores: dict[str, list[str]]) -> KeptStaff:
    return KeptStaff(row.staff_id, row.name, row.role, tuple(stores[row.staff_id]), row.active)


def _checked_name(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > MAX_NAME or not name.isprintable():
        raise Invalid(f"A name has 1 to {MAX_NAME} characters that can be printed.")
    return name


def _checked_role(role: str) -> str:
    if role not in ROLES:
        raise Invalid(f"There is no role '{role}' at the till. Roles are {', '.join(ROLES)}.", role=role)
    return role
