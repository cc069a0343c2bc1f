"""The console's style: within its own class, in CloudWatch's light and dark and a browser's.

Colours of text and ground are the page's own; what is added stands out on both.
"""

from typing import Literal

type Theme = Literal["light", "dark", "auto"]

_DARK = """
.firstline .red { color: #ff8a80 }
.firstline .green { color: #7ee2a0 }
.firstline .yellow { color: #ffd166 }
.firstline .magenta { color: #f0a6ff }
.firstline .card, .firstline .ask, .firstline .stop { background: rgba(255, 255, 255, 0.06) }
"""
_WHERE_DARK = "@media (prefers-color-scheme: dark)"
SHEET = """
.firstline { font-size: 14px; line-height: 1.45; overflow-wrap: anywhere }
.firstline h3 { font-size: 15px; margin: 14px 0 6px }
.firstline p { margin: 4px 0 }
.firstline code { font-family: ui-monospace, Menlo, Consolas, monospace; font-size: 12.5px }
.firstline .bold { font-weight: 600 }
.firstline .dim { opacity: 0.72 }
.firstline .red { color: #b3261e }
.firstline .green { color: #1a7f3c }
.firstline .yellow { color: #8a5a00 }
.firstline .magenta { color: #8e24aa }
.firstline .card, .firstline .ask, .firstline .stop {
  background: rgba(0, 0, 0, 0.035); border-radius: 6px; margin: 6px 0; padding: 8px 12px }
.firstline .card { display: flex; flex-wrap: wrap; gap: 2px 14px; align-items: baseline }
.firstline .card .grow { flex: 1 1 220px }
.firstline .ask { border-left: 4px solid #d79b00 }
.firstline .stop { border-left: 4px solid #b3261e }
.firstline .ask code { display: block; margin: 2px 0; user-select: all }
.firstline .badge { border: 1px solid currentColor; border-radius: 4px; padding: 0 6px;
  font-weight: 600; font-size: 12.5px }
.firstline .line { display: flex; gap: 10px; padding: 2px 0;
  border-top: 1px solid rgba(128, 128, 128, 0.22) }
.firstline .after { flex: 0 0 62px; text-align: right; font-variant-numeric: tabular-nums }
.firstline .word { flex: 0 0 86px }
.firstline .said { flex: 1 1 0; min-width: 0 }
.firstline summary { cursor: pointer; opacity: 0.72; font-size: 12.5px }
.firstline .reasons { border-left: 2px solid rgba(128, 128, 128, 0.4); margin: 4px 0 6px;
  padding-left: 10px; font-size: 13px }
.firstline .reasons ul { margin: 2px 0; padding-left: 18px }
.firstline .btn { cursor: pointer }
"""


def sheet(theme: Theme) -> str:
    """The rules for *theme*; ``auto`` is the browser's own choice."""
    if theme == "light":
        return SHEET
    return SHEET + (_DARK if theme == "dark" else _WHERE_DARK + "{" + _DARK + "}")
