"""The families of models. A new one is a module like its siblings and a line here."""

from aijockey.train.families.base import Family
from aijockey.train.families.flow import FlowTask
from aijockey.train.families.flow_network import FlowConfig
from aijockey.train.families.stylegan2 import StyleGan2Config, StyleGan2Task
from aijockey.train.families.vocos import VocosTask
from aijockey.train.families.vocos_network import VocosConfig

FAMILIES: dict[str, Family] = {
    "flow": Family("generator", FlowConfig, FlowTask),
    "stylegan2": Family("generator", StyleGan2Config, StyleGan2Task),
    "vocos": Family("vocoder", VocosConfig, VocosTask),
}
