"""Surfaces on the command line of ``play``: one module each, with ``add_arguments(parser)`` and ``configs(arguments)``,
and ``RULES`` where some options need others.

``configs`` gives the services that run in the control process; none where nothing was asked for. Libraries are
imported by the services themselves, so that ``--help`` is instant.
"""

import argparse
import importlib
from types import ModuleType
from typing import TYPE_CHECKING

from aijockey.cli.arguments import Rule

if TYPE_CHECKING:
    from aijockey.control.services import ServiceConfig

# Modules of this package, beside `page`, which is always there.
SURFACES: tuple[str, ...] = ("midi", "osc", "link", "autopilot")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of all surfaces."""
    for module in _modules():
        module.add_arguments(parser)


def rules() -> tuple[Rule, ...]:
    """Which of their options say nothing beside others."""
    return tuple(rule for module in _modules() for rule in getattr(module, "RULES", ()))


def configs(arguments: argparse.Namespace) -> "tuple[ServiceConfig, ...]":
    """What was asked for."""
    return tuple(config for module in _modules() for config in module.configs(arguments))


def _modules() -> tuple[ModuleType, ...]:
    return tuple(importlib.import_module(f"{__name__}.{name}") for name in SURFACES)
