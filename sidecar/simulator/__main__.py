"""`python -m sidecar.simulator`: a process that prints one line of JSON with its address and serves until SIGTERM."""

import argparse
import asyncio
import resource
import signal
import sys
from collections.abc import Sequence

import msgspec
import uvloop

from sidecar.simulator.declined import Declined
from sidecar.simulator.script import Script, read_script
from sidecar.simulator.server import Simulator
from sidecar.simulator.settings import Settings


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the flags and serve."""
    settings = settings_from(arguments)
    _allow_many_connections()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(settings))


def settings_from(arguments: Sequence[str] | None) -> Settings:
    """The settings that some flags ask for; leaves the process with 2 when they can't be understood."""
    defaults = Settings()
    parser = argparse.ArgumentParser(prog="python -m sidecar.simulator", description=__doc__)
    parser.add_argument("--host", default=defaults.host)
    parser.add_argument("--port", type=int, default=defaults.port, help="0 takes a free one")
    parser.add_argument("--script", default="", help="what calls do by default, in the grammar of X-Simulator")
    parser.add_argument("--tokens-per-second", type=float, default=defaults.tokens_per_second)
    parser.add_argument("--seconds-per-image", type=float, default=defaults.seconds_per_image)
    parser.add_argument("--key", action="append", help="let in only who has this key; may be given several times")
    parser.add_argument("--certificate-file", help="PEM file of a certificate: TLS is spoken")
    parser.add_argument("--key-file", help="PEM file of its private key")
    flags = parser.parse_args(arguments)
    try:
        script = read_script(flags.script, Script())
    except Declined as declined:
        parser.error(declined.message)
    return Settings(
        host=flags.host,
        port=flags.port,
        script=script,
        tokens_per_second=flags.tokens_per_second,
        seconds_per_image=flags.seconds_per_image,
        keys=None if flags.key is None else frozenset(flags.key),
        certificate_file=flags.certificate_file,
        key_file=flags.key_file,
    )


async def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT."""
    asked_to_end = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked_to_end.set)
    async with Simulator(settings) as simulator:
        line = msgspec.json.encode({"url": simulator.url, "host": simulator.host, "port": simulator.port})
        sys.stdout.buffer.write(line + b"\n")
        sys.stdout.buffer.flush()
        await asked_to_end.wait()


def _allow_many_connections() -> None:
    """Use as many file descriptors as the system lets us; the usual soft limit of 1,024 is one load test."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


if __name__ == "__main__":
    main()
