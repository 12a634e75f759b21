# SPDX-License-Identifier: MIT
"""python -m paysession_sandbox"""

import sys

from .command import main

sys.exit(main())
