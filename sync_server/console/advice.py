"""What each kind of exception means for the shop, and what a person does about it."""

from __future__ import annotations

ADVICE = {
    "journal_restarted": "The till goes on in a new receipt series; every sale that arrived counts once. If entries "
    "are named as missing, look for the till's old disk, its second copy or a stick, and bring the file under "
    "Tills.",
    "journal_forked": "Two copies of one till's files were in use, or an old copy was put back. The till sorts it out "
    "by itself and begins a new receipt series. Look at the till's page for receipts that were printed twice.",
    "till_cloned": "Find both machines. Keep one, and enrol the other as a till of its own. No sale is lost: both "
    "sides' sales are here.",
    "server_restored": "The tills send again what this server lost. Nobody sends again what head office had changed "
    "since the copy: look at prices, products, staff and stock corrections of that time.",
    "receipt_number_twice": "Two receipts carry one number, so both sales count. Note it for the accounts, and look at "
    "the till's page for what led to it.",
    "outbox_imported": "A person brought these entries instead of the line. Entries that are kept apart wait for those "
    "before them: bring the till's other files, or wait for the till.",
    "outbox_cut": "Sales may be in no other place. If the till still has them, write the file again there or let it "
    "send them itself; if it is gone, look for the stick that the file was copied from. What is here counts once.",
    "quarantined": "The entry is kept as it came, and its money stands under Unclassified until it is booked or set "
    "aside. Try it again after an update, or after what it names has been put right.",
    "id_collision": "Two different facts carry one id. Both are kept; compare them with the receipts on paper.",
    "broken_chain": "The entries are kept. Have the till's journal verified on the till, and do not trust its totals "
    "until somebody has.",
    "bad_signature": "The entries are kept. Somebody may have altered them, or the machine is not the one that was "
    "enrolled: verify the journal on the till.",
    "journal_altered": "Something changed what this server had stored: a person, a program or a failing disk. Keep a "
    "copy of the database as it is now. The till still has the right entry if it is younger than its files: verify the "
    "journal there. Then put the entry back from a backup.",
    "signing_key_lost": "Tills sell and send as ever; what they get is only not signed, so a journal that is cut off "
    "later may go unnoticed. Do not leave it so.",
    "till_file": "The till sells on with what could be read. The file is on the till's page, for whoever repairs it; "
    "entries that did not arrive may be in it. Remove it once it was looked at.",
    "totals_differ": "The till's figure stands, as printed. Compare the receipt with what its lines add up to.",
    "wrong_till": "The sale names another till than the one that sent it. Look at how the till was set up.",
    "closing_differs": "The Z report and the sales here do not say the same. Wait until the till has sent everything; "
    "then compare the shift's page line by line.",
    "closings_wait": "Look at the server's clock first. If it is right and the store was shut, close the days by hand "
    "under Closings; else put the clock right, and nothing else is to be done.",
    "late_after_close": "The sale belongs to a shift that was closed without it. Its money is in the takings, and "
    "stands beside the Z report.",
    "oversell": "More was sold than the books had. Count the shelf and correct the stock.",
    "over_refund": "More was taken back than was sold. Ask who did it, and look at both receipts.",
    "overdraft": "More was spent than the card held, by tills that could not ask. The difference is the shop's.",
    "parked_twice": "Two tills took up one parked ticket. Make sure the customer paid once.",
}


def advice(kind: str) -> str:
    """Empty for a kind that its sentence says all of."""
    return ADVICE.get(kind, "")


WHY = {
    "": "first of this till",
    "restored": "an older copy of the till was put back",
    "diverged": "the journal went on elsewhere: a copy was put back, or two machines ran as this till",
    "foreign": "its files had been copied from another till",
    "new_key": "the till was enrolled again",
    "new_machine": "the files moved to another machine",
    "unproven": "the till could not prove that nothing is missing",
    "damaged": "the till's database was damaged or gone",
}
STATES = {
    "active": "in use or ended in order",
    "superseded": "left, and gone on from in a later series",
    "forked": "two copies of it sent different entries",
}
