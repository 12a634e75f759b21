# SPDX-License-Identifier: MIT
"""A local stand-in for the payment providers, over HTTPS with HTTP/2."""
