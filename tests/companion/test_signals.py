import signal
import subprocess
import sys
import textwrap

TOLD = textwrap.dedent("""
    import asyncio, os, signal, sys
    from sidecar.companion import signals
    if "without" in sys.argv:
        signals._signal_descriptor = lambda: None
    async def main():
        made, heard = signals.Signals(), asyncio.Queue()
        made.listen(asyncio.get_running_loop(), heard.put_nowait)
        for number in (signal.SIGTERM, signal.SIGWINCH):
            os.kill(os.getpid(), number)
            print(*await asyncio.wait_for(heard.get(), 10))
        os.close(os.posix_spawnp("true", ["true"], os.environ) * 0 + os.open(os.devnull, os.O_RDONLY))
        print(*await asyncio.wait_for(heard.get(), 10))
        print(sorted(made.mask_before))
        made.close()
    asyncio.run(main())
""")


def told(*arguments: str) -> list[str]:
    ended = subprocess.run([sys.executable, "-c", TOLD, *arguments], capture_output=True, text=True, check=True)
    return ended.stdout.splitlines()


def test_signal_of_a_process_is_told_from_one_of_the_kernel() -> None:
    term, winch, child, mask = told()
    assert term == f"{signal.SIGTERM:d} True"
    assert winch == f"{signal.SIGWINCH:d} True"
    assert child == f"{signal.SIGCHLD:d} False"
    assert mask == "[]"


def test_where_nobody_can_tell__then_a_terminals_signals_are_taken_for_its_own() -> None:
    term, winch, child, _ = told("without")
    assert term == f"{signal.SIGTERM:d} True"
    assert winch == f"{signal.SIGWINCH:d} False"
    assert child.startswith(f"{signal.SIGCHLD:d} ")
