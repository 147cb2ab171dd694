"""The families of models. A new one is a module like its siblings and a line here."""

from aijockey.train.families.base import Family
from aijockey.train.families.flow import FlowConfig, FlowTask
from aijockey.train.families.vocos import VocosConfig, VocosTask

FAMILIES: dict[str, Family] = {
    "flow": Family("generator", FlowConfig, FlowTask),
    "vocos": Family("vocoder", VocosConfig, VocosTask),
}
