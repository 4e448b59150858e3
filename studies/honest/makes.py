"""Makes in NumPy: other orders of sums, other blends, fused and wider arithmetic, other layouts, threads."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import reduce

import numpy as np

from conformance.adapters.reference import Reference
from conformance.interface.arithmetic import Arithmetic
from reference import Parameters
from studies.honest.hand import Hand, Parts

WIDER = {np.dtype(np.float32): np.float64, np.dtype(np.float64): np.longdouble}
NUMPY = "NumPy's exp and tanh, within 4 ULP"


def claiming(activation: str = "8 ULP", **others: bool | str) -> dict[str, Arithmetic]:
    """A claim for each format."""
    return {
        dtype: Arithmetic(dtype=dtype, activation=activation, source=NUMPY, **others)  # pyright: ignore[reportArgumentType]
        for dtype in ("float32", "float64")
    }


class Made(Hand):
    """float32 and float64."""

    capabilities = replace(Reference.capabilities, arithmetic=claiming())


class plain(Made):
    """Matrix products by BLAS, z h + (1 - z) n."""


class gap_blend(Made):
    """n + z (h - n)."""

    def blend(self, z: np.ndarray, h: np.ndarray, n: np.ndarray) -> np.ndarray:
        return n + z * (h - n)


class other_gap_blend(Made):
    """h + (1 - z) (n - h), products by einsum."""

    def blend(self, z: np.ndarray, h: np.ndarray, n: np.ndarray) -> np.ndarray:
        return h + (1 - z) * (n - h)

    def product(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.einsum("ik,kj->ij", a, b)


class complement_by_sigma(Made):
    """1 - z is computed as sigma(-a)."""

    def step(self, x: np.ndarray, h: np.ndarray, p: Parameters) -> np.ndarray:
        parts = self.parts(x, h, p)
        a = self.x_side(x, p)[0] + self.recurrent(h, p, 0)
        return parts.z * h + self.sigmoid(-a) * parts.n


class wide_accumulators(Made):
    """Products are summed in the next wider format, then rounded once."""

    def product(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        wide = WIDER[a.dtype]
        return (a.astype(wide) @ b.astype(wide)).astype(a.dtype)


class wide_steps(Made):
    """A whole step is computed in the next wider format, and each state is rounded."""

    def step(self, x: np.ndarray, h: np.ndarray, p: Parameters) -> np.ndarray:
        wide = WIDER[h.dtype]
        arrays = (array.astype(wide) for array in (p.kernel, p.recurrent_kernel, p.bias))
        W, U, b = arrays
        x, old = x.astype(wide), h.astype(wide)
        x_side = [x @ block + bias for block, bias in zip(W, b[0], strict=True)]
        h_side = [old @ block + bias for block, bias in zip(U, b[1], strict=True)]
        z = self.sigmoid(x_side[0] + h_side[0])
        if p.reset == "none":
            a = x_side[1] + h_side[1]
        else:
            r = self.sigmoid(x_side[1] + h_side[1])
            a = x_side[2] + (r * h_side[2] if p.reset == "after" else (r * old) @ U[2] + b[1, 2])
        return (z * old + (1 - z) * np.tanh(a)).astype(h.dtype)


def summed(terms: np.ndarray, join: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> np.ndarray:
    """The terms on the first axis, joined one after the other."""
    return reduce(join, terms[1:], terms[0]) if len(terms) else np.zeros(terms.shape[1:], terms.dtype)


def products(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Every product of a matrix product, (terms, rows, columns)."""
    return a.T[:, :, None] * b[:, None, :]


