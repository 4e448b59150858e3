"""One rounding to a format, by integers alone, as a standard for software's roundings."""

from fractions import Fraction

from conformance.interface.arithmetic import Format

DIRECTED = ("nearest", "nearest away", "up", "down", "toward zero")


def rounded(value: Fraction, format: Format, mode: str) -> float:
    """Round to a format. mode: one of DIRECTED; above the largest number, infinity or the largest number according
    to the mode.
    """
    size = abs(value)
    exponent = size.numerator.bit_length() - size.denominator.bit_length()
    exponent = max(exponent - (size < Fraction(2) ** exponent), format.smallest)
    last = Fraction(2) ** (exponent - format.precision + 1)
    below = value // last
    rest = value / last - below
    up = {
        "nearest": rest > Fraction(1, 2) or (rest == Fraction(1, 2) and below % 2 == 1),
        "nearest away": rest > Fraction(1, 2) or (rest == Fraction(1, 2) and value > 0),
        "up": rest > 0,
        "down": False,
        "toward zero": rest > 0 and value < 0,
    }[mode]
    result = (below + up) * last
    largest = 2 * format.half_largest
    if abs(result) > largest:
        back = mode == "toward zero" or (mode == "up" and value < 0) or (mode == "down" and value > 0)
        return float(largest if back else float("inf")) * (1 if value > 0 else -1)
    return float(result)
