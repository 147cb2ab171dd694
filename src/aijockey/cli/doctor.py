"""``aijockey doctor``: what keeps a set from sounding on this machine, and how to mend it."""

import argparse
from pathlib import Path

from aijockey.cli.arguments import whole_number

SIGNS = {"ok": "ok    ", "note": "note  ", "broken": "BROKEN"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.add_argument("--pack", metavar="PACK", help="pack to check (without: the default pack)")
    parser.add_argument("--device", metavar="NAME", help="part of an output's name (without: the default)")
    parser.add_argument(
        "--port", type=whole_number(1, 65_535), default=8765, metavar="P", help="control port to check"
    )
    parser.add_argument("--folder", type=Path, default=Path(), metavar="DIR", help="where recordings will go")
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Examine; status 1 if something is broken."""
    import dataclasses
    import json

    from aijockey.live.doctor.examine import examine
    from aijockey.live.doctor.finding import Patient

    patient = Patient(arguments.pack, arguments.device, arguments.port, arguments.folder.absolute())
    findings = []
    for finding in examine(patient):
        findings.append(finding)
        if not arguments.json:
            print(f"{SIGNS[finding.state]} {finding.name}: {finding.found}", flush=True)
            if finding.matters:
                print(f"       {finding.matters}")
            if finding.fix:
                print(f"       -> {finding.fix}")
    broken = [finding.name for finding in findings if finding.state == "broken"]
    if arguments.json:
        entries = [dataclasses.asdict(finding) for finding in findings]
        print(json.dumps({"healthy": not broken, "findings": entries}, indent=1))
    else:
        print(f"broken: {', '.join(broken)}" if broken else "all that is needed works")
    return 1 if broken else 0
