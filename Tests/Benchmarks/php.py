# SPDX-License-Identifier: MIT
"""What a page costs under php-fpm that asks whether an order is paid: through the package, through the curl
extension, through Guzzle; in turn, as ratios.

    python php.py

nginx in front, nginx as the provider over TLS, as many workers as wrk has connections: more than cores, so that one
works while another waits. Each page takes its configuration from a PHP file. A page of the others does what a shop does by hand: it
asks, with a token where the provider wants one, decodes, and compares status, amount and identifier. Then calls in one
process. For people to look at; the machine may be noisy.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / each) for each in ("Faults", "PHP", "Sandbox/src")]

import fpm  # noqa: E402
from nginx import Nginx, serving  # noqa: E402

WORKERS = 4
SECONDS = 2
ROUNDS = 5
#: Another session in each request, and each answer looked at.
LOAD = """
local asked = 0
function request()
    asked = asked + 1
    return wrk.format(nil, "/{page}.php?ref={provider}:s" .. asked)
end
function response(status, headers, body)
    if body ~= "ship" then print("wrong: " .. status .. " " .. body) end
end
"""

OURS = """<?php
require __DIR__ . '/package/autoload.php';
$pay = PaySession\\Client::fromArray(require __DIR__ . '/config.php');
echo $pay->decide($_GET['ref'])->next->value;
"""
#: What the others have in common: where a session is, and what is compared.
BY_HAND = """<?php
$config = require __DIR__ . '/config.php';
[$provider, $id] = explode(':', $_GET['ref']);
$section = $config[$provider];
function is_paid(string $provider, string $id, string $body): string {
    $told = json_decode($body, true);
    return $provider === 'kustom'
        ? ($told['session_id'] === $id && $told['status'] === 'FINALIZED' && $told['order_amount'] === 2000 ? 'ship' : 'no')
        : ($told['id'] === $id && $told['state'] === 'authorized' ? 'ship' : 'no');
}
"""
CURL = BY_HAND + """
function ask(array $config, string $url, array $headers, ?string $form = null): string {
    $handle = curl_init($url);
    curl_setopt_array($handle, [CURLOPT_RETURNTRANSFER => true, CURLOPT_CAINFO => $config['ca_file'],
        CURLOPT_HTTPHEADER => $headers, CURLOPT_TIMEOUT => 10]);
    if ($form !== null) {
        curl_setopt($handle, CURLOPT_POSTFIELDS, $form);
    }
    $body = curl_exec($handle);
    return curl_getinfo($handle, CURLINFO_RESPONSE_CODE) === 200 ? $body : throw new Exception('no answer');
}
if ($provider === 'kustom') {
    $body = ask($config, "$section[base_url]/ipp/v1/sessions/$id", ["Authorization: Basic $section[api_key]"]);
} else {
    $basic = base64_encode("$section[client_id]:$section[client_secret]");
    $token = json_decode(ask($config, $section['auth_url'], ["Authorization: Basic $basic"],
        'grant_type=client_credentials'), true)['access_token'];
    $body = ask($config, "$section[base_url]/v1/sessions/$id", ["Authorization: Bearer $token"]);
}
echo is_paid($provider, $id, $body);
"""
GUZZLE = BY_HAND + """
require_once 'GuzzleHttp/autoload.php';
$http = new GuzzleHttp\\Client(['verify' => $config['ca_file'], 'timeout' => 10]);
if ($provider === 'kustom') {
    $headers = ['Authorization' => "Basic $section[api_key]"];
    $url = "$section[base_url]/ipp/v1/sessions/$id";
} else {
    $told = $http->post($section['auth_url'], ['auth' => [$section['client_id'], $section['client_secret']],
        'form_params' => ['grant_type' => 'client_credentials']]);
    $headers = ['Authorization' => 'Bearer ' . json_decode((string) $told->getBody(), true)['access_token']];
    $url = "$section[base_url]/v1/sessions/$id";
}
echo is_paid($provider, $id, (string) $http->get($url, ['headers' => $headers])->getBody());
"""
PAGES = {"package": OURS, "curl": CURL, "guzzle": GUZZLE}

#: One process, one connection: microseconds of cpu a call.
CALLS = """<?php
require '{package}/autoload.php';
$config = json_decode(file_get_contents('{config}'), true);
$count = 3000;
function cpu(): float {{ $used = getrusage(); return $used['ru_utime.tv_sec'] * 1e6 + $used['ru_utime.tv_usec']
    + $used['ru_stime.tv_sec'] * 1e6 + $used['ru_stime.tv_usec']; }}
