"""All checks, in the order in which somebody would mend things."""

from collections.abc import Callable, Iterator

from aijockey.live.doctor import sound, system
from aijockey.live.doctor.finding import Finding, Patient

CHECKS: tuple[Callable[[Patient], Finding], ...] = (
    system.versions,
    system.extras,
    sound.portaudio,
    system.sound_permissions,
    sound.device,
    system.priority,
    system.port,
    system.disk,
    system.shared_memory,
    sound.pack,
    sound.generation,
    sound.engine,
)


def examine(patient: Patient) -> Iterator[Finding]:
    """Every finding, each as soon as it is there; a check that fails itself is a finding too."""
    for check in CHECKS:
        try:
            yield check(patient)
        except Exception as error:
            yield Finding(
                check.__name__.replace("_", " "),
                "broken",
                f"the check itself failed ({type(error).__name__}: {error})",
                "it is not known whether this works",
                "Please report it with this line.",
            )
