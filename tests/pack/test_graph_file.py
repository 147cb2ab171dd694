"""Graphs reach nothing outside themselves: checked without the `onnx` package, and against it."""

import contextlib

import onnx
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

from aijockey.pack import errors as e
from aijockey.pack.contracts import GENERATOR_GRAPHS, VOCODER_GRAPHS
from aijockey.pack.graph_file import check_graph, summarize_graph

INPUTS, OUTPUTS = {"mel": True}, frozenset({"audio"})


def value(name, shape=("batch", 4)):
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape))


def tensor(name="weight", values=4):
    return helper.make_tensor(name, TensorProto.FLOAT, [values], [1.0] * values)


def external(name="weight", location="/etc/hostname"):
    """A tensor that lies in another file."""
    result = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=[4], data_location=TensorProto.EXTERNAL)
    result.external_data.add(key="location", value=location)
    return result


def model_of(nodes, initializers=(), opsets=(), functions=(), inputs=("mel",), outputs=("audio",)):
    graph = helper.make_graph(
        list(nodes),
        "g",
        [value(name) for name in inputs],
        [value(name) for name in outputs],
        list(initializers),
    )
    opset = [helper.make_opsetid("", 17), *(helper.make_opsetid(name, 1) for name in opsets)]
    return helper.make_model(graph, opset_imports=opset, ir_version=8, functions=list(functions))


def plain():
    return model_of([helper.make_node("Add", ["mel", "weight"], ["audio"])], [tensor()])


def check(model):
    return check_graph(model.SerializeToString(), "g.onnx", INPUTS, OUTPUTS)


def test_a_plain_graph_passes():
    summary = check(plain())
    assert (summary.inputs, summary.outputs) == (["mel"], ["audio"])
    assert summary.operators == {("", "Add")}


def test_it_reads_what_onnx_reads(tiny_files):
    for name in ("flow.onnx", "direct.onnx", "vocoder.onnx"):
        model = onnx.load_model_from_string(tiny_files[name])
        summary = summarize_graph(tiny_files[name], name)
        assert summary.inputs == [entry.name for entry in model.graph.input]
        assert summary.outputs == [entry.name for entry in model.graph.output]
        assert summary.operators == {(node.domain, node.op_type) for node in model.graph.node}
        assert not summary.external


def in_constant(hidden):
    return model_of(
        [
            helper.make_node("Constant", [], ["weight"], value=hidden),
            helper.make_node("Add", ["mel", "weight"], ["audio"]),
        ]
    )


def in_branch(hidden):
    branch = helper.make_graph(
        [helper.make_node("Identity", ["weight"], ["y"])], "branch", [], [value("y")], [hidden]
    )
    condition = helper.make_tensor("yes", TensorProto.BOOL, [], [True])
    nodes = [
        helper.make_node("If", ["yes"], ["x"], then_branch=branch, else_branch=branch),
        helper.make_node("Add", ["mel", "x"], ["audio"]),
    ]
    return model_of(nodes, [condition])


def in_function(hidden):
    nodes = [
        helper.make_node("Constant", [], ["w"], value=hidden),
        helper.make_node("Add", ["x", "w"], ["y"]),
    ]
    function = helper.make_function("mine", "Plus", ["x"], ["y"], nodes, [helper.make_opsetid("", 17)])
    return model_of(
        [helper.make_node("Plus", ["mel"], ["audio"], domain="mine")], opsets=["mine"], functions=[function]
    )


def in_sparse(hidden):
    model = plain()
    sparse = model.graph.sparse_initializer.add()
    sparse.values.CopyFrom(hidden)
    return model


def in_training(hidden):
    model = plain()
    model.training_info.add().initialization.initializer.add().CopyFrom(hidden)
    return model


def in_initializer(hidden):
    return model_of([helper.make_node("Add", ["mel", "weight"], ["audio"])], [hidden])


HIDING_PLACES = [in_initializer, in_constant, in_branch, in_function, in_sparse, in_training]


@pytest.mark.parametrize("place", HIDING_PLACES)
@pytest.mark.parametrize("location", ["weights.bin", "../../secret", "/etc/hostname"])
def test_weights_in_another_file_are_refused_wherever_they_hide(place, location):
    with pytest.raises(e.GraphFileError, match="tensor 'weight' lies in another file"):
        check(place(external(location=location)))


@pytest.mark.parametrize("place", HIDING_PLACES)
def test_the_same_places_are_fine_without(place):
    check(place(tensor()))


def test_a_location_without_the_flag_is_refused_too():
    hidden = tensor()
    hidden.external_data.add(key="location", value="weights.bin")
    with pytest.raises(e.GraphFileError, match="lies in another file"):
        check(in_initializer(hidden))