/** All of them in turn, 50 calls each. */
function timed(array $calls, int $count): array {{
    $used = array_fill_keys(array_keys($calls), 0.0);
    for ($done = -100; $done < $count; $done += 50) {{
        foreach ($calls as $name => $call) {{
            $since = cpu();
            for ($i = 0; $i < 50; $i++) {{
                $call();
            }}
            $used[$name] += $done < 0 ? 0 : cpu() - $since;
        }}
    }}
    return array_map(fn ($sum) => $sum / $count, $used);
}}
$pay = PaySession\\Client::fromArray($config);
$library = FFI::cdef('typedef struct session_client session_client; typedef struct session_answer session_answer;
    int session_client_open(const char *, session_client **, session_answer **);
    int session_get(session_client *, const char *, const char *, session_answer **);
    void session_answer_free(session_answer *);', getenv('PAYSESSION_LIBRARY'));
$client = $library->new('session_client *');
$library->session_client_open(json_encode($config), FFI::addr($client), null);
$section = $config['kustom'];
$handle = curl_init();
curl_setopt_array($handle, [CURLOPT_RETURNTRANSFER => true, CURLOPT_CAINFO => $config['ca_file'],
    CURLOPT_HTTPHEADER => ["Authorization: Basic $section[api_key]"], CURLOPT_URL => "$section[base_url]/ipp/v1/sessions/a"]);
require_once 'GuzzleHttp/autoload.php';
$http = new GuzzleHttp\\Client(['verify' => $config['ca_file']]);
$used = timed([
    'c' => function () use ($library, $client) {{
        $answer = $library->new('session_answer *');
        $library->session_get($client, 'kustom:a', null, FFI::addr($answer));
        $library->session_answer_free($answer);
    }},
    'decide' => fn () => $pay->decide('kustom:a'),
    'get' => fn () => $pay->get('kustom:a'),
    'curl' => fn () => json_decode(curl_exec($handle), true),
    'guzzle' => fn () => json_decode((string) $http->get("$section[base_url]/ipp/v1/sessions/a",
        ['headers' => ['Authorization' => "Basic $section[api_key]"]])->getBody(), true),
], $count);
foreach ($used as $name => $each) {{
    echo $name, ' ', $each, "\\n";
}}
$since = cpu();
foreach ($pay->batch(array_map(fn ($number) => "kustom:s$number", range(1, $count))) as $decision) {{
    $decision->answer();
}}
echo 'batch ', (cpu() - $since) / $count, "\\n";
$since = cpu();
(new GuzzleHttp\\Pool($http, (function () use ($section, $count) {{
    for ($number = 1; $number <= $count; $number++) {{
        yield new GuzzleHttp\\Psr7\\Request('GET', "$section[base_url]/ipp/v1/sessions/s$number",
            ['Authorization' => "Basic $section[api_key]"]);
    }}
}})(), ['concurrency' => 32, 'fulfilled' => fn ($response) => json_decode((string) $response->getBody(), true)]))
    ->promise()->wait();
echo 'pool ', (cpu() - $since) / $count, "\\n";
"""


@contextmanager
def shop_of(place: Path, config: dict[str, Any], workers: int) -> Iterator[fpm.Shop]:
    """With the three pages, and their configuration as an array of PHP."""
    with fpm.running(place, config, settings={"pm.max_children": str(workers)},
                     pages={f"{name}.php": text for name, text in PAGES.items()}) as shop:
        root = place / "shop"
        (root / "config.php").write_text(subprocess.run(
            ["php", "-r", "echo '<?php return ', var_export(json_decode(stream_get_contents(STDIN), true), true), ';';"],
            check=True, capture_output=True, text=True, input=(root / "client.json").read_text()).stdout)
        fpm.readable(root)
        yield shop


#: Half of a round trip to a provider that is 30 ms away.
ONE_WAY = 0.015


@contextmanager
def far_away(port: int) -> Iterator[int]:
    """A port that leads to that one, and takes its time: what comes is handed on later, in order. A connection itself is
    made at once, which spares those who make many."""
    async def hand_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        while data := await reader.read(65_536):
            loop.call_later(ONE_WAY, writer.write, data)
        loop.call_later(ONE_WAY, writer.close)

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        onward_reader, onward = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(hand_on(reader, onward), hand_on(onward_reader, writer), return_exceptions=True)

    loop = asyncio.new_event_loop()
    loop.set_exception_handler(lambda loop, context: None)  # connections break off when their workers end
    server = loop.run_until_complete(asyncio.start_server(carry, "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    yield server.sockets[0].getsockname()[1]
    loop.call_soon_threadsafe(loop.stop)
    thread.join()


def waited(shop: fpm.Shop, page: str, provider: str) -> float:
    """Milliseconds that half of the pages take at most, one after the other."""
    script = shop.directory / "load.lua"
    script.write_text(LOAD.replace("{page}", page).replace("{provider}", provider))
    done = subprocess.run(["wrk", "-t1", "-c1", f"-d{SECONDS}s", "--latency", "-s", str(script), shop.url], check=True,
                          capture_output=True, text=True, timeout=SECONDS + 30)
    assert "wrong" not in done.stdout, done.stdout
    (median,) = re.findall(r"50% +([\d.]+)ms", done.stdout)
    return float(median)


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def workers(shop: fpm.Shop) -> list[int]:
    return [int(pid) for pid in Path(f"/proc/{shop.master.pid}/task/{shop.master.pid}/children").read_text().split()]


def measured(shop: fpm.Shop, page: str, provider: str) -> tuple[float, float]:
    """Requests a second, and milliseconds of the workers' cpu for one."""
    script = shop.directory / "load.lua"
    script.write_text(LOAD.replace("{page}", page).replace("{provider}", provider))
    before = sum(map(cpu_seconds, workers(shop)))
    done = subprocess.run(["wrk", "-t1", f"-c{WORKERS}", f"-d{SECONDS}s", "-s", str(script), shop.url], check=True,
                          capture_output=True, text=True, timeout=SECONDS + 30)
    assert "wrong" not in done.stdout, done.stdout
    (count,), (rate,) = (re.findall(wanted, done.stdout) for wanted in (r"(\d+) requests in", r"Requests/sec: +([\d.]+)"))
    return float(rate), (sum(map(cpu_seconds, workers(shop))) - before) * 1000 / int(count)


def pages(shop: fpm.Shop, provider: str) -> Iterator[str]:
    taken: dict[str, list[tuple[float, float]]] = {page: [] for page in PAGES}
    for turn in range(ROUNDS + 1):
        for page in list(PAGES)[::-1 if turn % 2 else 1]:
            told = measured(shop, page, provider)
            if turn:  # the first fills the caches
                taken[page].append(told)
    rates = {page: statistics.median(rate for rate, _ in told) for page, told in taken.items()}
    cpus = {page: statistics.median(cpu for _, cpu in told) for page, told in taken.items()}
    for page in PAGES:
        yield (f"  {provider:8} {page:8} {rates[page]:7.0f} requests/s {cpus[page]:6.2f} ms of a worker"
               + ("" if page == "package" else f"   package: {rates['package'] / rates[page]:.1f} times the requests, "
                                              f"{cpus['package'] / cpus[page]:.2f} of the cpu"))


def calls(nginx: Nginx, directory: Path) -> Iterator[str]:
    """A kept connection, in one process, in turn."""
    config = nginx.write_config(directory)
    script = directory / "calls.php"
    script.write_text(CALLS.format(package=fpm.REPOSITORY / "bindings" / "php", config=config))
    taken: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        done = subprocess.run(["php", script], check=True, capture_output=True, text=True, env={
            **os.environ, "PAYSESSION_LIBRARY": str(fpm.REPOSITORY / "build" / "lib" / "libpaysession.so.0")})
        for line in done.stdout.splitlines():
            name, us = line.split()
            taken.setdefault(name, []).append(float(us))
    median = {name: statistics.median(told) for name, told in taken.items()}
    yield f"  session_get() by FFI  {median['c']:6.0f} us of cpu"
    yield f"  decide()              {median['decide']:6.0f}   {median['decide'] - median['c']:+.0f} us"
    yield f"  get()                 {median['get']:6.0f}   {median['get'] - median['c']:+.0f} us"
    yield f"  curl, json_decode     {median['curl']:6.0f}"
    yield f"  Guzzle, json_decode   {median['guzzle']:6.0f}   get() is {median['get'] / median['guzzle']:.2f} of it"
    yield f"  batch() with answer() {median['batch']:6.0f} us of cpu for each of 3000, 32 at once"
    yield f"  Guzzle's pool         {median['pool']:6.0f}   batch() is {median['batch'] / median['pool']:.2f} of it"


def main() -> None:
    with ExitStack() as stack:
        place = stack.enter_context(fpm.folder())
        provider = place / "provider"
        provider.mkdir()
        nginx = stack.enter_context(serving(provider))
        shop = stack.enter_context(shop_of(place, nginx.config(), WORKERS))
        print(f"A page under php-fpm, {WORKERS} workers, the provider over TLS on this machine; medians of {ROUNDS} rounds:")
        for name in ("kustom", "ledyer"):
            for line in pages(shop, name):
                print(line, flush=True)
        with far_away(nginx.port) as port, fpm.folder() as distant:
            config = json.loads(json.dumps(nginx.config()).replace(f":{nginx.port}", f":{port}"))
            with shop_of(distant, config, 1) as far:
                print(f"The provider {2000 * ONE_WAY:.0f} ms away; half of the pages take at most:")
                for name in ("kustom", "ledyer"):
                    for page in PAGES:
                        print(f"  {name:8} {page:8} {waited(far, page, name):6.1f} ms", flush=True)
        with tempfile.TemporaryDirectory() as directory:
            print("Calls on a kept connection in php-cli:")
            for line in calls(nginx, Path(directory)):
                print(line, flush=True)


if __name__ == "__main__":
    main()
