# SPDX-License-Identifier: MIT
"""The payment providers that paysession reads, played on this machine: sessions of one's own, faults on
demand, callbacks, and a page where a customer pays."""

__version__ = "0.1.0"
