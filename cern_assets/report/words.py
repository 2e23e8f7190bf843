"""Amounts as people read them."""

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")
_STEPS = ((86_400.0, "d"), (3_600.0, "h"), (60.0, "min"), (1.0, "s"))


def amount(number: float) -> str:
    """`12,345`."""
    return f"{number:,.0f}"


def size(size_bytes: float) -> str:
    """`512 B`, `1.5 MiB`, `2 GiB`."""
    for unit in _UNITS:
        if size_bytes < 1024 or unit == _UNITS[-1]:
            return f"{_short(size_bytes)} {unit}"
        size_bytes /= 1024
    raise AssertionError


def seconds(length: float) -> str:
    """`0.2 ms`, `12 ms`, `3.5 s`, `2 min`, `1.5 h`."""
    if length < 1:
        return f"{_short(length * 1000)} ms"
    step, name = next(pair for pair in _STEPS if length >= pair[0])
    return f"{_short(length / step)} {name}"


def _short(number: float) -> str:
    return f"{number:.0f}" if number >= 100 else f"{number:.1f}".removesuffix(".0")
