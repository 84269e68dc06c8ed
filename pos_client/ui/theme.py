"""Themes: every colour and size as a token, and the one stylesheet that is made of them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QColor, QFont, QGuiApplication, QPalette

TARGET_PX = 48
"""No button is smaller; what is hit all day is KEY_PX."""
KEY_PX = 72
GAP_PX = 8
MARGIN_PX = 12
RADIUS_PX = 12
BAR_PX = 52
"""Header, and foot with its margin."""

TEXT_PX = 15
SMALL_PX = 13
AMOUNT_PX = 58

# The first family that the machine has is used; its digits must be of one width.
FAMILIES = ("DejaVu Sans", "Noto Sans", "Segoe UI", "Helvetica Neue", "Arial")


@dataclass(frozen=True)
class Tokens:
    """A theme. `on_…` is for text on that colour; `tint` is the ground of what is selected."""

    name: str
    ground: str
    panel: str
    ink: str
    soft_ink: str
    hairline: str
    key: str
    key_down: str
    chip: str
    accent: str
    on_accent: str
    tint: str
    warning: str
    danger: str
    on_notice: str
    scrim: str


LIGHT = Tokens(
    name="light",
    ground="#f4f5f7",
    panel="#ffffff",
    ink="#16191d",
    soft_ink="#58616b",
    hairline="#e3e6ea",
    key="#f8f9fb",
    key_down="#e3e8ec",
    chip="#eceff2",
    accent="#0b6e4f",
    on_accent="#ffffff",
    tint="#e7f2ed",
    warning="#b54708",
    danger="#b42318",
    on_notice="#ffffff",
    scrim="#8016191d",
)
DARK = Tokens(
    name="dark",
    ground="#0f1214",
    panel="#181c1f",
    ink="#eef1f3",
    soft_ink="#9aa5ae",
    hairline="#2a3035",
    key="#1f2428",
    key_down="#30373c",
    chip="#23292e",
    accent="#2fb380",
    on_accent="#08130e",
    tint="#1b2a25",
    warning="#f5a524",
    danger="#ff6b5e",
    on_notice="#120d05",
    scrim="#b3000000",
)
HIGH_CONTRAST = Tokens(
    name="contrast",
    ground="#000000",
    panel="#000000",
    ink="#ffffff",
    soft_ink="#e6e6e6",
    hairline="#ffffff",
    key="#000000",
    key_down="#404040",
    chip="#1a1a1a",
    accent="#ffe14d",
    on_accent="#000000",
    tint="#2b2600",
    warning="#ffc04d",
    danger="#ff9d94",
    on_notice="#000000",
    scrim="#d9000000",
)
TRAINING = replace(
    LIGHT,
    name="training",
    ground="#e9d5ff",
    soft_ink="#454c54",
    chip="#f3e8ff",
    accent="#7e22ce",
    tint="#f3e8ff",
)
"""For practice alone: nobody takes a violet till for the real one."""
THEMES = (LIGHT, DARK, HIGH_CONTRAST)
"""Those that a person may choose."""


class Theme(QObject):
    """The theme in use. Widgets that paint themselves read `tokens` when they paint."""

    changed = Signal()

    def __init__(self, tokens: Tokens | str = LIGHT, parent: QObject | None = None) -> None:
        """`tokens` may be a theme's name, as in the settings."""
        super().__init__(parent)
        self.tokens = tokens if isinstance(tokens, Tokens) else _named(tokens)

    def use(self, tokens: Tokens) -> None:
        self.tokens = tokens
        self.changed.emit()

    def use_next(self) -> None:
        """Practice keeps its own."""
        if self.tokens in THEMES:
            self.use(THEMES[(THEMES.index(self.tokens) + 1) % len(THEMES)])

    def colour(self, token: str) -> QColor:
        return QColor(getattr(self.tokens, token))


def _named(name: str) -> Tokens:
    return next((tokens for tokens in (*THEMES, TRAINING) if tokens.name == name), LIGHT)


def font(pixels: int, *, bold: bool = False) -> QFont:
    """The till's one family, with figures of one width so that amounts stand in columns."""
    made = QFont()
    made.setFamilies(list(FAMILIES))
    made.setPixelSize(pixels)
    made.setBold(bold)
    made.setFeature(QFont.Tag("tnum"), 1)
    return made


