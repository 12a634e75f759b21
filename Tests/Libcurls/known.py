# SPDX-License-Identifier: MIT
"""What does not hold with every libcurl: a test, the versions, and why. A pytest plugin.

Nothing that the library could do better belongs here. What is listed is skipped by name and with its
reason; an entry that fits no test any more is an error.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from fnmatch import fnmatchcase

import pytest


@dataclass(frozen=True)
class Known:
    test: str  # as pytest names it; * for any text, ? for a bracket, which fnmatch reads otherwise
    reason: str
    since: tuple[int, ...] = (0,)
    before: tuple[int, ...] = (99,)
    lacks: str | None = None  # only where there is no such program


KNOWN = [
    Known("Faults/test_threads.py::test_thread_sanitizer_has_nothing_to_say*",
          "there is no Swift toolchain", lacks="swiftc"),
    Known("ABI/test_library.py::test_needs_nothing_but_libcurl_jansson_and_the_c_library",
          "threads are a library of their own there, and the library was linked anew", before=(7, 84)),
    *(Known(f"Faults/{test}", "HTTP/2 is not asked for, since libcurl cannot tell what came by it",
            before=(7, 83))
      for test in (
          "test_fork.py::test_an_idle_client_serves_a_parent_and_eight_children_at_once",
          "test_threads.py::test_all_of_it_is_http_2_over_few_connections",
          "test_batch.py::test_many_at_once_share_a_connection",
          "test_http2.py::*",
          "test_http.py::test_nor_of_an_answer_by_http_2",
          "test_proxy.py::test_http_2_is_used",
          "test_proxy.py::test_http_2_through_a_proxy_connection_after_connection",
          "test_proxy.py::test_a_page_of_the_reverse_proxy_is_no_answer")),
    *(Known(f"Faults/{test}", "libcurl takes certificates from files alone, and OpenSSL opens them so that "
            "started programs inherit them", before=(7, 77))
      for test in (
          "test_tls.py::test_a_file_of_authorities_is_read_once",
          "test_tls.py::test_a_certificate_by_a_relative_path*",
          "test_descriptors.py::test_nothing_is_inherited_while_connections_are_made*")),
    Known("Faults/test_proxy.py::test_without_the_environments_proxy?environment5-more5-False?",
          "libcurl knows no address ranges in no_proxy", before=(7, 86)),
    Known("Faults/test_host.py::test_the_host_is_left_as_it_was*",
          "a lookup that is given up keeps two descriptors, until a client is used after its end",
          before=(7, 87)),
    # Seen in 8.23, not in 8.14.
    Known("Faults/test_descriptors.py::test_nothing_is_inherited_while_connections_are_made*",
          "libcurl has a socket of its own for a moment that is not close-on-exec", since=(8, 15)),
    Known("Faults/test_limits.py::test_http_is_for_loopback_only?http://127.0.0.1.?",
          "libcurl reads it as http://127.0.0.1, which is loopback", since=(8, 15)),
]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--libcurl", help="the version that must be the one that is loaded")


def numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("-")[0].split("."))


def loaded() -> tuple[int, ...]:
    """As the library itself reports it."""
    from programs import Handle

    handle = Handle({})
    version = numbers(handle.report()["transport"]["libcurl"])
    handle.close()
    return version


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    version, wanted = loaded(), config.getoption("--libcurl")
    if wanted and version != numbers(wanted):
        raise pytest.UsageError(f"not libcurl {wanted} was loaded, but {'.'.join(map(str, version))}")
    for known in KNOWN:
        in_file = [item for item in items if item.nodeid.split("::")[0] == known.test.split("::")[0]]
        fitting = [item for item in in_file if fnmatchcase(item.nodeid, known.test)]
        if in_file and not fitting and not config.option.keyword:
            raise pytest.UsageError(f"known.py: no test is {known.test}")
        if known.since <= version < known.before and not (known.lacks and shutil.which(known.lacks)):
            for item in fitting:
                item.add_marker(pytest.mark.skip(reason=known.reason))
