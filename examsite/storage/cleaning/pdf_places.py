"""Where on the paper does a drawing order put its words? Followed roughly, to tell what lies wholly beside it."""

from __future__ import annotations

from typing import Any

from pikepdf import Array, String

Matrix = tuple[float, float, float, float, float, float]
Box = tuple[float, float, float, float]

_SAME: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
#: Widest letter, as a part of the size of the font. Source: our choice, because no letter of a usual font is wider.
_WIDEST = 1.5


class Places:
    """The place of the next words while the orders of a page are followed. Units: points of the page."""

    def __init__(self, paper: Box) -> None:
        self._paper = paper
        self._page = _SAME
        self._pages: list[tuple[Matrix, float, float]] = []
        self._line = _SAME
        self._size = 0.0
        self._leading = 0.0
        self._sent = 0

    def follow(self, operands: Any, word: str) -> None:
        """Take note of an order that moves what follows."""
        if word == "q":
            self._pages.append((self._page, self._size, self._leading))
        elif word == "Q" and self._pages:
            self._page, self._size, self._leading = self._pages.pop()
        elif word == "cm":
            self._page = _product(_matrix(operands), self._page)
        elif word == "BT":
            self._line, self._sent = _SAME, 0
        elif word == "Tm":
            self._line, self._sent = _matrix(operands), 0
        elif word in {"Td", "TD"}:
            across, down = float(operands[0]), float(operands[1])
            self._leading = -down if word == "TD" else self._leading
            self._move(across, down)
        elif word in {"T*", "'", '"'}:
            self._move(0.0, -self._leading)
        elif word == "TL":
            self._leading = float(operands[0])
        elif word == "Tf":
            self._size = float(operands[1])

    def is_beside(self, operands: Any) -> bool:
        """Whether the words of an order lie wholly beside the paper."""
        self._sent += _length(operands[-1])
        high = abs(self._size) or 1.0
        corners = [
            _point(_product(self._line, self._page), across, up)
            for across in (-high, high * _WIDEST * self._sent)
            for up in (-high, high)
        ]
        left, low, right, top = self._paper
        return (
            all(x < left for x, _y in corners)
            or all(x > right for x, _y in corners)
            or all(y < low for _x, y in corners)
            or all(y > top for _x, y in corners)
        )

    def _move(self, across: float, up: float) -> None:
        self._line, self._sent = _product((1.0, 0.0, 0.0, 1.0, across, up), self._line), 0


def _length(words: Any) -> int:
    """Letters at most, with the gaps between them."""
    if isinstance(words, Array):
        return sum(len(bytes(one)) if isinstance(one, String) else 1 + int(abs(float(one)) / 1000) for one in words)
    return len(bytes(words))


def _matrix(operands: Any) -> Matrix:
    first, second, third, fourth, fifth, sixth = (float(one) for one in operands)
    return first, second, third, fourth, fifth, sixth


def _product(inner: Matrix, outer: Matrix) -> Matrix:
    a, b, c, d, e, f = inner
    g, h, i, j, k, m = outer
    return (a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + m)


def _point(matrix: Matrix, x: float, y: float) -> tuple[float, float]:
    return x * matrix[0] + y * matrix[2] + matrix[4], x * matrix[1] + y * matrix[3] + matrix[5]
