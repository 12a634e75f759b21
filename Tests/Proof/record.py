# SPDX-License-Identifier: MIT
"""Figures as files, with the day and the commit they are true of."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]


def commit() -> str:
    """Of the sources beside this file; ends in "-dirty" if they are not what was committed."""
    done = subprocess.run(["git", "describe", "--always", "--dirty", "--exclude=*"], cwd=REPOSITORY,
                          capture_output=True, text=True)
    return done.stdout.strip() or "no commit"


def write(file: Path, figures: Any) -> None:
    told = {"commit": commit(), "date": time.strftime("%Y-%m-%d", time.gmtime()), "figures": figures}
    file.write_text(json.dumps(told, indent=1) + "\n")
