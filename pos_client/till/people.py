"""Who stands at the till: PINs, the lock-out after wrong ones, and approval by a second person."""

from __future__ import annotations

from collections.abc import Callable

from pos_client.till.ports import Catalogue, Clock, PinCheck
from pos_client.till.refusals import Refused, WrongPin
from pos_client.till.state import OperatorView, Severity
from shared_models.staff import Permission, StaffMember

FREE_TRIES = 5
FIRST_DELAY_MS = 30_000
LONGEST_DELAY_MS = 15 * 60_000


class People:
    """The operator logged in, and how many wrong PINs were typed since the last right one.

    `keep_wrong` is told the number whenever it changes; who begins with `wrong` of them waits as after the last one.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        clock: Clock,
        pins: PinCheck,
        wrong: int = 0,
        keep_wrong: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._catalogue = catalogue
        self._clock = clock
        self._pins = pins
        self._wrong = wrong
        self._keep_wrong = keep_wrong
        self._recent: list[str] = []
        self.locked_until_ms = self._clock.monotonic_ms() + self._delay_ms() if self._delay_ms() else 0
        self.operator: StaffMember | None = None
        self._looked_at: tuple[StaffMember, ...] | None = None

    def identify(self, pin: str) -> StaffMember:
        """The one whose PIN it is; raises Refused for a wrong PIN and while locked out."""
        self._refuse_while_locked_out()
        for member in self._by_recent_use():
            if member.active and self._pins.matches(member.pin_hash, pin):
                if self._wrong:
                    self._set_wrong(0)
                self._recent = [member.staff_id, *(one for one in self._recent if one != member.staff_id)]
                return member
        self._count_wrong_pin()
        raise WrongPin("wrong_pin", severity=Severity.DANGER)

    def approver(self, pin: str, permission: Permission) -> StaffMember:
        member = self.identify(pin)
        if not member.may(permission):
            raise WrongPin("approver_not_allowed", name=member.name)
        return member

    def current(self) -> StaffMember:
        if self.operator is None:
            raise Refused("not_logged_in")
        return self.operator

    def look_again(self) -> StaffMember | None:
        """Take over what head office has changed about the operator; who has left is returned, and gone from here."""
        member, staff = self.operator, self._catalogue.staff()
        if member is None or staff is self._looked_at:
            return None
        self._looked_at = staff
        known = (one for one in staff if one.staff_id == member.staff_id and one.active)
        self.operator = next(known, None)
        return None if self.operator else member

    def view(self) -> OperatorView | None:
        member = self.operator
        return OperatorView(member.staff_id, member.name, member.permissions) if member else None

    def _by_recent_use(self) -> list[StaffMember]:
        """Checking a PIN is slow on purpose, so those at this till today come first."""
        rank = {staff_id: at for at, staff_id in enumerate(self._recent)}
        return sorted(self._catalogue.staff(), key=lambda member: rank.get(member.staff_id, len(rank)))

    def _refuse_while_locked_out(self) -> None:
        left_ms = self.locked_until_ms - self._clock.monotonic_ms()
        if left_ms > 0:
            raise Refused("locked_out", severity=Severity.DANGER, seconds=-(-left_ms // 1000))

    def _count_wrong_pin(self) -> None:
        self._set_wrong(self._wrong + 1)
        if delay_ms := self._delay_ms():
            self.locked_until_ms = self._clock.monotonic_ms() + delay_ms
            raise Refused("locked_out", severity=Severity.DANGER, seconds=delay_ms // 1000)

    def _set_wrong(self, count: int) -> None:
        self._wrong = count
        self._keep_wrong(count)

    def _delay_ms(self) -> int:
        if self._wrong < FREE_TRIES:
            return 0
        return min(FIRST_DELAY_MS << min(self._wrong - FREE_TRIES, 10), LONGEST_DELAY_MS)
