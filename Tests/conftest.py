# SPDX-License-Identifier: MIT
"""What all of these tests share."""

pytest_plugins = ["sandbox.testing"]
