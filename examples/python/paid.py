# SPDX-License-Identifier: MIT
"""Is this order paid? Reads each session named on the command line and says what the shop does.

    python paid.py "$(cat config.json)" kustom:550e8400-e29b-41d4-a716-446655440000
"""

import sys

import paysession

unpaid = False
with paysession.Client(sys.argv[1]) as client:
    for reference in sys.argv[2:]:
        try:
            answer = client.get(reference)
        except paysession.PaySessionError as error:  # no answer, which is not "not paid"
            answer = error.answer
        print(answer.json.decode())
        if answer.is_paid:
            decision = "ship"
        elif answer.paid is paysession.Paid.NO:
            decision = "do not ship"
        else:
            decision = "hold the order and look"
        print(f"{reference}: {answer.result}, paid {answer.paid}: {decision}")
        unpaid = unpaid or not answer.is_paid
sys.exit(unpaid)
