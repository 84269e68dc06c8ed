"""What the cashier sees and touches: Qt widgets that show a TillState and turn hands into intents."""

from pos_client.ui.none_guard import hold_none

hold_none()
