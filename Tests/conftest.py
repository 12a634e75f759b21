# SPDX-License-Identifier: MIT
"""What all of these tests share."""

import signal

pytest_plugins = ["sandbox.testing"]

# Under nohup, or in the background of a script, these come ignored, and every program that is started
# here would ignore them too.
for number, usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
    if signal.getsignal(number) == signal.SIG_IGN:
        signal.signal(number, usual)
