"""What a graph must look like at each place in a pack: inputs (and whether they are required) and outputs.

All are float32 but ``voice`` (int64), and the first axis of each is the batch. A loader feeds the inputs that
a graph declares; a graph that needs no voice or no controls leaves them out.

=============  =====================  =====================================================================
name           shape                  meaning
=============  =====================  =====================================================================
latent         (batch, *latent)       standard normal noise; in a rotation the state on its way to codes
time           (batch,)               0 at noise, 1 at data
voice          (batch,), int64        the voice's ``index``
controls       (batch, controls)      (value - mean) / std of that voice
known          (batch, controls)      1 where that control is given, else 0
truncation     (batch,)               1: none
style_offset   (batch, layers, style) added to the style of each layer; 0: none
style          (batch, style)         output beside ``codes``: the style that the latent makes
velocity       (batch, *latent)       d latent / d angle
codes          (batch, patches, dims) codes of the loop
mel            (batch, bands, frames) natural-log mel
real, imag     (batch, bins, hops)    spectrum for a circular inverse STFT; bins = window / 2 + 1
audio          (batch, samples)       a loop, mono
=============  =====================  =====================================================================
"""

Contract = tuple[dict[str, bool], frozenset[str]]

GENERATOR_GRAPHS: dict[str, Contract] = {
    "rotation": (
        {"latent": True, "time": True, "voice": False, "controls": False, "known": False},
        frozenset({"velocity"}),
    ),
    "direct": (
        {
            "latent": True,
            "voice": False,
            "controls": False,
            "known": False,
            "truncation": False,
            "style_offset": False,
        },
        frozenset({"codes"}),
    ),
}

STYLED: Contract = (
    {**GENERATOR_GRAPHS["direct"][0], "style_offset": True},
    frozenset({"codes", "style"}),
)
"""Of a ``direct`` generator that states a ``style_shape``."""

VOCODER_GRAPHS: dict[str, Contract] = {
    "spectrum": ({"mel": True}, frozenset({"real", "imag"})),
    "audio": ({"mel": True}, frozenset({"audio"})),
}
