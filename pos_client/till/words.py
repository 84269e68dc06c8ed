"""Every sentence the till's core says, in English; screens translate them by code.

`{name}` stands for the value `name` of the words; `{amount}` may also be the value `amount_minor` (and so on
for _milli, _ppm, _at_ms), as the shop writes it.
"""

from __future__ import annotations

NOTICES: dict[str, str] = {
    # scanning
    "unknown_barcode": "Nothing is sold under {code}. Search by name, or ask the manager to add it.",
    "wrong_check_digit": "{code} was not read rightly: its check digit is wrong. Scan it again.",
    "unreadable_scan": "That scan holds signs that no barcode has. Clean the label and scan it again.",
    "scan_too_long": "That is too long for a code. Scan one barcode at a time.",
    "no_code": "Scan or type a code first.",
    "bad_multiplier": "{text} is not a quantity. Write it like 3*4006381333931.",
    "gs1_without_product": "This code names no product. Scan the other barcode on the package.",
    "coupon_taken": "{name}: the coupon counts on this ticket.",
    "coupon_twice": "{name} is on this ticket already. A coupon counts once.",
    "coupon_not_now": "The coupon for {name} does not hold today.",
    "coupon_too_early": "Scan what the customer buys first, then the coupon.",
    "no_price": "{name} has no price yet. Ask the manager; head office has to give it one.",
    "embedded_price_zero": "The label's price or weight is zero. Print the label again.",
    # ticket
    "no_line": "Choose a line of the ticket first.",
    "whole_pieces": "{name} is sold by the piece. Enter a whole number.",
    "quantity_zero": "A quantity must be more than nothing. Void the line if the customer does not want it.",
    "quantity_too_large": "That is more than one line can hold. Was a barcode scanned into the quantity?",
    "amount_too_large": "That comes to more than a till can sell at once. Check the quantity and the price.",
    "serial_is_one": "{name} has a serial number of its own: one piece on each line.",
    "serial_twice": "Serial number {serial} is on this ticket already.",
    "answer_empty": "Enter something first, or press no.",
    "deposit_follows": "The deposit belongs to {name}. Change or void that line instead.",
    "price_is_fixed": "The label of {name} states its price. Void the line if the label is wrong.",
    "bad_price": "A price must not be less than nothing.",
    "reason_needed": "Say why; head office sees the reason.",
    "bad_discount": "A discount is more than nothing and at most all of it.",
    "nothing_to_discount": "There is nothing on the ticket to take a discount off.",
    "text_too_long": "Keep it shorter: {limit} letters at most.",
    "ticket_full": "A ticket holds {limit} lines. Take the money for these and begin another.",
    "nothing_to_void": "There is nothing to void.",
    "age_refused": "{name} was not added: the customer is not old enough or has shown no proof.",
    "nothing_to_park": "There is nothing to park.",
    "not_parked": "That ticket is not parked any more. Another recall may have taken it.",
    "parked_unreadable": "The parked ticket can't be read. It stays parked; call support.",
    "ticket_open": "Finish, park or void the ticket first.",
    "restored": "Your ticket from before was brought back: {lines} lines.",
    "cart_not_saved": "The ticket could not be saved to disk. Finish this sale soon and free some space.",
    "parked": "Parked as {label}.",
    "sale_voided": "The sale was voided.",
    "sold": "Sold. Change {change}.",
    # payment
    "nothing_to_pay": "There is nothing on the ticket to pay.",
    "not_paying": "Press Pay first.",
    "paying": "A payment is in progress. Go back to the sale first.",
    "bad_amount": "Enter an amount that is more than nothing.",
    "absurd_amount": "{amount} can't be right. Was a barcode scanned into the amount? Nothing was taken.",
    "not_payable_in_cash": "Cash goes in steps of {step} here. Enter an amount the customer can hand over.",
    "too_many_tenders": "That is too many payments for one sale. Add them up and enter them as one.",
    "no_tender": "No payment has been entered yet.",
    "money_missing": "{missing} is still missing.",
    # people
    "wrong_pin": "That PIN is not known. Try again.",
    "locked_out": "Too many wrong PINs. Wait {seconds} seconds and try again.",
    "not_logged_in": "Log in with your PIN first.",
    "not_allowed": "{name} may not do this. Ask someone who may.",
    "approver_not_allowed": "{name} may not approve this. Ask for another PIN.",
    "no_catalogue": "The products have not arrived yet. Check the line to head office.",
    # shift and cash
    "no_shift": "Open a shift first.",
    "shift_is_open": "A shift is open already.",
    "cash_moved": "Written down: {amount}.",
    "drawer_opened": "The drawer is open.",
    "counting": "The drawer is being counted. Finish the count, or save it and count later.",
    "not_counting": "Start the count first.",
    "not_a_denomination": "There is no note or coin of {amount}.",
    "bad_pieces": "Enter how many pieces: 0 to {limit}.",
    "count_saved": "The count is put aside. Start it again to go on.",
    "not_counted": "Confirm the count first.",
    "dismiss_report_first": "Put the report away first.",
    # receipts
    "no_receipt": "There is no receipt to print again.",
    "unknown_receipt": "This till has no receipt {receipt_number}. Check the number.",
    "reprinted": "{receipt_number} is printing again, marked COPY {copy}.",
    # questions
    "answer_first": "Answer the question on the screen first.",
    "no_question": "There is no question to answer.",
    # what was typed
    "invalid_amount": "{text} is not an amount. Enter digits, like 12.50.",
    "amount_has_too_many_decimals": "{text} has more decimals than the money here.",
    "invalid_quantity": "{text} is not a quantity. Enter digits, like 2 or 0.350.",
    # storage and the rest
    "storage_full": "The disk is full and nothing was written or lost. Free some space, then do it again.",
    "storage_failed": "The till could not write to its disk; nothing was taken. Try again.",
    "already_running": "Another till program has this till open. Close it first.",
    "trouble": "{message}",
}

QUESTIONS: dict[str, str] = {
    "confirm_age": "{name}: is the customer {years} or older? Born on or before {born_on_or_before}.",
    "enter_quantity": "How much of {name}, in {unit}?",
    "enter_price": "What does {name} cost?",
    "enter_serial": "Serial number of {name}?",
    "enter_lot": "Lot number of {name}?",
    "void_sale": "Void the sale of {amount}?",
    "approver_pin": "This needs someone who may do it. Their PIN, please.",
    "approve_variance": "The count is {over_short} off. A manager's PIN is needed to close.",
}

SMALL_PRINT: dict[str, str] = {
    "code": "{code}",
    "tax": "{name}",
    "measured": "{unit_price} / {unit}",
    "line_discount": "{label} −{rate} (was {was})",
    "line_discount_amount": "{label} −{amount} (was {was})",
    "promotion_rate": "{label} −{rate} (was {was})",
    "promotion_amount": "{label} −{amount} (was {was})",
    "promotion_free": "{label} · {pieces} free",
    "promotion_pieces": "{label} · {pieces} at −{rate}",
    "promotion_share": "{label} · share −{amount}",
    "sale_discount": "share of discount −{amount}",
    "price_override": "{reason} (was {was})",
    "age_confirmed": "age {years} confirmed",
    "deposit_for": "deposit for {name}",
    "label_price": "price on the label",
    "serial": "serial {serial}",
    "lot": "lot {lot}",
    "note": "{text}",
}
