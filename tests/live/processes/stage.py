"""What may be done to a performance, and what its sound is judged by: samples, never a clock."""

import os
import signal

import numpy as np

from aijockey.live.true_peak import TruePeakMeter

TEN_MS = 480
CEILING_DBTP = -1.0
METER_ERROR_DB = 0.1


def kill(supervisor, role, how=signal.SIGKILL):
    """Send a signal to the process of a role; returns the process."""
    process = supervisor.children[role].process
    assert process is not None
    os.kill(process.pid, how)
    return process


def alive_again(supervisor, role, starts):
    """A condition: the role was started more often than ``starts`` times and runs."""

    def look():
        child = supervisor.children[role]
        return child.starts > starts and child.process is not None and child.process.is_alive()

    return look


def swaps(supervisor, deck=0):
    """Loops that have entered on a deck."""
    state = supervisor.board.read("state")
    return state["decks"][deck]["swaps"] if state else 0


def check_undisturbed(state):
    """Nothing was started again."""
    assert not {key: count for key, count in state.items() if key.endswith("_restarts") and count}


def longest_gap(sound, level=1e-4):
    """Most samples in a row that are silent, of (2, samples)."""
    quiet = np.concatenate([[False], np.abs(sound).max(axis=0) < level, [False]])
    edges = np.flatnonzero(np.diff(quiet.astype(int)))
    return int((edges[1::2] - edges[::2]).max(initial=0))


def check_whole(sound):
    """Finite, nothing above the ceiling, and once the tone has begun no gap of 10 ms."""
    assert np.isfinite(sound).all()
    meter = TruePeakMeter()
    for start in range(0, sound.shape[1], 48_000):
        meter.add(sound[:, start : start + 48_000])
    assert meter.level_dbtp <= CEILING_DBTP + METER_ERROR_DB
    began = int(np.argmax(np.abs(sound).max(axis=0) > 0.05))
    assert sound.shape[1] > began + 24_000
    assert longest_gap(sound[:, began:]) < TEN_MS
