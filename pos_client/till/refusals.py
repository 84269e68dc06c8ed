"""How an action ends without being done: refused with a notice, or waiting for an answer."""

from __future__ import annotations

from collections.abc import Callable

from pos_client.till.state import Question, Severity, Words
from pos_client.till.words import NOTICES, QUESTIONS


class Refused(Exception):
    """The action is not done, and `words` say why and what to do."""

    def __init__(self, code: str, /, *, severity: Severity = Severity.WARNING, **values: str | int) -> None:
        assert code in NOTICES, code
        super().__init__(code)
        self.words = Words(code, values)
        self.severity = severity


class WrongPin(Refused):
    """The PIN was wrong: the question that asked for it stays."""


class Asked(Exception):
    """The action goes on in `then`, with the answer as typed, once `question` is answered with yes.

    `refusal` is what is said after a no; nothing by default.
    """

    def __init__(
        self,
        code: str,
        then: Callable[[str], None],
        /,
        *,
        needs: str = "",
        answer: str = "",
        refusal: Refused | None = None,
        **values: str | int,
    ) -> None:
        assert code in QUESTIONS, code
        super().__init__(code)
        self.question = Question(Words(code, values), answer or code, needs)
        self.then = then
        self.refusal = refusal
