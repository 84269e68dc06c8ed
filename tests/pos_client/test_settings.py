"""The till's settings: what is wrong is said by name, with what it may be."""

from __future__ import annotations

from pathlib import Path

import pytest

from pos_client.settings import PREFIX, BadSetting, read


def test_a_till_starts_without_any_setting() -> None:
    settings = read({"HOME": "/somewhere", "EVERTILL_SERVER_PORT": "1"})
    assert settings.printer == "tcp://127.0.0.1:9100"
    assert settings.server_url == ""


def test_settings_come_from_the_environment(tmp_path: Path) -> None:
    settings = read(
        {
            "EVERTILL_TILL_DATA_DIR": str(tmp_path),
            "EVERTILL_TILL_PRINTER": "tcp://192.168.1.50:9101",
            "EVERTILL_TILL_SERVER_URL": "https://shop.example",
            "EVERTILL_TILL_FULLSCREEN": "true",
            "EVERTILL_TILL_KEYRING": "false",
            "EVERTILL_TILL_DATABASE_KEY": "aB" * 32,
            "EVERTILL_TILL_THEME": "dark",
        }
    )
    assert settings.data_dir == tmp_path
    assert settings.printer == "tcp://192.168.1.50:9101"
    assert (settings.fullscreen, settings.keyring, settings.theme) == (True, False, "dark")


@pytest.mark.parametrize(
    "printer", ["", "virtual", "usb://04b8:0202", "serial:///dev/ttyUSB0?baud=19200", "cups://receipts"]
)
def test_a_printer_may_be_at_any_kind_of_address_or_missing(printer: str) -> None:
    assert read({"EVERTILL_TILL_PRINTER": printer}).printer == printer


@pytest.mark.parametrize("kind", ["PRINTER", "TERMINAL", "SCALE", "LABEL_PRINTER"])
def test_every_device_that_has_a_simulator_may_be_one(kind: str) -> None:
    assert getattr(read({f"{PREFIX}{kind}": "virtual"}), kind.lower()) == "virtual"


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("PRINTR", "tcp://127.0.0.1:9100", "There is no setting EVERTILL_TILL_PRINTR.*EVERTILL_TILL_PRINTER"),
        ("PRINTER", "192.168.1.50", "EVERTILL_TILL_PRINTER: '192.168.1.50' is no .* Write it as tcp://"),
        ("PRINTER", "tcp://:9100", "EVERTILL_TILL_PRINTER"),
        ("PRINTER", "tcp://host:99999", "EVERTILL_TILL_PRINTER"),
        ("PRINTER", "tcp://[::1:9100", "EVERTILL_TILL_PRINTER"),
        ("PRINTER", "http://host:9100", "EVERTILL_TILL_PRINTER"),
        ("SCALE", "toledo", r"EVERTILL_TILL_SCALE: 'toledo' is no .* Write it as toledo\+serial://"),
        ("DISPLAY", "cd5220", r"EVERTILL_TILL_DISPLAY: 'cd5220' is no .* Write it as escpos\+serial://"),
        ("DRAWER", "left", "EVERTILL_TILL_DRAWER: 'left' is no .* Write it as tcp://"),
        ("DRAWER_SENSOR", "yes", "DRAWER_SENSOR is 'yes'; it may be one of none, open_is_high, open_is_low"),
        ("DRAWER_TRIGGER", "BEL", "DRAWER_TRIGGER is 'BEL'; write its bytes as hex digits, such as 07"),
        ("SERVER_URL", "shop.example", "EVERTILL_TILL_SERVER_URL is 'shop.example'; write it as https://"),
        ("SERVER_URL", "https://", "EVERTILL_TILL_SERVER_URL"),
        ("SERVER_URL", "https://[shop", "EVERTILL_TILL_SERVER_URL"),
        ("THEME", "pink", "EVERTILL_TILL_THEME is 'pink'; it may be light, dark or contrast"),
        ("DATABASE_KEY", "secret", "EVERTILL_TILL_DATABASE_KEY must be 64 hexadecimal digits"),
        ("DATABASE_KEY", "g" * 64, "EVERTILL_TILL_DATABASE_KEY"),
        ("FULLSCREEN", "maybe", "EVERTILL_TILL_FULLSCREEN is 'maybe'; it must be true or false"),
        ("FULLSCREEN", "often", "FULLSCREEN"),
        ("LABEL_PRINTER", "zebra", "LABEL_PRINTER: 'zebra' is no device's address"),
        ("PRINTER_PROFILE", "epson-tm-t2", "PRINTER_PROFILE: No printer model is called 'epson-tm-t2'"),
        ("SECOND_PRINTER_PROFILE", "TMT20", "SECOND_PRINTER_PROFILE: No printer model is called 'TMT20'"),
        ("LABEL_ROLL", "large", "LABEL_ROLL: 'large' is no label's size"),
    ],
)
def test_a_wrong_setting_is_named_with_what_it_may_be(name: str, value: str, says: str) -> None:
    with pytest.raises(BadSetting, match=says):
        read({f"EVERTILL_TILL_{name}": value})


@pytest.mark.parametrize("way", ["tcp://192.168.1.50:9100", "usb://04b8:0202"])
def test_a_drawer_is_not_looked_for_at_the_printer_s_own_address(way: str) -> None:
    """A trigger's byte opens nothing there, and the till would believe that it did."""
    with pytest.raises(BadSetting, match="Leave EVERTILL_TILL_DRAWER empty"):
        read({f"{PREFIX}PRINTER": way, f"{PREFIX}DRAWER": way})


def test_a_key_that_is_refused_is_not_repeated() -> None:
    with pytest.raises(BadSetting) as refused:
        read({"EVERTILL_TILL_DATABASE_KEY": "c0ffee"})
    assert "c0ffee" not in refused.value.message


def test_a_hub_is_asked_beside_a_server_and_not_instead_of_one() -> None:
    both = {f"{PREFIX}SERVER_URL": "https://shop.example", f"{PREFIX}HUB_URL": "http://192.168.1.40:8321"}
    assert read(both).hub_url == "http://192.168.1.40:8321"
    with pytest.raises(BadSetting, match="SERVER_URL too"):
        read({f"{PREFIX}HUB_URL": "http://192.168.1.40:8321"})
    with pytest.raises(BadSetting, match="HUB_URL is 'hub'"):
        read(both | {f"{PREFIX}HUB_URL": "hub"})
