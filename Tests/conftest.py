# SPDX-License-Identifier: MIT
"""What all of these tests share."""

from __future__ import annotations

import signal
from typing import Any

import pytest

pytest_plugins = ["paysession_sandbox.testing"]


@pytest.fixture(scope="session")
def sandbox(paysession_sandbox: Any) -> Any:
    """One for all tests of a run."""
    return paysession_sandbox


# Under nohup, or in the background of a script, these come ignored, and every program that is started
# here would ignore them too.
for number, usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
    if signal.getsignal(number) == signal.SIG_IGN:
        signal.signal(number, usual)

#: Seconds that a test of `make check` may take on a busy machine.
LONGEST = 2.0


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Names what slows `make check` down, so that it gets its mark."""
    if "not slow" not in config.getoption("markexpr"):
        return
    for report in terminalreporter.stats.get("passed", []):
        if report.duration > LONGEST:
            terminalreporter.write_line(f"not marked slow: {report.nodeid} took {report.duration:.1f} s")
