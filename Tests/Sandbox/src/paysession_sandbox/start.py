# SPDX-License-Identifier: MIT
"""What a run prints first: where things are, how each language finds them, and what to try."""

from __future__ import annotations

from pathlib import Path

from .sandbox import Sandbox

TEXT = """\
The providers are at {base}
Their page is at     {page}

How a program finds and trusts them:

  shell    export PAYSESSION_CONFIG={directory}/config.json
  Python   paysession.Client.from_file("{directory}/config.json")
  PHP      php -d curl.cainfo={directory}/ca.pem -d openssl.cafile={directory}/ca.pem shop.php
  Node     NODE_EXTRA_CA_CERTS={directory}/ca.pem node shop.js
  Java     keytool -importcert -noprompt -file {directory}/ca.pem -keystore sandbox.p12 -storepass sandbox
           java -Djavax.net.ssl.trustStore=sandbox.p12 -Djavax.net.ssl.trustStorePassword=sandbox Shop.java

What to try, in another terminal:

  curl --json '{{"provider": "kustom", "amount": 4200, "reference": "A1"}}' {page}/sandbox/sessions
  paysession get -c {directory}/config.json kustom:503-then-finalized-amount-4200-ref-A1
  curl {page}/sandbox/journal

{references} sessions are there to be read, {directory}/references.json lists them. Ctrl-C ends it. A line for each request follows.
"""


def short_start(sandbox: Sandbox, directory: Path) -> str:
    return TEXT.format(base=sandbox.base, page=sandbox.page, directory=directory, references=len(sandbox.samples))
