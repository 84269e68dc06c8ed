"""The operating system says that the network is back, and the till does not wait any longer."""

from __future__ import annotations

import pytest
from PySide6.QtNetwork import QNetworkInformation
from pytestqt.qtbot import QtBot

from pos_client.ui.application import Application


def test_a_network_that_comes_back_is_told_and_one_that_goes_is_not(qtbot: QtBot) -> None:
    told: list[str] = []
    application = Application()
    application.on_network_back(lambda: told.append("back"))
    network = QNetworkInformation.instance()
    if network is None:
        pytest.skip("this system says nothing of its network")
    reach = QNetworkInformation.Reachability
    network.reachabilityChanged.emit(reach.Disconnected)
    assert told == []
    network.reachabilityChanged.emit(reach.Site)
    network.reachabilityChanged.emit(reach.Online)
    assert told == ["back", "back"]
