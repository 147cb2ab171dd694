"""Matrix products whose last bits do not depend on how many threads the BLAS may use.

A BLAS shares large products out among threads, and how it then sums depends on how many it has. So a loop that a
worker with one thread made differed by up to 2e-6 from the same loop in a process with two, and whatever decides
something by its sound, as a phase vocoder does by its peaks, may make more of that. Small products stay with one thread
wherever they are made, and need not wait for another.
"""

import numpy as np
import numpy.typing as npt

Float = npt.NDArray[np.float32]

ONE_THREAD = 1 << 18  # multiplications that OpenBLAS leaves to one thread
ROWS = 64
ALIKE_ROWS = 8


def product(left: Float, right: Float) -> Float:
    """``left @ right``, (…, m, k) and (…, k, n), in pieces of at most `ONE_THREAD` multiplications."""
    (rows, inner), columns = left.shape[-2:], right.shape[-1]
    if rows * inner * columns <= ONE_THREAD:
        return np.asarray(left @ right)
    tall = min(rows, ROWS)
    # Not one column alone: a product with a vector is shared out much sooner.
    wide = max(2, ONE_THREAD // (tall * inner))
    lead = np.broadcast_shapes(left.shape[:-2], right.shape[:-2])
    made = np.empty((*lead, rows, columns), dtype=np.result_type(left, right))
    for top in range(0, rows, tall):
        for first in range(0, columns, wide):
            piece = np.s_[..., top : top + tall, first : first + wide]
            made[piece] = left[..., top : top + tall, :] @ right[..., first : first + wide]
    return made


def product_by_row(rows: Float, matrix: Float) -> Float:
    """``rows @ matrix``, (n, k) and (k, m), where each row comes out the same to the bit, however many are beside it.

    A BLAS adds up in another order for another shape, so all pieces have one: of 12 rows at once, some came out
    otherwise, as they did in pieces of 16, 24 and 28 rows.
    """
    pieces = -(-len(rows) // ALIKE_ROWS)
    padded = np.zeros((pieces, ALIKE_ROWS, rows.shape[1]), dtype=rows.dtype)
    padded.reshape(-1, rows.shape[1])[: len(rows)] = rows
    return product(padded, matrix).reshape(-1, matrix.shape[1])[: len(rows)]
