# SPDX-License-Identifier: MIT
"""A local stand-in for Inbank, Kustom, Dintero and Ledyer, over HTTPS with HTTP/2."""
