"""The front door of the office: log-ins, slower for whoever guesses, with a history."""

from __future__ import annotations

from sync_server.accounts.service import AccountService
from sync_server.attempts import Attempts, of_account, of_address
from sync_server.auth import Actor
from sync_server.database import Database
from sync_server.errors import NotLoggedIn


class FrontDoor:
    """Opens its own transactions: a wrong try is remembered although it ends in an error."""

    def __init__(self, db: Database, accounts: AccountService, attempts: Attempts) -> None:
        self._db = db
        self._accounts = accounts
        self._attempts = attempts

    def log_in(self, name: str, password: str, address: str) -> Actor:
        """Raises NotLoggedIn, or TooManyTries before the password is looked at."""
        keys = [of_account(name), of_address("log-in", address)]
        with self._attempts.guarding(keys, NotLoggedIn):
            try:
                with self._db.read() as tx:
                    actor = self._accounts.log_in(tx, name, password)
            except NotLoggedIn:
                self._remember(name, address, False)
                raise
        self._remember(name, address, True)
        return actor

    def _remember(self, name: str, address: str, succeeded: bool) -> None:
        with self._db.write() as tx:
            self._accounts.remember(tx, name, address, succeeded)
