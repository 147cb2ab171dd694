import numpy as np
import pytest

from aijockey.audio.products import ONE_THREAD, product, product_by_row


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ((3, 4), (4, 5)),
        ((64, 128), (128, 512)),
        ((2, 64, 64), (64, 300)),
        ((1, 200, 31), (3, 31, 700)),
        ((1, 9000), (9000, 40)),
    ],
)
def test_a_product_in_pieces_is_the_product(rng, left, right):
    a, b = (rng.standard_normal(shape).astype(np.float32) for shape in (left, right))
    found = product(a, b)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, a.astype(np.float64) @ b, rtol=0, atol=1e-5 * np.sqrt(left[-1]))
    # Views, as of a transpose, are as good.
    np.testing.assert_array_equal(product(a, np.ascontiguousarray(b)), found)


def test_pieces_are_as_small_as_a_blas_leaves_to_one_thread(monkeypatch, rng):
    sizes = []

    class Watched(np.ndarray):
        def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
            plain = [np.asarray(part) for part in inputs]
            sizes.append(plain[0].size * plain[1].shape[-1])
            return getattr(ufunc, method)(*plain, **kwargs)

    left = rng.standard_normal((100, 128)).astype(np.float32).view(Watched)
    product(left, rng.standard_normal((128, 500)).astype(np.float32))
    assert len(sizes) > 1
    assert max(sizes) <= ONE_THREAD


@pytest.mark.parametrize("beside", [1, 2, 7, 8, 9, 12, 31, 64])
def test_a_row_is_the_same_to_the_bit_whatever_is_beside_it(rng, beside):
    rows = rng.standard_normal((100, 79)).astype(np.float32)
    matrix = rng.standard_normal((79, 112)).astype(np.float32)
    whole = product_by_row(rows, matrix)
    np.testing.assert_allclose(whole, rows.astype(np.float64) @ matrix, atol=1e-4)
    for first in (0, 5, 99):
        part = slice(first, first + beside)
        np.testing.assert_array_equal(product_by_row(rows[part], matrix), whole[part])
