"""Checks an ONNX file without running it: self-contained, standard operators, expected inputs and outputs.

ONNX lets a tensor live in another file, named by a path inside the graph, and lets a graph name operators of
a plug-in. Neither has a place in a pack. ONNX Runtime would only notice while loading, so this module walks
the file's Protocol Buffers records itself, by the field numbers of onnx.proto; it needs no ``onnx`` package,
skips over weights without reading them, and understands no more than it must.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from aijockey.pack.errors import GraphFileError

# Which fields of which message hold which message (onnx.proto, IR version 12): all ways to reach a tensor or
# a node.
CHILDREN: Mapping[str, Mapping[int, str]] = {
    "Model": {7: "Graph", 8: "Opset", 20: "Training", 25: "Function"},
    "Graph": {1: "Node", 5: "Tensor", 11: "Input", 12: "Output", 15: "Sparse"},
    "Node": {5: "Attribute"},
    "Attribute": {5: "Tensor", 6: "Graph", 10: "Tensor", 11: "Graph", 22: "Sparse", 23: "Sparse"},
    "Sparse": {1: "Tensor", 2: "Tensor"},
    "Function": {7: "Node", 9: "Opset", 11: "Attribute"},
    "Training": {1: "Graph", 2: "Graph"},
}
NODE_TYPE, NODE_DOMAIN = 4, 7
FUNCTION_NAME, FUNCTION_DOMAIN = 1, 10
VALUE_NAME = 1
TENSOR_NAME, TENSOR_EXTERNAL, TENSOR_LOCATION = 8, 13, 14
STANDARD_DOMAINS = frozenset({"", "ai.onnx"})
DEEPEST = 64
# A message that repeats shares no bytes with another, so the number of records is bounded by the file; this
# bounds time.
MOST_RECORDS = 2_000_000


@dataclass
class GraphSummary:
    """What the file declares: names of its inputs and outputs, the operators it uses as (domain, name)."""

    inputs: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    operators: set[tuple[str, str]] = field(default_factory=set)
    functions: set[tuple[str, str]] = field(default_factory=set)
    external: list[str] = field(default_factory=list)
    graphs: int = 0


def summarize_graph(data: bytes, name: str = "graph") -> GraphSummary:
    """Walk an ONNX file.

    Raises
    ------
    GraphFileError : not ONNX, or damaged.
    """
    summary = GraphSummary()
    walker = _Walker(memoryview(data), name, summary)
    walker.walk("Model", 0, len(data), 0)
    if summary.graphs != 1:
        raise GraphFileError(f"{name}: holds no ONNX graph")
    return summary


def check_graph(data: bytes, name: str, inputs: Mapping[str, bool], outputs: frozenset[str]) -> GraphSummary:
    """Refuse a graph that reaches outside itself or does not fit its place.

    Parameters
    ----------
    inputs : the inputs it may declare -> whether it must.
    outputs : the outputs that it must declare.

    Raises
    ------
    GraphFileError
    """
    summary = summarize_graph(data, name)
    if summary.external:
        raise GraphFileError(
            f"{name}: tensor '{summary.external[0]}' lies in another file; export with all weights inside"
        )
    for domain, operator in sorted(summary.operators):
        if domain not in STANDARD_DOMAINS and (domain, operator) not in summary.functions:
            raise GraphFileError(f"{name}: operator '{operator}' of '{domain}' is not standard ONNX")
    for declared in summary.inputs:
        if declared not in inputs:
            raise GraphFileError(f"{name}: input '{declared}' is unknown; expected {', '.join(inputs)}")
    for wanted, required in inputs.items():
        if required and wanted not in summary.inputs:
            raise GraphFileError(
                f"{name}: input '{wanted}' is missing; it has {', '.join(summary.inputs) or 'none'}"
            )
    for wanted in sorted(outputs):
        if wanted not in summary.outputs:
            raise GraphFileError(
                f"{name}: output '{wanted}' is missing; it has {', '.join(summary.outputs) or 'none'}"
            )
    return summary


class _Walker:
    """Reads records: a key (field number, wire type), then a number, 4 or 8 bytes, or length and bytes."""

    def __init__(self, data: memoryview, name: str, summary: GraphSummary) -> None:
        self.data = data
        self.name = name
        self.summary = summary
        self.records = 0

    def fail(self) -> GraphFileError:
        return GraphFileError(f"{self.name}: damaged, or not an ONNX file")

    def number(self, at: int, end: int) -> tuple[int, int]:
        value = 0
        for shift in range(0, 70, 7):
            if at >= end:
                raise self.fail()
            byte = self.data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value, at
        raise self.fail()

    def fields(self, at: int, end: int) -> Iterator[tuple[int, int, int, int]]:
        """(field, number, start, stop) of each record: a number for numeric ones, a span for the others."""
        while at < end:
            self.records += 1
            if self.records > MOST_RECORDS:
                raise self.fail()
            key, at = self.number(at, end)
            field_number, wire = key >> 3, key & 7
            value, start, stop = 0, at, at
            if wire == 0:
                value, at = self.number(at, end)
            elif wire == 2:
                length, start = self.number(at, end)
                at = stop = start + length
            elif wire in (1, 5):
                at = stop = at + (8 if wire == 1 else 4)
            else:
                raise self.fail()
            if at > end or field_number == 0:
                raise self.fail()
            yield field_number, value, start, stop

    def text(self, start: int, stop: int) -> str:
        try:
            return bytes(self.data[start:stop]).decode("utf-8")
        except UnicodeDecodeError as error:
            raise self.fail() from error

    def walk(self, kind: str, at: int, end: int, depth: int, top: bool = False) -> None:
        """Visit a message of ``kind`` and all messages in it; ``top`` marks the model's own graph."""
        if depth > DEEPEST:
            raise self.fail()
        children = CHILDREN.get(kind, {})
        texts: dict[int, str] = {}
        external = False
        for field_number, value, start, stop in self.fields(at, end):
            child = children.get(field_number)
            if child in ("Input", "Output"):
                if top:
                    names = self.summary.inputs if child == "Input" else self.summary.outputs
                    names.append(self.value_name(start, stop))
            elif child is not None:
                graph = kind == "Model" and child == "Graph"
                self.summary.graphs += graph
                self.walk(child, start, stop, depth + 1, top=graph)
            elif kind == "Tensor":
                if field_number == TENSOR_NAME:
                    texts[field_number] = self.text(start, stop)
                external |= field_number == TENSOR_EXTERNAL or (
                    field_number == TENSOR_LOCATION and value != 0
                )
            elif (kind == "Node" and field_number in (NODE_TYPE, NODE_DOMAIN)) or (
                kind == "Function" and field_number in (FUNCTION_NAME, FUNCTION_DOMAIN)
            ):
                texts[field_number] = self.text(start, stop)
        if external:
            self.summary.external.append(texts.get(TENSOR_NAME, "without a name"))
        if kind == "Node":
            self.summary.operators.add((texts.get(NODE_DOMAIN, ""), texts.get(NODE_TYPE, "")))
        if kind == "Function":
            self.summary.functions.add((texts.get(FUNCTION_DOMAIN, ""), texts.get(FUNCTION_NAME, "")))

    def value_name(self, start: int, stop: int) -> str:
        for field_number, _, begin, end in self.fields(start, stop):
            if field_number == VALUE_NAME:
                return self.text(begin, end)
        return ""
