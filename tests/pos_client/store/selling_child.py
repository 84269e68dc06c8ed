"""A till without a window that sells until it is killed, naming each receipt once it is committed."""

from __future__ import annotations

from multiprocessing.connection import Connection
from pathlib import Path

from tests.pos_client.store.made_up_shop import a_sale, open_books


def sell_for_ever(folder: Path, run: int, printer: Connection) -> None:
    books = open_books(folder, start=run * 1_000_000)
    sale = a_sale()
    while True:
        printer.send_bytes(books.post_sale(sale, open_drawer=True).sale.receipt_number.encode())
