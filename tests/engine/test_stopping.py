"""Signals at moments that are hard to meet: programs here wait for them where a command would be busy."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress

import pytest
from processes import Program, wait_until

PROGRAM = """
import sys, time, click
from openbioner_batch.cli.main import LazyGroup, main
from openbioner_batch.engine import stopping

stopping.NUDGE_S, stopping.LONGEST_S = 1.0, 2.5

@click.command("wait")
@click.argument("how")
def wait(how):
    with stopping.resumable():
        try:
            if how == "swallows":
                try:
                    print("ready", flush=True)
                    time.sleep(60)
                except BaseException:
                    pass
                time.sleep(60)
            print("ready", flush=True)
            time.sleep(60)
        finally:
            if how == "tidies":
                time.sleep(0.8)
                print("tidied", file=sys.stderr, flush=True)
            if how == "fails":
                raise RuntimeError("a consequence")
            if how == "hangs":
                while True:
                    try:
                        time.sleep(60)
                    except BaseException:
                        pass

LazyGroup.get_command = lambda self, context, name: wait
main(["wait", sys.argv[1]])
"""


@pytest.mark.parametrize("how", ["plain", "tidies", "fails", "swallows", "hangs"])
@pytest.mark.parametrize(
    ("signals", "code", "word"),
    [((signal.SIGTERM,), 143, "terminated"), ((signal.SIGINT, signal.SIGINT), 130, "interrupted")],
)
def test_one_line_and_the_promised_code(how: str, signals: Sequence[int], code: int, word: str) -> None:
    program = Program(["-c", PROGRAM, how])
    assert program.process.stdout is not None
    assert program.process.stdout.readline() == "ready\n"
    for number in signals:
        program.process.send_signal(number)
        time.sleep(0.05)
    tidied = "tidied\n" if how == "tidies" else ""
    assert program.finish(20) == (code, f"{tidied}{word}: what is committed stays, the same command resumes\n")


def test_a_log_collector_gets_the_line_as_an_event() -> None:
    program = Program(["-c", PROGRAM, "plain"], {"OPENBIONER_LOG_FORMAT": "json"})
    assert program.process.stdout is not None
    assert program.process.stdout.readline() == "ready\n"
    program.process.send_signal(signal.SIGTERM)
    code, output = program.finish(20)
    event = json.loads(output)
    assert event.pop("time")
    message = "terminated: what is committed stays, the same command resumes"
    assert (code, event) == (143, {"event": "stopped", "message": message, "exit_code": 143})


def test_a_second_request_ends_at_once_what_does_not_end() -> None:
    patient = PROGRAM.replace("1.0, 2.5", "60.0, 120.0").replace("main([", "stopping.SAME_STOP_S = 0.5; main([")
    program = Program(["-c", patient, "hangs"])
    assert program.process.stdout is not None
    assert program.process.stdout.readline() == "ready\n"
    program.process.send_signal(signal.SIGTERM)
    time.sleep(1)
    began = time.monotonic()
    program.process.send_signal(signal.SIGINT)
    assert program.finish(50) == (143, "terminated: what is committed stays, the same command resumes\n")
    assert time.monotonic() - began < 20


@pytest.mark.parametrize(("how", "said"), [("swallows", ""), ("tidies", "tidied\n")])
def test_what_goes_on_is_nudged_and_what_ends_is_left_in_peace(how: str, said: str) -> None:
    program = Program(["-c", PROGRAM.replace("1.0, 2.5", "0.3, 120.0"), how])
    assert program.process.stdout is not None
    assert program.process.stdout.readline() == "ready\n"
    program.process.send_signal(signal.SIGTERM)
    began = time.monotonic()
    line = "terminated: what is committed stays, the same command resumes\n"
    assert program.finish(50) == (143, said + line)
    assert time.monotonic() - began < 20


BLOCKS = """
import os, signal, subprocess, sys, threading
from openbioner_batch.engine import stopping

def handlers():
    return [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]

def open_files():
    return len(os.listdir("/proc/self/fd"))

def blocked_in_child():
    line = subprocess.run(["grep", "SigBlk", "/proc/self/status"], capture_output=True, text=True).stdout
    return bool(int(line.split()[1], 16) & 1 << signal.SIGINT - 1)

signal.signal(signal.SIGINT, signal.SIG_IGN)
before, files = handlers(), open_files()
with stopping.stop_on_signals() as stop:
    os.kill(os.getpid(), signal.SIGINT)
    assert (stop.number, stop.advice) == (None, ""), "a signal that is ignored stays so"
    with stopping.stop_on_signals() as inner:
        assert inner is stop
    assert stopping.stopping() is stop, "the outer block goes on"
    with stopping.resumable("write again"):
        assert stop.advice == "write again"
    assert stop.advice == ""
assert (handlers(), open_files()) == (before, files), "nothing is left behind"

def elsewhere():
    with stopping.stop_on_signals():
        assert handlers() == before, "only the main thread takes signals"
    print("thread", flush=True)

