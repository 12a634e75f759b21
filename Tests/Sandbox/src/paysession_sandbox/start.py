# SPDX-License-Identifier: MIT
"""What a run prints first: where things are, how each language finds them, and what to try."""

from __future__ import annotations

from pathlib import Path

from .sandbox import Sandbox

TEXT = """\
The providers are at {base}, and their page is at {page}

  shell    export PAYSESSION_CONFIG={config}
  Python   paysession.Client.from_file("{config}")
  PHP      curl_setopt($handle, CURLOPT_CAINFO, "{ca}");
  Node     NODE_EXTRA_CA_CERTS={ca} node shop.js
  Java     keytool -importcert -noprompt -trustcacerts -alias sandbox -file {ca} -storepass changeit -keystore sandbox.p12
           java -Djavax.net.ssl.trustStore=sandbox.p12 -Djavax.net.ssl.trustStorePassword=changeit ...

Try, in another terminal:

  curl --json '{{"provider": "kustom", "amount": 4200, "currency": "SEK", "reference": "A1"}}' {page}/sandbox/sessions
  paysession get -c {config} kustom:503-then-finalized-amount-4200-ref-A1
  curl {page}/sandbox/journal

{references} sessions are ready to be read, {directory}/references.json lists them. Ctrl-C ends it. A line for each request follows.
"""


def short_start(sandbox: Sandbox, directory: Path) -> str:
    return TEXT.format(base=sandbox.base, page=sandbox.page, config=directory / "config.json",
                       ca=directory / "ca.pem", directory=directory, references=len(sandbox.samples))
