"""A loop has the same samples however many threads its process gives to matrix products.

Workers have one, a process that renders has as many as there are processors: by this a performance is rendered again to
the bit.
"""

import os
import subprocess
import sys

import pytest

SCRIPT = """
import hashlib
import sys
from aijockey.live.generator import Generator
from aijockey.live.loop_maker import LoopMaker
from aijockey.live.loop_source import controls_of
from aijockey.live.loops import LoopRequest
from aijockey.live.members import Ensemble
from aijockey.live.point_text import read_point
from aijockey.pack.find import find_pack
from aijockey.pack.pack import Pack

pack = Pack.open(find_pack(None))
make = LoopMaker(Generator(pack), lambda voice: controls_of(pack, voice))
rhythm = next(voice for voice in pack.manifest.voices if not voice.tonal)
tonal = next(voice for voice in pack.manifest.voices if voice.tonal)
for request in (
    LoopRequest(rhythm.name, read_point("(7>9@0.5*0.5+3*0.7)"), ((rhythm.control_names[0], 1.0),)),
    LoopRequest(tonal.name, read_point("7~3@0.2"), ensemble=Ensemble(0.5, 2)),
):
    print(hashlib.sha256(make(request).tobytes()).hexdigest())
"""


def digests(threads: int) -> list[str]:
    limits = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), str(threads))
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env={**os.environ, **limits},
        capture_output=True,
        text=True,
        check=True,
    )
    return ran.stdout.split()


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="a single processor runs a single thread")
def test_a_loop_does_not_depend_on_the_threads_of_the_blas():
    alone = digests(1)
    assert len(set(alone)) == 2
    assert digests(2) == alone
