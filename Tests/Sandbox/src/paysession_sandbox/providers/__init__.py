# SPDX-License-Identifier: MIT
"""Every provider of the sandbox, by name: one module each, which has its `PROVIDER`. A module is
found by being here."""

from __future__ import annotations

import importlib
import pkgutil

from ..provider import Provider

PROVIDERS: dict[str, Provider] = {
    module.name: importlib.import_module(f"{__name__}.{module.name}").PROVIDER
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda module: module.name)}
