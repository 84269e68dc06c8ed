"""What the cashier sees and touches: Qt widgets that show a TillState and turn hands into intents."""
