"""ZVT, the protocol between tills and card terminals: PA00P015 (commands) and PA00P016 (transport), both public."""
