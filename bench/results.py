"""What a benchmark found, and how it is told."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

_MEASURED = ["measured", "median", "lowest", "highest", "unit", "rounds"]
_FIGURES = ["figure", "value", "goal", "unit", ""]


@dataclass(frozen=True, slots=True)
class Series:
    """One thing measured in several rounds."""

    name: str
    values: Sequence[float]
    unit: str

    @property
    def median(self) -> float:
        """The round in the middle: what one disturbed round cannot move."""
        return median(self.values)

    def over(self, other: "Series") -> float:
        """The median of the rounds' ratios: load that comes and goes is on both sides of a round."""
        return median(mine / theirs for mine, theirs in zip(self.values, other.values, strict=True))

    def row(self) -> list[str]:
        """As the table shows it."""
        numbers = [self.median, min(self.values), max(self.values)]
        return [self.name, *(f"{number:,.{_digits(number)}f}" for number in numbers), self.unit, str(len(self.values))]


@dataclass(frozen=True, slots=True)
class Figure:
    """What a goal speaks of: `value` is to be `goal` at most, or at least."""

    name: str
    value: float
    goal: float
    unit: str = "ratio"
    is_at_least: bool = False

    @property
    def verdict(self) -> str:
        """Whether the goal is met."""
        is_met = self.value >= self.goal if self.is_at_least else self.value <= self.goal
        return "ok" if is_met else "short"

    def row(self) -> list[str]:
        """As the table shows it."""
        goal = f"{'≥' if self.is_at_least else '≤'} {self.goal:g}"
        return [self.name, f"{self.value:.{_digits(self.value)}f}", goal, self.unit, self.verdict]


@dataclass(frozen=True, slots=True)
class Result:
    """Everything that a benchmark measured, and its figures, the one it is named for first."""

    series: Sequence[Series]
    figures: Sequence[Figure]

    def table(self) -> str:
        """All of it, for a person."""
        measured = [series.row() for series in self.series]
        figures = [figure.row() for figure in self.figures]
        return f"{_table([_MEASURED, *measured])}\n\n{_table([_FIGURES, *figures])}"

    def verdict(self) -> str:
        """One line: the first ratio that misses its goal, else the first of all; short when any figure is."""
        ratios = [figure for figure in self.figures if figure.unit == "ratio"]
        told = next((figure for figure in ratios if figure.verdict == "short"), ratios[0])
        is_short = any(figure.verdict == "short" for figure in self.figures)
        return f"ratio={told.value:.3f} goal={told.goal:g} {'short' if is_short else 'ok'}"


def milliseconds(name: str, seconds: Iterable[float]) -> Series:
    """A series of durations."""
    return Series(name, [second * 1000 for second in seconds], "ms")


def kibibytes(name: str, sizes: Iterable[int]) -> Series:
    """A series of sizes in bytes."""
    return Series(name, [size / 1024 for size in sizes], "KiB")


def _digits(number: float) -> int:
    return 3 if number < 10 else 1


def _table(rows: list[list[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  " + "  ".join(_aligned(row, widths)).rstrip() for row in rows)


def _aligned(row: list[str], widths: list[int]) -> Iterable[str]:
    """Names to the left, numbers to the right, words to the left."""
    for place, (cell, width) in enumerate(zip(row, widths, strict=True)):
        yield cell.rjust(width) if 0 < place <= len(row) - 3 or cell.isdigit() else cell.ljust(width)