def contrast(one: str, other: str) -> float:
    """WCAG contrast ratio of two opaque colours."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = (QColor(colour).redF(), QColor(colour).greenF(), QColor(colour).blueF())
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def palette(tokens: Tokens) -> QPalette:
    """For what Qt paints itself: selections, cursors, placeholders."""
    made = QPalette()
    for role, colour in (
        (QPalette.ColorRole.Window, tokens.ground),
        (QPalette.ColorRole.Base, tokens.panel),
        (QPalette.ColorRole.WindowText, tokens.ink),
        (QPalette.ColorRole.Text, tokens.ink),
        (QPalette.ColorRole.ButtonText, tokens.ink),
        (QPalette.ColorRole.PlaceholderText, tokens.soft_ink),
        (QPalette.ColorRole.Button, tokens.key),
        (QPalette.ColorRole.Highlight, tokens.accent),
        (QPalette.ColorRole.HighlightedText, tokens.on_accent),
    ):
        made.setColor(role, QColor(colour))
    return made


def apply_font() -> None:
    """Once, before the first widget: Qt measures with the application's font."""
    QGuiApplication.setFont(font(TEXT_PX))


def stylesheet(t: Tokens) -> str:
    """Only boxes and text; buttons and ticket paint themselves."""
    return f"""
QWidget#window {{ background: {t.ground}; }}
QWidget#header, QWidget#footer {{ background: {t.panel}; }}
QWidget#header {{ border-bottom: 1px solid {t.hairline}; }}
QWidget#footer {{ border-top: 1px solid {t.hairline}; }}
QFrame[kind="card"] {{ background: {t.panel}; border: 1px solid {t.hairline}; border-radius: {RADIUS_PX}px; }}
QFrame[kind="rule"] {{ background: {t.hairline}; border: none; }}
QFrame[kind="entry"] {{ background: {t.accent}; border: none; }}
QFrame[kind="pill"] {{ background: {t.chip}; border: none; border-radius: 13px; }}
QLabel {{ color: {t.ink}; background: transparent; font-size: {TEXT_PX}px; }}
QLabel[kind="store"] {{ font-size: 16px; font-weight: bold; }}
QLabel[kind="title"] {{ font-size: 18px; font-weight: bold; }}
QLabel[kind="strong"] {{ font-weight: bold; }}
QLabel[kind="large"] {{ font-size: 24px; font-weight: bold; }}
QLabel[kind="huge"] {{ font-size: 32px; font-weight: bold; }}
QLabel[kind="welcome"] {{ font-size: 56px; font-weight: bold; }}
QLabel[kind="soft"] {{ color: {t.soft_ink}; }}
QLabel[kind="small"] {{ color: {t.soft_ink}; font-size: {SMALL_PX}px; }}
QLineEdit {{ color: {t.ink}; background: {t.key}; border: 1px solid {t.hairline}; border-radius: 10px;
  padding: 0 14px; font-size: 17px; min-height: 46px;
  placeholder-text-color: {t.soft_ink};
  selection-background-color: {t.accent}; selection-color: {t.on_accent}; }}
QLineEdit:focus {{ background: {t.panel}; border: 2px solid {t.accent}; padding: 0 13px; min-height: 44px; }}
QLineEdit[kind="pieces"] {{ padding: 0 10px; font-size: {TEXT_PX}px; }}
QLineEdit[kind="pieces"]:focus {{ padding: 0 9px; }}
QScrollArea {{ background: transparent; border: none; }}
QScrollArea > QWidget > QWidget#scrolled {{ background: transparent; }}
QScrollBar:vertical {{ background: transparent; width: 10px; margin: 2px; }}
QScrollBar::handle:vertical {{ background: {t.soft_ink}; border-radius: 3px; min-height: 40px; }}
QScrollBar::add-line, QScrollBar::sub-line {{ background: none; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: none; }}
QToolTip {{ color: {t.ink}; background: {t.panel}; border: 1px solid {t.hairline}; padding: 6px; }}
"""
