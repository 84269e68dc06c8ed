"""What the push core makes of lost answers, doubled ones, restored servers, forks and poison."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pos_client.sync.outcomes import LocalFault, Nonsense, Refused, Unreachable
from pos_client.sync.push import MOST_ENTRIES, PushCore, push_of
from pos_client.sync.push_messages import (
    Acknowledge,
    AllSent,
    CompareHashes,
    Diverged,
    EntriesRead,
    Look,
    Looked,
    Noted,
    Poked,
    ReadEntries,
    SayHello,
    SendPush,
    SendRaw,
    Trouble,
    TryFailed,
    Wait,
)
from shared_models.sync_api import EntryNote, Limits, PushReply
from shared_models.wire import pack
from tests.effort import examples
from tests.pos_client.sync.model_server import ModelServer
from tests.pos_client.sync.model_till import ModelTill
from tests.pos_client.sync.push_shell import PushShell, all_is_well

FATES = [
    "ok",
    "ok",
    "no line",
    "lost request",
    "lost answer",
    "doubled",
    "time-out",
    "413",
    "401",
    "503",
    "429",
]


def assert_exactly_once(till: ModelTill, server: ModelServer) -> None:
    made = {entry.event_id: entry.body for entry in till.all_entries()}
    assert server.stored == made
    assert set(server.effects.values()) <= {1}
    assert all(state.acked == state.head_seq for state in till.segments())


def shop(sales: int = 3) -> tuple[ModelTill, ModelServer, PushShell]:
    till, server = ModelTill(), ModelServer()
    till.sell(sales)
    return till, server, PushShell(till, server)


def at_first_push(shell: PushShell) -> SendPush:
    """Greeted, read, and one push handed out, which nobody has answered."""
    [hello] = shell.core.step(0, Looked(shell.till.segments()))
    assert isinstance(hello, SayHello)
    *_, look = shell.core.step(0, shell._served(hello))
    assert look == Look()
    [read] = shell.core.step(0, Looked(shell.till.segments()))
    assert isinstance(read, ReadEntries)
    found = shell.till.entries(read.incarnation, read.after_seq, read.limit, read.max_bytes)
    [push] = shell.core.step(0, EntriesRead(read.number, tuple(found)))
    assert isinstance(push, SendPush)
    return push


@settings(max_examples=examples(75))
@given(
    st.lists(st.integers(1, 400), min_size=1, max_size=3),
    st.lists(st.sampled_from(FATES), max_size=60),
    st.integers(0, 5),
)
def test_every_sale_arrives_exactly_once_whatever_the_line_does(
    strands: list[int], fates: list[str], restore_after: int
) -> None:
    till, server = ModelTill(), ModelServer()
    for number, sales in enumerate(strands):
        if number:
            till.begin_strand(bytes([number]) * 16)
        till.sell(sales)
    shell = PushShell(till, server, lambda n: fates[n - 1] if n <= len(fates) else "ok")
    shell.run()
    assert_exactly_once(till, server)
    first = till.strands[0]
    if len(strands) == 1:
        server.restore_backup(first.incarnation, min(restore_after, len(first.entries)))
        till.sell(2)
        shell.run()
        assert_exactly_once(till, server)


def test_a_lost_answer_is_healed_by_asking_what_arrived() -> None:
    till, server, shell = shop()
    shell.line = lambda n: "lost answer" if n == 2 else "ok"
    shell.run()
    assert_exactly_once(till, server)
    assert len(shell.sent) == 1
    assert len(shell.of_kind(SayHello)) == 2


def test_a_batch_that_is_sent_again_is_the_same_bytes() -> None:
    till, server, shell = shop()
    shell.line = lambda n: "503" if n == 2 else "ok"
    shell.run()
    assert_exactly_once(till, server)
    first, second = shell.sent
    assert pack(first.push) == pack(second.push)


def test_a_second_copy_of_an_answer_moves_nothing() -> None:
    till, _, shell = shop()
    push = at_first_push(shell)
    answer = shell._served(push)
    assert Look() in shell.core.step(0, answer)
    till.sell()
    assert shell.core.step(0, answer) == ()


def test_an_answer_that_overtook_another_is_not_listened_to() -> None:
    _, _, shell = shop()
    push = at_first_push(shell)
    late = shell._served(push)
    shell.core.step(0, TryFailed(push.number, Unreachable("no answer in time", sent=True)))
    assert shell.core.step(10, late) == ()


def test_a_server_restored_from_a_backup_gets_the_sales_again() -> None:
    till, server, shell = shop(10)
    shell.run()
    server.restore_backup(till.strands[0].incarnation, 4)
    till.sell()
    shell.run()
    assert_exactly_once(till, server)
    assert (till.strands[0].incarnation, 4) in till.acknowledged


def test_a_server_that_lost_everything_gets_everything_again() -> None:
    till, server, shell = shop(10)
    shell.run()
    server.restore_backup(till.strands[0].incarnation, 0)
    shell.now_ms += 600_000
    shell.run()
    assert_exactly_once(till, server)


def test_a_till_put_back_from_a_copy_goes_on_in_a_new_incarnation_and_says_so() -> None:
    till, server, shell = shop(10)
    shell.run()
    del till.strands[0].entries[5:]
    till.strands[0].acked = 5
    shell.now_ms += 600_000
    shell.run()
    [fork] = shell.of_kind(Diverged)
    assert isinstance(fork, Diverged)
    assert fork.high == 10
    assert "restored" in fork.message
    assert till.left == [(5, "restored")]
    till.sell(3)
    shell.run()
    assert (till.strands[0].acked, till.strands[1].acked) == (5, 3)
    assert len(server.stored) == 13


@pytest.mark.parametrize("common", [0, 1, 4, 5])
def test_a_twin_sends_what_it_sold_in_a_new_incarnation_from_where_both_part(common: int) -> None:
    till, server, shell = shop(common)
    shell.run()
    twin = ModelTill()
    twin.sell(common)
    twin.sell(3, body=b'{"twin":1}')
    server.push(push_of(twin.segments()[0], twin.strands[0].entries))
    till.sell(2)
    shell.now_ms += 600_000
    shell.run()
    assert till.left == [(common, "diverged")]
    assert [len(strand.entries) for strand in till.strands] == [common, 2]
    assert till.strands[1].acked == 2
    assert server.effects.keys() == {
        entry.event_id for entry in (*till.all_entries(), *twin.strands[0].entries)
    }
    assert set(server.effects.values()) == {1}


@given(common=st.integers(0, 300), ours=st.integers(0, 300), theirs=st.integers(0, 300))
@settings(max_examples=examples(40))
def test_where_two_journals_part_is_found_in_few_questions(common: int, ours: int, theirs: int) -> None:
    till, server, shell = shop(common)
    shell.run()
    twin = ModelTill()
    twin.sell(common)
    twin.sell(theirs, body=b'{"twin":1}')
    if twin.all_entries():
        server.push(push_of(twin.segments()[0], twin.strands[0].entries))
    till.sell(ours)
    shell.now_ms += 600_000
    shell.run()
    assert all(left == common for left, _ in till.left)
    assert bool(till.left) == bool(theirs and common + ours)
    assert len(shell.of_kind(CompareHashes)) <= 3
    assert sum(strand.acked for strand in till.strands) == common + ours
    assert len(server.stored) == common + ours + theirs


def test_an_incarnation_that_was_left_before_keeps_what_the_server_has_too() -> None:
    till, server, shell = shop(5)
    shell.run()
    kept, lost = till.strands[0].entries[:3], till.strands[0].entries[3:]
    till.strands[0].entries = kept
    till.strands[0].acked = 3
    till.begin_strand(b"n" * 16)
    till.sell(4)
    shell.now_ms += 600_000
    shell.run()
    assert till.left == []
    assert (till.strands[0].acked, till.strands[1].acked) == (3, 4)
    assert not shell.core.diverged
    assert len(server.stored) == len(kept) + len(lost) + 4
    asked = len(shell.of_kind(CompareHashes))
    shell.now_ms += 600_000
    shell.run()
    assert len(shell.of_kind(CompareHashes)) == asked, "it is asked about once"


def test_what_one_server_has_of_an_earlier_incarnation_another_need_not_have() -> None:
    """The store's hub held the till's own branch, the central server holds that of a copy of the till."""
    till, server, shell = shop(5)
    shell.run()
    left = till.strands[0]
    left.entries, left.acked = left.entries[:3], 3
    till.begin_strand(b"n" * 16)
    till.sell(1)
    shell.now_ms += 600_000
    shell.run()
    assert till.left == []
    server.chains[left.incarnation][2:] = [bytes([n]) * 32 for n in range(4)]
    third = left.entries[2]
    del server.stored[third.event_id]
    shell.now_ms += 600_000
    shell.run()
    assert till.left == [(2, "diverged")]
    assert server.stored[third.event_id] == third.body


def test_where_journals_part_is_looked_for_anew_at_a_server_that_says_something_else() -> None:
    """The hub answered the first question, and went away; the central server shares less with this till."""
    till, server, shell = shop(400)
    shell.run()
    chain = server.chains[till.strands[0].incarnation]
    own = chain.copy()
    chain[398:] = [b"h" * 32] * 4

    def hub_goes_away(_: int) -> str:
        if len(shell.of_kind(CompareHashes)) < 2:
            return "ok"
        chain[:] = [*own[:10], *[b"c" * 32] * 400]
        shell.line = all_is_well
        return "no line"

    shell.line = hub_goes_away
    for _ in range(2):
        shell.now_ms += 600_000
        shell.run()
    assert till.left == [(10, "diverged")]


def test_what_an_earlier_incarnation_has_beside_the_server_is_sent_in_the_current_one() -> None:
    till, server, shell = shop(5)
    shell.run()
    till.forge(3, b'{"other":1}')
    till.begin_strand(b"n" * 16)
    till.sell(4)
    shell.now_ms += 600_000
    shell.run()
    assert till.left == [(2, "diverged")]
    assert [len(strand.entries) for strand in till.strands] == [2, 7]
    assert till.strands[1].acked == 7
    assert len(server.stored) == 5 + 3 + 4


def test_a_server_that_cannot_compare_gets_nothing_of_a_fork_but_everything_else() -> None:
    till, _, shell = shop(5)
    shell.run()
    till.forge(3, b'{"other":1}')
    till.begin_strand(b"n" * 16)
    till.sell(4)
    shell.now_ms += 600_000
    shell.cannot_compare = True
    shell.run()
    assert till.strands[1].acked == 4
    assert till.left == []
    assert shell.core.diverged


def test_a_server_that_contradicts_itself_starts_ever_fewer_incarnations() -> None:
    till, server, shell = shop(5)
    shell.run()
    for _ in range(40):
        current = till.strands[-1]
        server.chains[current.incarnation] = [b"x" * 32] * (len(current.entries) + 1)
        till.sell()
        if not shell.turn():
            shell.turn()
    hours = (shell.now_ms + 3_600_000) // 3_600_000
    assert len(till.left) <= 30 * hours


def test_a_journal_that_the_server_knows_from_another_till_goes_on_as_one_of_its_own() -> None:
    till, server, shell = shop(5)
    server.foreign.add(till.strands[0].incarnation)
    till.strands[0].acked = 3
    shell.run()
    [fork] = shell.of_kind(Diverged)
    assert isinstance(fork, Diverged)
    assert "another till" in fork.message
    assert till.left == [(3, "foreign")]
    assert till.strands[1].acked == 2
    till.sell()
    shell.now_ms += 600_000
    shell.run()
    assert till.left == [(3, "foreign")]
    assert till.strands[1].acked == 3
    assert len(server.stored) == 3


@pytest.mark.parametrize("steps_past", [True, False])
def test_an_entry_that_crashes_the_server_is_handed_over_raw(steps_past: bool) -> None:
    till, server, shell = shop(400)
    poison = till.strands[0].entries[17]
    server.crashes_on.add(poison.event_id)
    shell.steps_past_raw = steps_past
    shell.run(until_ms=3_600_000)
    assert server.raw == {poison.event_id: poison.body}
    if steps_past:
        assert_exactly_once(till, server)
    else:
        assert till.strands[0].acked == 17
        assert shell.of_kind(Trouble)


@pytest.mark.parametrize("at", [0, 100, 255])
def test_one_poisoned_entry_in_a_full_batch_is_found_within_a_minute(at: int) -> None:
    till, server, shell = shop(600)
    server.crashes_on.add(till.strands[0].entries[at].event_id)
    shell.run()
    assert_exactly_once(till, server)
    assert shell.last_request_ms < 60_000
    assert len(server.raw) == 1


def test_two_poisoned_entries_are_both_handed_over_raw() -> None:
    till, server, shell = shop(50)
    poisoned = {till.strands[0].entries[number].event_id for number in (10, 11)}
    server.crashes_on |= poisoned
    shell.run()
    assert_exactly_once(till, server)
    assert set(server.raw) == poisoned


def test_after_a_poisoned_entry_the_batches_grow_again() -> None:
    till, server, shell = shop(4 * MOST_ENTRIES)
    server.crashes_on.add(till.strands[0].entries[2].event_id)
    shell.run()
    assert max(len(sent.push.entries) for sent in shell.sent[10:]) == MOST_ENTRIES
    assert_exactly_once(till, server)


def test_a_server_that_refuses_the_raw_entry_too_is_asked_again_and_again() -> None:
    till, server, shell = shop(1)
    shell.line = lambda n: "503" if n > 1 else "ok"
    shell.run(until_ms=3_600_000)
    assert {type(sent) for sent in shell.sent} == {SendPush, SendRaw}
    assert till.strands[0].acked == 0
    shell.line = lambda n: "ok"
    shell.run()
    assert_exactly_once(till, server)


@pytest.mark.parametrize(
    ("fate", "after"),
    [
        ("413", MOST_ENTRIES // 2),
        ("time-out", MOST_ENTRIES // 2),
        ("no line", MOST_ENTRIES),
        ("503", MOST_ENTRIES),
    ],
)
def test_only_what_is_too_much_makes_batches_smaller_at_once(fate: str, after: int) -> None:
    _, _, shell = shop(MOST_ENTRIES + 50)
    shell.line = lambda n: fate if n == 2 else "ok"
    shell.run()
    assert len(shell.sent[1].push.entries) == after


def test_a_server_that_is_too_busy_for_anybody_gets_the_same_batch_again_and_never_a_raw_one() -> None:
    till, server, shell = shop(10)
    shell.line = lambda n: "busy" if n > 1 else "ok"
    shell.run(until_ms=1_800_000)
    assert len(shell.sent) > 5
    assert {type(sent) for sent in shell.sent} == {SendPush}
    assert {len(sent.push.entries) for sent in shell.sent} == {len(till.all_entries())}
    shell.line = lambda n: "ok"
    shell.run()
    assert_exactly_once(till, server)


def test_a_server_may_ask_for_smaller_batches() -> None:
    till, _, shell = shop(10)
    push = at_first_push(shell)
    reply = shell.server.push(push.push)
    till.sell(10)
    small = Limits(batch_entries=3, batch_bytes=0)
    shell.core.step(0, shell.answered(push.number, PushReply(**{**_fields(reply), "limits": small})))
    shell.till.acknowledge(reply.incarnation, reply.high, 0)
    [read] = shell.core.step(0, Looked(till.segments()))
    assert isinstance(read, ReadEntries)
    assert (read.limit, read.max_bytes) == (3, 1)


def test_a_server_that_asks_for_patience_gets_it_but_not_for_ever() -> None:
    _, _, shell = shop()
    push = at_first_push(shell)
    *_, wait = shell.core.step(0, TryFailed(push.number, Refused(429, retry_after_ms=20_000)))
    assert wait == Wait(20_000)
    assert shell.core.step(100, Looked(shell.till.segments())) == (Wait(20_000),)
    [again] = shell.core.step(20_000, Looked(shell.till.segments()))
    assert isinstance(again, SendPush)
    *_, wait = shell.core.step(20_000, TryFailed(again.number, Refused(503, retry_after_ms=1 << 50)))
    assert wait == Wait(20_000 + 3_600_000)


def test_waits_grow_to_five_minutes_and_not_further() -> None:
    _, _, shell = shop()
    shell.line = lambda n: "no line"
    starts = []
    for _ in range(14):
        starts.append(shell.now_ms)
        shell.turn()
    gaps = [later - earlier for earlier, later in pairwise(starts)]
    assert gaps[:4] == [1_000, 2_000, 4_000, 8_000]
    assert gaps[-1] == 300_000


def test_a_poke_ends_the_wait_for_a_line_but_not_one_the_server_asked_for() -> None:
    _, _, shell = shop()
    push = at_first_push(shell)
    shell.core.step(0, TryFailed(push.number, Unreachable("no route")))
    assert shell.core.step(10, Poked()) == (Look(),)
    [hello] = shell.core.step(10, Looked(shell.till.segments()))
    assert isinstance(hello, SayHello)
    shell.core.step(10, TryFailed(hello.number, Refused(503, retry_after_ms=9_000)))
    shell.core.step(20, Poked())
    assert shell.core.step(20, Looked(shell.till.segments())) == (Wait(9_010),)


def test_a_server_that_is_well_again_is_not_left_waiting_for_the_faults_that_it_had() -> None:
    """Its database was down, and it said so; then the long-poll hears that it works."""
    _, _, shell = shop()
    push = at_first_push(shell)
    *_, wait = shell.core.step(0, TryFailed(push.number, Refused(500)))
    assert wait == Wait(1_000)
    assert shell.core.step(10, Poked()) == (Look(),)
    [again] = shell.core.step(10, Looked(shell.till.segments()))
    assert isinstance(again, SendPush)


def test_nothing_is_sent_while_an_answer_is_awaited() -> None:
    till, _, shell = shop()
    at_first_push(shell)
    till.sell()
    assert shell.core.step(5, Looked(till.segments())) == ()


@pytest.mark.parametrize(
    "nonsense",
    [
        {"hash": b"short"},
        {"high": -1},
        {"incarnation": b"o" * 16},
        {"high": 0},
    ],
)
def test_an_answer_that_makes_no_sense_acknowledges_nothing(nonsense: dict[str, object]) -> None:
    _, server, shell = shop()
    push = at_first_push(shell)
    reply = PushReply(**{**_fields(server.push(push.push)), **nonsense})
    end = shell.end(push.push.incarnation, max(0, reply.high))
    steps = shell.core.step(
        0, type(shell.answered(push.number, server.push(push.push)))(push.number, reply, end)
    )
    assert all(step.high == 0 for step in steps if isinstance(step, Acknowledge))
    [trouble] = [step for step in steps if isinstance(step, Trouble)]
    assert trouble.code == "nonsense"
    assert "makes no sense" in trouble.message


def test_a_hello_that_makes_no_sense_acknowledges_nothing() -> None:
    _, server, shell = shop()
    [hello] = shell.core.step(0, Looked(shell.till.segments()))
    assert isinstance(hello, SayHello)
    server.chains[shell.till.strands[0].incarnation] = [b"short"]
    steps = shell.core.step(0, shell._served(hello))
    assert [type(step) for step in steps] == [Trouble, Wait]


def test_a_verdict_about_a_journal_that_is_not_here_is_passed_over() -> None:
    _, _, shell = shop()
    [hello] = shell.core.step(0, Looked(shell.till.segments()))
    assert isinstance(hello, SayHello)
    greeted = shell._served(hello)
    steps = shell.core.step(0, type(greeted)(greeted.number, greeted.reply, ()))  # type: ignore[union-attr,call-arg]
    assert steps == (Look(),)


def test_a_server_never_makes_more_safe_than_it_holds() -> None:
    _, server, shell = shop()
    push = at_first_push(shell)
    reply = PushReply(**{**_fields(server.push(push.push)), "safe_through": 99})
    steps = shell.core.step(0, shell.answered(push.number, reply))
    assert Acknowledge(push.push.incarnation, 3, 3) in steps


def test_what_the_server_notes_about_an_entry_is_passed_on() -> None:
    _, server, shell = shop()
    push = at_first_push(shell)
    note = EntryNote(event_id=b"e" * 16, kind="quarantined", reason="unknown_schema")
    reply = PushReply(**{**_fields(server.push(push.push)), "notes": (note,)})
    assert Noted((note,)) in shell.core.step(0, shell.answered(push.number, reply))


def test_a_hole_in_the_journal_stops_the_sending_and_is_said() -> None:
    till, _, shell = shop(5)
    [hello] = shell.core.step(0, Looked(till.segments()))
    assert isinstance(hello, SayHello)
    shell.core.step(0, shell._served(hello))
    [read] = shell.core.step(0, Looked(till.segments()))
    assert isinstance(read, ReadEntries)
    [trouble, _] = shell.core.step(0, EntriesRead(read.number, tuple(till.strands[0].entries[1:])))
    assert isinstance(trouble, Trouble)
    assert "entry 1" in trouble.message


def test_only_what_stands_before_a_hole_is_sent() -> None:
    till, _, shell = shop(5)
    [hello] = shell.core.step(0, Looked(till.segments()))
    assert isinstance(hello, SayHello)
    shell.core.step(0, shell._served(hello))
    [read] = shell.core.step(0, Looked(till.segments()))
    assert isinstance(read, ReadEntries)
    entries = till.strands[0].entries
    [push] = shell.core.step(0, EntriesRead(read.number, (*entries[:2], *entries[3:])))
    assert isinstance(push, SendPush)
    assert len(push.push.entries) == 2


def test_a_fault_of_this_machine_does_not_break_up_batches() -> None:
    _, _, shell = shop(4)
    push = at_first_push(shell)
    for now in (0, 10_000, 20_000, 40_000):
        shell.core.step(now, TryFailed(push.number, LocalFault("the disk is full")))
        [push] = shell.core.step(now + 9_000, Looked(shell.till.segments()))  # type: ignore[assignment]
        assert len(push.push.entries) == 4


def test_answers_of_another_kind_break_up_batches_after_three_tries() -> None:
    _, _, shell = shop(4)
    push = at_first_push(shell)
    now = 0
    for _ in range(3):
        shell.core.step(now, TryFailed(push.number, Nonsense("a web page")))
        now += 300_000
        [push] = shell.core.step(now, Looked(shell.till.segments()))  # type: ignore[assignment]
        if isinstance(push, SayHello):
            shell.core.step(now, shell._served(push))
            [push] = shell.core.step(now, Looked(shell.till.segments()))  # type: ignore[assignment]
    assert isinstance(push, ReadEntries)
    assert push.limit == 2


def test_a_till_with_nothing_to_send_says_that_all_is_sent() -> None:
    _, _, shell = shop(0)
    shell.run()
    assert shell.of_kind(AllSent)
    assert not shell.sent


def test_the_core_starts_by_asking_where_things_stand() -> None:
    core = PushCore(jitter=lambda ceiling: ceiling)
    assert core.step(0, Looked(())) == (SayHello(1),)


def _fields(reply: PushReply) -> dict[str, object]:
    return {name: getattr(reply, name) for name in reply.__struct_fields__}
