"""Ctrl-C: the first lets the program come to its end, for a while; a second does not."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading

import pytest

from harness.execution import interruption

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no signal of its own can be sent to one process there")

PROGRAM = """
import sys, signal, time
from harness.execution import interruption
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it

def wait(seconds):  # in steps: a signal that comes just before a sleep begins is heard only when the sleep is over
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(0.02)

with interruption.bounded("what is done is kept", grace_s=float(sys.argv[1])):
    try:
        print("running", flush=True)
        wait(3600)
    except KeyboardInterrupt:
        print("ending", flush=True)
        wait(float(sys.argv[2]))
print("ended", flush=True)
"""
LONG = "3600"


def start(grace_s: str, ending_s: str) -> subprocess.Popen[str]:
    """Start a program that takes so long to end what it does; interrupt it once."""
    running = subprocess.Popen(  # noqa: S603 - this very interpreter
        [sys.executable, "-c", PROGRAM, grace_s, ending_s],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stdout
    assert running.stdout.readline() == "running\n"
    running.send_signal(signal.SIGINT)
    return running


def test_program_that_ends_in_time_ends_by_itself() -> None:
    """The first Ctrl-C says that a second would be faster."""
    with start(LONG, "0") as running:
        out, err = running.communicate(timeout=120)
    assert (running.returncode, out) == (0, "ending\nended\n")
    assert err == "interrupted; what is running is being ended, once more Ctrl-C ends at once\n"


def test_second_interrupt_ends_at_once() -> None:
    """Whatever is still being ended; the last line says what is kept."""
    with start(LONG, LONG) as running:
        assert running.stdout
        assert running.stdout.readline() == "ending\n"
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=120)
    assert (running.returncode, out) == (130, "")
    assert err.splitlines()[-1] == "what is done is kept; ended at once (exit status 130)"


def test_what_takes_too_long_to_end_is_cut_off() -> None:
    """Without a second Ctrl-C."""
    with start("0.2", LONG) as running:
        out, err = running.communicate(timeout=120)
    assert (running.returncode, out) == (130, "ending\n")
    assert err.splitlines()[-1] == "what is done is kept; ended at once (exit status 130)"


def test_promise_is_kept() -> None:
    """Five seconds, with some to spare for the rest of the program."""
    assert interruption.GRACE_S <= 4.5


def test_handler_of_before_is_back_afterwards() -> None:
    """Also another thread, which cannot hear of Ctrl-C, may use it."""
    before = signal.getsignal(signal.SIGINT)
    with interruption.bounded("x"):
        pass
    assert signal.getsignal(signal.SIGINT) is before
    done: list[bool] = []

    def use() -> None:
        with interruption.bounded("x"):
            done.append(True)

    thread = threading.Thread(target=use)
    thread.start()
    thread.join()
    assert done == [True]