thread = threading.Thread(target=elsewhere)
thread.start()
thread.join()

assert not blocked_in_child()
with stopping.children_ignore_interrupts():
    assert blocked_in_child()
assert not blocked_in_child()

with stopping.stop_on_signals() as stop:
    try:
        with stopping.resumable():
            os.kill(os.getpid(), signal.SIGTERM)
            raise AssertionError("SIGTERM was not heeded")
    except stopping.Stopped:
        pass
assert handlers() == [signal.SIG_IGN, signal.SIG_IGN], "who ends is not disturbed"
os.close(1)  # standard output is for results
sys.exit(stop.finish())
"""


def test_the_blocks_take_signals_and_give_them_back() -> None:
    program = Program(["-c", BLOCKS])
    assert program.finish(30) == (143, "thread\nterminated: what is committed stays, the same command resumes\n")


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """Takes connections and says nothing, as what is no head of Ray may do."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        found.listen()
        yield found


@pytest.mark.parametrize("protocol", ["", "ray://"])
def test_an_address_where_nobody_listens_is_named_and_sigterm_heeded_meanwhile(protocol: str) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # no other program listens there meanwhile
        address = f"{protocol}127.0.0.1:{closed.getsockname()[1]}"
        looks = "from openbioner_batch.engine import address; address.LISTENING_S = {}; address.check_address({!r})"
        program = Program(["-c", looks.format(1, address)])
        code, output = program.finish(60)
        assert code == 1
        assert f"RunFailedError: --ray-address {address}" in output
        assert "unset RAY_ADDRESS" in output

        busy = f"print('ready', flush=True); {looks.format(50, address)}"
        program = Program(
            ["-c", f"from openbioner_batch.engine import stopping\nwith stopping.stop_on_signals():\n    {busy}"]
        )
        assert program.process.stdout is not None
        assert program.process.stdout.readline() == "ready\n"
        time.sleep(1)
        program.process.send_signal(signal.SIGTERM)
        began = time.monotonic()
        assert "Stopped" in program.finish(30)[1]
        assert time.monotonic() - began < 10


def test_auto_is_an_address() -> None:
    from openbioner_batch.engine.address import check_address
    from openbioner_batch.errors import RunFailedError

    with suppress(RunFailedError):  # there may be none, or that of another test
        check_address("auto")


@pytest.mark.parametrize("address", ["http://127.0.0.1:8265", "nonsense", "127.0.0.1:port", ":6379", "host:", "local"])
def test_what_is_no_address_is_refused(address: str) -> None:
    from openbioner_batch.engine.address import check_address
    from openbioner_batch.errors import UsageError

    with pytest.raises(UsageError, match="--ray-address"):
        check_address(address)


def test_something_else_that_listens_is_no_cluster(listener: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    from openbioner_batch.engine import address
    from openbioner_batch.errors import OpenBioNERError

    monkeypatch.setattr(address, "LISTENING_S", 0.5)
    monkeypatch.setattr(address, "_ANSWER_S", 0.5)
    place = f"127.0.0.1:{listener.getsockname()[1]}"
    with pytest.raises(OpenBioNERError, match=f"--ray-address {place}"):
        address.check_address(place)


STARTS = """
import signal, sys
from openbioner_batch.engine import cluster, stopping

with stopping.stop_on_signals() as stop:
    try:
        print("ready", flush=True)
        with cluster.ray_connection(None):
            print("started", flush=True)
            signal.pause()
    except KeyboardInterrupt:
        sys.exit(stop.finish())
"""


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [0.5, 2, 4, 6, 8, 12, 20])
def test_sigterm_is_heeded_while_ray_starts(seconds: float) -> None:
    """At moments spread over its start, before and after its own handlers are in place."""
    program = Program(["-c", STARTS])
    assert program.process.stdout is not None
    assert program.process.stdout.readline() == "ready\n"
    time.sleep(seconds)
    program.process.send_signal(signal.SIGTERM)
    code, output = program.finish(60)
    assert (code, output.removeprefix("started\n")) == (143, "terminated\n")
    wait_until(lambda: not program.descendants(), 120, "processes of Ray that outlive SIGTERM")


@pytest.mark.usefixtures("ray_here")  # in the process of the shared Ray: two that start at once may wait too long
def test_ray_starts_where_the_home_cannot_be_written_and_heeds_sigterm() -> None:
    program = Program(["-c", STARTS], {"HOME": "/proc", "RAY_AUTH_MODE": "token"})
    try:
        assert program.process.stdout is not None
        lines = [program.process.stdout.readline() for _ in range(2)]
        assert lines == ["ready\n", "started\n"]
        os.killpg(program.process.pid, signal.SIGTERM)  # as `timeout` and Slurm do
        program.process.send_signal(signal.SIGTERM)
        assert program.finish(60) == (143, "terminated\n")
    finally:
        program.end()
