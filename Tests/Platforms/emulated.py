# SPDX-License-Identifier: MIT
"""What does not hold under qemu-user: a test, and why. A pytest plugin.

Nothing that the library could do better belongs here. What is listed is skipped by name and with its reason; an
entry that fits no test any more is an error.
"""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest

#: As pytest names it; * for any text, ? for a bracket, which fnmatch reads otherwise.
KNOWN = {
    **{f"tests/test_asyncio.py::{test}": "thousands of sessions within seconds, of a sandbox that is emulated too"
       for test in ("test_a_full_provider_holds_no_other_back", "test_what_waits_for_room_is_woken_once",
                    "test_thousands_of_awaits_on_one_thread")},
    **{f"Faults/{test}": "OpenSSL begins a handshake: half a second of emulation, where a tenth is allowed"
       for test in ("test_cancel.py::test_during_the_tls_handshake",
                    "test_deadline.py::test_a_tls_handshake_that_stalls",
                    "test_deadline.py::test_a_tls_handshake_that_drips")},
}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for test, reason in KNOWN.items():
        in_file = [item for item in items if item.nodeid.split("::")[0] == test.split("::")[0]]
        fitting = [item for item in in_file if fnmatchcase(item.nodeid, test)]
        if in_file and not fitting and not config.option.keyword:
            raise pytest.UsageError(f"emulated.py: no test is {test}")
        for item in fitting:
            item.add_marker(pytest.mark.skip(reason=reason))
