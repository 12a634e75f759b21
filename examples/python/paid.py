# SPDX-License-Identifier: MIT
"""Is this order paid? Reads each session named on the command line and says what the shop does.

    python paid.py config.json kustom:550e8400-e29b-41d4-a716-446655440000
"""

import sys

import paysession

if len(sys.argv) < 3:
    print("usage: paid.py CONFIG REFERENCE...", file=sys.stderr)
    sys.exit(2)
try:
    client = paysession.Client.from_file(sys.argv[1])
except paysession.PaySessionError as error:
    print(error, file=sys.stderr)
    sys.exit(2)

unpaid = False
with client:
    for reference in sys.argv[2:]:
        decision = client.decide(reference)  # no answer is not "not paid": it waits, or a person looks
        paid = paysession.Paid.UNKNOWN
        if decision.answer is not None:
            paid = decision.answer.paid
            print(decision.answer.json.decode())
        print(f"{reference}: {decision.result}, paid {paid}: {decision.next}")
        unpaid = unpaid or not paid
sys.exit(unpaid)
