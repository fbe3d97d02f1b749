"""Who of a command's processes is waited for. In a process of its own each: who is below us is everybody's business."""

import subprocess
import sys
import textwrap

PLAY = textwrap.dedent("""
    import asyncio, os, subprocess, sys, time
    from sidecar.companion import family
    family.GRACE_SECONDS, family.LOOK_SECONDS, family.BURIAL_SECONDS = 0.4, 0.05, 0.1
    CALLS = (
        "import socket, sys, time; kept = socket.create_connection(('127.0.0.1', int(sys.argv[1])));"
        "time.sleep(float(sys.argv[2]))"
    )

    async def main(play):
        server = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        made, told, over = family.Family(asyncio.get_running_loop(), port), [], asyncio.Event()
        began = time.monotonic()
        await globals()[play](made, told, over, port)
        print(len(told), f"{time.monotonic() - began:.1f}", flush=True)
        made.close()
        os._exit(0)

    async def nobody(made, told, over, port):
        assert not await made.until_alone(told.append, over)

    async def silent(made, told, over, port):
        sleeper = subprocess.Popen(["sleep", "60"])
        assert set(await made.until_alone(told.append, over)) == {sleeper.pid}
        sleeper.kill()

    async def calling(made, told, over, port):
        subprocess.run(["sh", "-c", '"$@" & sleep 0.3', "sh", sys.executable, "-S", "-c", CALLS, str(port), "1.5"])
        assert not await made.until_alone(told.append, over)

    async def impatient(made, told, over, port):
        subprocess.run(["sh", "-c", '"$@" & sleep 0.3', "sh", sys.executable, "-S", "-c", CALLS, str(port), "60"])
        asyncio.get_running_loop().call_later(0.8, over.set)
        for pid in await made.until_alone(told.append, over):
            os.kill(pid, 9)

    async def buried(made, told, over, port):
        subprocess.run(["sh", "-c", "true & sleep 0.1"])
        subprocess.run(["sh", "-c", "(sleep 0.2 & exec true)"])
        await asyncio.sleep(0.5)
        made.child_ended()
        await asyncio.sleep(0.6)
        assert not family.dead_children(os.getpid(), family.processes())

    asyncio.run(main(sys.argv[1]))
""")


def play(scene: str) -> tuple[int, float]:
    """How often it was told who is waited for, and how long it took."""
    ended = subprocess.run([sys.executable, "-c", PLAY, scene], capture_output=True, text=True, timeout=60)
    assert ended.stdout, ended.stderr
    told, seconds = ended.stdout.split()
    return int(told), float(seconds)


def test_nobody_is_left__then_nothing_is_waited_for() -> None:
    told, seconds = play("nobody")
    assert told == 0
    assert seconds < 0.4


def test_one_that_never_calls_is_given_a_moment() -> None:
    told, seconds = play("silent")
    assert told == 0
    assert seconds >= 0.4


def test_one_that_calls_is_waited_for_to_its_end__and_that_is_told_once() -> None:
    told, seconds = play("calling")
    assert told == 1
    assert seconds >= 1.3


def test_nobody_wants_to_wait_any_more__then_it_ends() -> None:
    told, seconds = play("impatient")
    assert told == 1
    assert seconds < 20


def test_those_that_were_given_to_us_are_buried() -> None:
    assert play("buried")[0] == 0