class one_after_the_other(Made):
    """Sums from the first term to the last."""

    def product(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return summed(products(a, b), np.add)


class from_the_last(Made):
    """Sums from the last term to the first."""

    def product(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return summed(products(a, b)[::-1], np.add)


class pairwise(Made):
    """Sums of two halves, each summed likewise."""

    def product(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        def total(terms: np.ndarray) -> np.ndarray:
            half = len(terms) // 2
            return summed(terms, np.add) if half == 0 else total(terms[:half]) + total(terms[half:])

        return total(products(a, b))


class eight_lanes(Made):
    """Eight running sums that take turns, added at the end."""

    def product(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        terms = products(a, b)
        return summed(np.stack([summed(terms[lane::8], np.add) for lane in range(8)]), np.add)


class split_in_two(Made):
    """The terms of a product in two parts, each by BLAS."""

    def product(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        half = len(b) // 2
        return a[:, :half] @ b[:half] + a[:, half:] @ b[half:]


class compensated(Made):
    """Kahan's summation."""

    def product(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        total = lost = np.zeros((len(a), b.shape[1]), a.dtype)
        for term in products(a, b):
            term = term - lost
            new = total + term
            total, lost = new, (new - total) - term
        return total


def fused(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    """a b + c, rounded once: exact for float32, since the product fits a float64, whose sum is rounded to odd."""
    wide = WIDER[np.result_type(a, b, c)]
    x, y = np.broadcast_arrays(a.astype(wide) * b.astype(wide), c.astype(wide))
    total = x + y
    part = total - x
    lost = (x - (total - part)) + (y - part)
    if wide is np.float64:
        even = total.view(np.uint64) % 2 == 0
        toward = np.where((lost > 0) == (total > 0), np.inf * np.sign(total), 0)
        total = np.where((lost != 0) & even & np.isfinite(total) & (total != 0), np.nextafter(total, toward), total)
    return total.astype(a.dtype)


class fused_multiply_add(Made):
    """Each product is added without being rounded by itself; so is the product of the blend, and of r."""

    def product(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        total = np.zeros((len(a), b.shape[1]), a.dtype)
        for column, row in zip(a.T, b, strict=True):
            total = fused(column[:, None], row[None], total)
        return total

    def plus(self, a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
        return fused(b, c, a)

    def blend(self, z: np.ndarray, h: np.ndarray, n: np.ndarray) -> np.ndarray:
        return fused(z, h - n, n)


class stacked_gates(Made):
    """One product for all gates, in the order r, z, n; the inputs' and the state's biases are added first."""

    def parts(self, x: np.ndarray, h: np.ndarray, p: Parameters) -> Parts:
        if p.reset == "none":
            return super().parts(x, h, p)
        units, order = p.units, [1, 0, 2]
        W, U = (np.concatenate(kernel[order], axis=1) for kernel in (p.kernel, p.recurrent_kernel))
        both = self.gates(x, h, W[:, : 2 * units], U[:, : 2 * units], (p.bias[0] + p.bias[1])[order[:2]].ravel())
        r, z = np.split(both, 2, axis=1)
        a = x @ W[:, 2 * units :] + p.bias[0, 2]
        v = (r * h if p.reset == "before" else h) @ U[:, 2 * units :] + p.bias[1, 2]
        return Parts(z, r, self.tanh(a + (v if p.reset == "before" else r * v)), h if p.reset == "before" else v)

    def gates(self, x: np.ndarray, h: np.ndarray, W: np.ndarray, U: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Both gates, side by side."""
        return self.sigmoid(x @ W + b + h @ U)


class one_sum(stacked_gates):
    """The gates by one product of [x, h] with both kernels, one above the other."""

    capabilities = replace(Made.capabilities, arithmetic=claiming(summation="any order"))

    def gates(self, x: np.ndarray, h: np.ndarray, W: np.ndarray, U: np.ndarray, b: np.ndarray) -> np.ndarray:
        return self.sigmoid(np.concatenate([x, h], 1) @ np.concatenate([W, U]) + b)


class transposed_weights(Made):
    """Weights stand with their units first, and products are taken from the other side."""

    def product(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return (np.ascontiguousarray(b.T) @ a.T).T


class row_by_row(Made):
    """A product of a vector and a matrix for each row."""

    def product(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.stack([row @ b for row in a]) if len(a) else a @ b


class two_threads(Made):
    """The columns of every product are split between two threads."""

    pool = ThreadPoolExecutor(2)

    def product(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        def of_one(part: np.ndarray) -> np.ndarray:
            with np.errstate(all="ignore"):  # which holds for one thread
                return a @ part

        return np.concatenate(list(self.pool.map(of_one, np.array_split(b, 2, axis=1))), axis=1)


class sigma_of_one_exponential(Made):
    """sigma(a) = 1 / (1 + exp(-a)), which is 0 where exp overflows."""

    capabilities = replace(Made.capabilities, arithmetic=claiming(flush=True))

    def sigmoid(self, a: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-a))


class sigma_by_tanh(Made):
    """sigma(a) = (1 + tanh(a / 2)) / 2."""

    capabilities = replace(Made.capabilities, arithmetic=claiming("8 ULP above u"))

    def sigmoid(self, a: np.ndarray) -> np.ndarray:
        return (1 + np.tanh(a / 2)) / 2


NUMPY_MAKES: tuple[type[Made], ...] = (
    *(plain, gap_blend, other_gap_blend, complement_by_sigma, wide_accumulators, wide_steps, one_after_the_other),
    *(from_the_last, pairwise, eight_lanes, split_in_two, compensated, fused_multiply_add, stacked_gates, one_sum),
    *(transposed_weights, row_by_row, two_threads, sigma_of_one_exponential, sigma_by_tanh),
)