def test_a_pack_with_external_weights_does_not_open(make_pack):
    graph = model_of(
        [
            helper.make_node("Identity", ["weight"], ["real"]),
            helper.make_node("Identity", ["weight"], ["imag"]),
        ],
        [external()],
        outputs=("real", "imag"),
    )
    with pytest.raises(e.GraphFileError, match=r"vocoder\.onnx: tensor 'weight' lies in another file"):
        make_pack(files={"vocoder.onnx": graph.SerializeToString()})


def test_operators_of_plug_ins_are_refused():
    model = model_of(
        [helper.make_node("RunShell", ["mel"], ["audio"], domain="com.example")], opsets=["com.example"]
    )
    with pytest.raises(e.GraphFileError, match=r"operator 'RunShell' of 'com\.example' is not standard ONNX"):
        check(model)


def test_operators_of_plug_ins_are_refused_inside_branches_and_functions():
    foreign = helper.make_node("RunShell", ["x"], ["y"], domain="com.example")
    function = helper.make_function(
        "mine", "Plus", ["x"], ["y"], [foreign], [helper.make_opsetid("com.example", 1)]
    )
    model = model_of(
        [helper.make_node("Plus", ["mel"], ["audio"], domain="mine")], opsets=["mine"], functions=[function]
    )
    with pytest.raises(e.GraphFileError, match="RunShell"):
        check(model)


def test_the_graphs_own_functions_are_fine_and_run():
    model = in_function(tensor())
    check(model)
    onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])


@pytest.mark.parametrize(
    ("inputs", "outputs", "text"),
    [
        (("mel", "password"), ("audio",), "input 'password' is unknown; expected mel"),
        (("sound",), ("audio",), "input 'sound' is unknown"),
        ((), ("audio",), "input 'mel' is missing; it has none"),
        (("mel",), ("noise",), "output 'audio' is missing; it has noise"),
    ],
)
def test_a_graph_must_fit_its_place(inputs, outputs, text):
    nodes = [helper.make_node("Identity", ["weight"], [name]) for name in outputs]
    with pytest.raises(e.GraphFileError, match=text):
        check(model_of(nodes, [tensor()], inputs=inputs, outputs=outputs))


def test_every_sampler_and_output_of_the_manifest_has_its_contract(tiny_manifest):
    from typing import get_args, get_type_hints

    from aijockey.pack.manifest import GeneratorSpec, Manifest

    samplers = get_args(get_type_hints(GeneratorSpec)["sampler"])
    assert {get_args(get_type_hints(spec)["kind"])[0] for spec in samplers} == set(GENERATOR_GRAPHS)
    vocoders = get_args(get_type_hints(Manifest)["vocoder"])
    assert {get_args(get_type_hints(spec)["output"])[0] for spec in vocoders} == {
        *VOCODER_GRAPHS,
        "griffin-lim",
    }


@pytest.mark.parametrize(
    "data", [b"", b"ORTM", b"\x00" * 100, b"\x80" * 100, b"not a graph at all", b"\x3a\xff\xff\xff\xff\x0f"]
)
def test_what_is_no_graph_is_said_to_be_none(data):
    with pytest.raises(e.GraphFileError):
        check_graph(data, "g.onnx", INPUTS, OUTPUTS)


def test_two_graphs_in_one_file_are_refused():
    data = plain().SerializeToString()
    with pytest.raises(e.GraphFileError):
        check_graph(data + data, "g.onnx", INPUTS, OUTPUTS)


def test_endless_nesting_ends():
    data = b""
    for _ in range(500):
        # A node with an attribute that holds a graph that holds a node ...
        for key in (0x32, 0x2A, 0x0A):
            data = bytes([key]) + varint(len(data)) + data
    with pytest.raises(e.GraphFileError):
        check_graph(b"\x3a" + varint(len(data)) + data, "g.onnx", INPUTS, OUTPUTS)


def varint(number: int) -> bytes:
    result = b""
    while number > 0x7F:
        result += bytes([number & 0x7F | 0x80])
        number >>= 7
    return result + bytes([number])


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_spoiled_graphs_raise_nothing_but_graph_errors(data):
    spoiled = bytearray(in_branch(tensor()).SerializeToString())
    for _ in range(data.draw(st.integers(1, 4))):
        spoiled[data.draw(st.integers(0, len(spoiled) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(spoiled)))
    for variant in (bytes(spoiled), bytes(spoiled[:cut])):
        with contextlib.suppress(e.GraphFileError):
            check_graph(variant, "g.onnx", INPUTS, OUTPUTS)
