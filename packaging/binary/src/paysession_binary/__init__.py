# SPDX-License-Identifier: MIT
"""Has libcurl.so.4 beside it, which paysession loads where the system has none. Nothing here is called."""
