# SPDX-License-Identifier: MIT
"""What each provider answers, as data: one module each."""

from . import dintero, inbank, kustom, ledyer

ALL = {"inbank": inbank, "kustom": kustom, "dintero": dintero, "ledyer": ledyer}
