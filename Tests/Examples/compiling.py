# SPDX-License-Identifier: MIT
"""Compiles an example as its README says."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
LIBRARIES = REPOSITORY / "build" / "lib"


def compiled(example: str, directory: Path) -> Path:
    """The shared object that the README's command makes of examples/NAME, in `directory`."""
    here = REPOSITORY / "examples" / example
    (command,) = re.findall(r"^```bash\nexport .*?\n(cc .*?)^```", (here / "README.md").read_text("utf-8"),
                            flags=re.DOTALL | re.MULTILINE)
    made = directory / "paysession.so"
    command = command.replace("-o paysession.so", f"-o {made}")
    environment = {**os.environ, "PKG_CONFIG_PATH": str(LIBRARIES / "pkgconfig")}
    subprocess.run(["sh", "-c", command], cwd=here, env=environment, check=True, timeout=60)
    return made
