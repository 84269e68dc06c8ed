"""A scale at the counter, with the till's own database and a scale made of software on a network or a serial line."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from hardware.scales.virtual import VirtualScale, VirtualSerialScale
from pos_client.settings import TillSettings
from pos_client.till.state import TillState
from pos_client.till_folder import CATALOGUE_FILE
from shared_models.catalogue import Price, Product
from shared_models.sale import HAND, SCALE
from tests.pos_client.card_till import CardTill, notice_of
from tests.pos_client.ready_till import OAT_DRINK, ready, shop
from tests.pos_client.store.made_up_catalogue import build_file

TOMATOES, PRICE_MINOR = "2000042", 299


def scale_till(folder: Path, address: str) -> CardTill:
    settings: TillSettings = msgspec.structs.replace(ready(folder), scale=address)
    tomatoes = Product(
        product_id="0b" * 16,
        number=2,
        sku="TOM",
        name="Tomatoes",
        tax_category_id="food",
        unit="kg",
        weighed=True,
        barcodes=(TOMATOES,),
    )
    price = Price("price-tomatoes", tomatoes.product_id, PRICE_MINOR)
    (folder / CATALOGUE_FILE).unlink()
    build_file(folder / CATALOGUE_FILE, [*shop(), tomatoes, price])
    return CardTill(settings)


@pytest.fixture(params=["toledo", "cas", "berkel", "nci", "dialog06"])
def scale(request: pytest.FixtureRequest) -> Iterator[VirtualScale]:
    with VirtualScale(request.param, port=0) as made:
        yield made


@pytest.fixture
def counter(tmp_path: Path, scale: VirtualScale, monkeypatch: pytest.MonkeyPatch) -> Iterator[CardTill]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    with scale_till(tmp_path / "till", scale.address) as till:
        till.till.scales._again_s = 0.1
        yield till


def steady(state: TillState) -> bool:
    return state.weighing is not None and state.weighing.can_take


def saying(code: str) -> Callable[[TillState], bool]:
    return lambda state: state.weighing is not None and state.weighing.words.code == f"scale_{code}"


def test_every_make_of_scales_sells_tomatoes(counter: CardTill, scale: VirtualScale) -> None:
    counter.session.scan(TOMATOES)
    scale.put(350)
    counter.wait(steady)
    (line,) = counter.session.answer(True).lines
    assert (line.quantity_milli, line.amount_minor) == (350, 105)
    counter.session.start_tender()
    counter.session.tender_cash(105)
    counter.session.finish_sale()
    posted = counter.till.books.last_sale()
    assert posted is not None
    assert posted.sale.lines[0].weighed_by == SCALE


@pytest.mark.parametrize("scale", ["toledo"], indirect=True)
def test_the_sale_never_waits_for_a_scale_that_is_silent(counter: CardTill, scale: VirtualScale) -> None:
    scale.behave("silent")
    began = time.monotonic()
    counter.session.scan(TOMATOES)
    counter.session.hear()
    (line,) = counter.session.answer(True, "0.35").lines
    counter.session.scan(OAT_DRINK)
    assert time.monotonic() - began < 0.5
    assert line.quantity_milli == 350
    counter.session.start_tender()
    counter.session.tender_cash(1000)
    counter.session.finish_sale()
    posted = counter.till.books.last_sale()
    assert posted is not None
    assert [one.weighed_by for one in posted.sale.lines] == [HAND, ""]


@pytest.mark.parametrize("scale", ["toledo", "nci"], indirect=True)
def test_what_the_scale_says_too_late_of_one_line_is_never_the_next_ones(
    counter: CardTill, scale: VirtualScale
) -> None:
    """The scale is one answer behind; the ham was on it, the tomatoes are."""
    scale.put(900)
    scale.behave("late")
    counter.session.scan(TOMATOES)
    # silent for a moment, then one behind
    counter.wait(lambda state: saying("silent")(state) or steady(state))
    counter.session.answer(False)
    scale.put(350)
    counter.session.scan(TOMATOES)
    counter.wait(steady)
    assert counter.session.answer(True).lines[0].quantity_milli == 350


@pytest.mark.expects_log
@pytest.mark.parametrize("scale", ["cas"], indirect=True)
def test_a_scale_that_is_switched_off_while_it_weighs_is_said_and_used_when_it_is_back(
    counter: CardTill, scale: VirtualScale
) -> None:
    counter.session.scan(TOMATOES)
    scale.put(350)
    counter.wait(steady)
    scale.go_away()
    counter.wait(saying("unreachable"))
    assert notice_of(counter.session.answer(True)) == "scale_unreachable"
    scale.come_back()
    counter.wait(steady)
    assert counter.session.answer(True).lines[0].quantity_milli == 350


@pytest.mark.parametrize("scale", ["dialog06"], indirect=True)
def test_a_scale_that_comes_to_another_price_sells_nothing(counter: CardTill, scale: VirtualScale) -> None:
    scale.plate.miscalculates = True
    counter.session.scan(TOMATOES)
    scale.put(350)
    counter.wait(saying("price_differs"))
    state = counter.session.answer(True)
    assert (notice_of(state), state.lines) == ("scale_price_differs", ())
    scale.plate.miscalculates = False
    scale.put(351)
    counter.wait(steady)
    assert counter.session.answer(True).lines[0].amount_minor == 105


@pytest.mark.parametrize("scale", ["dialog06"], indirect=True)
def test_what_was_sold_and_still_lies_there_is_not_sold_again(counter: CardTill, scale: VirtualScale) -> None:
    counter.session.scan(TOMATOES)
    scale.put(350)
    counter.wait(steady)
    counter.session.answer(True)
    counter.session.scan(TOMATOES)
    counter.wait(saying("not_moved"))
    assert notice_of(counter.session.answer(True)) == "scale_not_moved"


@pytest.mark.parametrize("scale", ["toledo", "cas", "berkel"], indirect=True)
def test_a_tare_of_a_line_that_broke_off_is_taken_off_nobody_elses_goods(
    counter: CardTill, scale: VirtualScale
) -> None:
    """The scale keeps its tare while the till can't reach it, or can't be told to drop it at all."""
    scale.put(50)
    counter.session.scan(TOMATOES)
    counter.wait(steady)
    counter.session.tare_scale()
    counter.wait(lambda state: not steady(state))
    scale.put(400)
    counter.wait(steady)
    scale.go_away()
    counter.wait(saying("unreachable"))
    counter.session.answer(False)
    scale.come_back()
    counter.session.scan(TOMATOES)
    counter.wait(lambda state: scale.plate.tare_milli == 0 or saying("not_zeroed")(state))
    scale.put(0)
    counter.wait(saying("empty"))
    scale.put(400)
    assert counter.wait(steady).weighing is not None
    assert counter.session.answer(True).lines[-1].quantity_milli == 400


@pytest.mark.parametrize("scale", ["toledo", "dialog06"], indirect=True)
def test_a_tare_is_for_one_line(counter: CardTill, scale: VirtualScale) -> None:
    scale.put(50)
    counter.session.scan(TOMATOES)
    counter.wait(steady)
    counter.session.tare_scale()
    counter.wait(lambda state: not steady(state))
    scale.put(400)
    counter.wait(lambda state: steady(state) and state.weighing is not None and state.weighing.is_net)
    assert counter.session.answer(True).lines[0].quantity_milli == 350
    counter.session.scan(TOMATOES)
    scale.put(400)
    counter.wait(steady)
    assert counter.session.answer(True).lines[-1].quantity_milli == 400


@pytest.mark.parametrize("scale", ["toledo"], indirect=True)
def test_goods_that_tremble_show_nothing_to_take_until_they_are_still(
    counter: CardTill, scale: VirtualScale
) -> None:
    scale.put(350)
    scale.plate.in_motion = True
    counter.session.scan(TOMATOES)
    counter.wait(saying("in_motion"))
    assert notice_of(counter.session.answer(True)) == "scale_in_motion"
    scale.plate.in_motion = False
    counter.wait(steady)
    scale.put(16_000)
    counter.wait(saying("overload"))
    scale.put(-20)
    counter.wait(saying("under_zero"))


def test_a_scale_on_a_serial_line_is_pulled_out_plugged_in_and_used_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    scale = VirtualScale("toledo", port=0)
    with (
        VirtualSerialScale(scale, tmp_path / "ttyUSB0") as line,
        scale_till(tmp_path / "till", line.address) as counter,
    ):
        counter.till.scales._again_s = 0.1
        scale.put(350)
        counter.session.scan(TOMATOES)
        counter.wait(steady)
        line.pull_out()
        counter.wait(saying("unreachable"))
        line.plug_in()
        counter.wait(steady)
        assert counter.session.answer(True).lines[0].quantity_milli == 350


@pytest.mark.expects_log
def test_a_scale_that_nobody_needs_just_now_is_missed_once_and_found_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "hardware.watch")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr("hardware.scales.on_the_counter._WATCH_S", 0.05)
    monkeypatch.setattr("hardware.watch._LOST_EVERY_S", 0.05)
    told: list[tuple[bool, str]] = []
    with VirtualScale("cas", port=0) as scale:
        counter = scale_till(tmp_path / "till", scale.address)
        with counter:
            counter.till.desk.on_change = lambda is_there, message: told.append((is_there, message))
            scale.go_away()
            _wait(lambda: len(told) == 1)
            time.sleep(0.5)
            scale.come_back()
            _wait(lambda: len(told) == 2)
            time.sleep(0.3)
    assert [is_there for is_there, _ in told] == [False, True]
    levels = [one.levelname for one in caplog.records if one.name == "hardware.watch"]
    assert levels == ["WARNING", "INFO"]


def test_the_scale_made_of_software_sells_out_of_the_box(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    with scale_till(tmp_path / "till", "virtual") as counter:
        counter.session.scan(TOMATOES)
        counter.wait(steady)
        assert counter.session.answer(True).lines[0].quantity_milli == 754


def _wait(until: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not until():
        assert time.monotonic() < end
        time.sleep(0.02)
