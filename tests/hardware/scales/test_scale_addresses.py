"""A till's scale is one line of its settings."""

import pytest

from hardware.scales.address import scale_at
from hardware.transport.address import BadAddress


@pytest.mark.parametrize(
    ("address", "name", "place"),
    [
        ("toledo+serial:///dev/ttyUSB0", "Mettler-Toledo 8217 scale", "serial port /dev/ttyUSB0"),
        ("toledo+serial://COM3?unit=lb&baud=4800", "Mettler-Toledo 8217 scale", "serial port COM3"),
        ("cas+serial:///dev/ttyUSB0?parity=even&bits=7", "CAS scale", "serial port /dev/ttyUSB0"),
        ("berkel+serial:///dev/ttyS0", "Avery Berkel scale", "serial port /dev/ttyS0"),
        ("nci+tcp://192.168.1.80:4001", "NCI (Avery Weigh-Tronix) scale", "192.168.1.80 port 4001"),
        ("dialog06+tcp://192.168.1.80:4001?checksums=4711F336,00010002", "Dialog 06 scale", None),
        ("dialog06+serial:///dev/ttyUSB0?names=yes", "Dialog 06 scale", None),
    ],
)
def test_an_address_says_make_and_place(address, name, place):
    scale = scale_at(address)
    assert scale.name == name
    assert place in (None, scale.place)


@pytest.mark.parametrize(
    "address",
    [
        "toledo",
        "serial:///dev/ttyUSB0",
        "toledo+cups://scale",
        "bizerba+serial:///dev/ttyUSB0",
        "toledo+serial://",
        "toledo+serial:///dev/ttyUSB0?unit=stone",
        "toledo+serial:///dev/ttyUSB0?baud=fast",
        "cas+tcp://192.168.1.80:4001?unit=kg",
        "dialog06+tcp://192.168.1.80:4001?checksums=4711",
        "dialog06+tcp://192.168.1.80:4001?names=perhaps",
        "dialog06+tcp://",
        "dialog06+tcp://[",
    ],
)
def test_what_is_no_scale_is_refused_with_an_example(address):
    with pytest.raises(BadAddress, match=r"toledo\+serial"):
        scale_at(address)


def test_each_make_comes_with_its_own_line():
    """As makers ship them; what stands in the address goes before."""
    lines = {kind: scale_at(f"{kind}+serial:///dev/x")._transport._settings for kind in ("cas", "berkel")}
    assert (lines["cas"].bits, lines["cas"].parity, lines["cas"].baud) == (8, "none", 9600)
    assert (lines["berkel"].bits, lines["berkel"].parity, lines["berkel"].baud) == (7, "even", 2400)
    chosen = scale_at("berkel+serial:///dev/x?baud=9600")._transport._settings
    assert (chosen.baud, chosen.parity) == (9600, "even")
