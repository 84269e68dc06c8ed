"""A receipt that takes no time to lay out."""

from __future__ import annotations

from hardware.receipt_document import ReceiptDocument, Text
from pos_client.till.ports import PostedSale


def receipt(posted: PostedSale) -> ReceiptDocument:
    mark = (Text("COPY"),) if posted.copies else ()
    return ReceiptDocument((*mark, Text(posted.sale.receipt_number), Text(posted.evidence)))
