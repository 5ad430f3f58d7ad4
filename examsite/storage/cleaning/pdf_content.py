"""The drawing orders of a page without remarks, without words that nobody sees, under names that say nothing."""

from __future__ import annotations

import zlib
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, Object

from examsite.storage.cleaning.pdf_places import Box, Places
from examsite.storage.cleaning.pdf_words import BUILT_IN, INLINE_KEYS
from examsite.storage.cleaning.pictures import clean_jpeg

#: Where an order names something of the page's resources: before which operators it stands first.
_NAMING = {"Tf", "Do", "gs", "cs", "CS", "sh", "scn", "SCN"}
_WORDS_SHOWN = {"Tj": None, "TJ": None, "'": "T*", '"': "T*"}
_PAINTS = {*("f", "F", "f*", "B", "B*", "b", "b*", "S", "s")}
#: Text rendering modes that leave nothing on the paper: invisible, and only a border to cut along.
# Source: ISO 32000-1, table 106.
_UNSEEN_MODES = {3, 7}


class Names:
    """The names of the resources of a file, each given anew; equal ones stay equal."""

    def __init__(self) -> None:
        self._new: dict[str, str] = {}

    def new_name(self, old: str) -> str:
        """What a resource is called in the copy."""
        return old if old in BUILT_IN else self._new.setdefault(old, f"/X{len(self._new) + 1}")


def clean_content(source: Any, names: Names, hidden: set[str], *, paper: Box | None = None) -> bytes:
    """The orders of a page or a form; `hidden` are the layers of its resources that are not shown.

    With `paper` words go that lie wholly beside it.
    """
    return _Copy(names, hidden, paper).made(source)


class _Copy:
    def __init__(self, names: Names, hidden: set[str], paper: Box | None) -> None:
        self._names = names
        self._places = Places(paper) if paper else None
        self._hidden = hidden
        self._marks: list[bool] = []
        self._mode = 0
        self._modes: list[int] = []
        self._kept: list[Any] = []
        self._out: list[bytes] = []

    def made(self, source: Any) -> bytes:
        for order in pikepdf.parse_content_stream(source):
            self._take(order, str(order.operator))
        self._flush()
        return b"\n".join(self._out)

    def _take(self, order: Any, word: str) -> None:
        if self._places is not None and word != "INLINE IMAGE":
            self._places.follow(order.operands, word)
        if word in {"BDC", "BMC"}:
            self._marks.append(
                word == "BDC" and str(order.operands[0]) == "/OC" and str(order.operands[1]) in self._hidden
            )
            self._add([Name.Span], "BMC")
        elif word in {"DP", "MP"}:
            return
        elif word == "INLINE IMAGE":
            if not any(self._marks):
                self._flush()
                self._out.append(self._inline_picture(order.iimage))
        elif word in _WORDS_SHOWN and self._is_unseen(order.operands):
            if _WORDS_SHOWN[word]:
                self._add([], "T*")
        elif any(self._marks) and word in {"Do", "sh"}:
            return
        elif any(self._marks) and word in _PAINTS:
            self._add([], "n")
        else:
            self._follow(order, word)
            self._add([self._renamed(one, word) for one in order.operands], word)

    def _is_unseen(self, operands: Any) -> bool:
        """Whether words are drawn so that the paper does not show them."""
        is_beside = self._places is not None and self._places.is_beside(operands)
        return is_beside or any(self._marks) or self._mode in _UNSEEN_MODES

    def _follow(self, order: Any, word: str) -> None:
        if word == "EMC" and self._marks:
            self._marks.pop()
        elif word == "q":
            self._modes.append(self._mode)
        elif word == "Q" and self._modes:
            self._mode = self._modes.pop()
        elif word == "Tr":
            self._mode = int(order.operands[0])

    def _renamed(self, operand: Any, word: str) -> Any:
        if word in _NAMING and isinstance(operand, Name):
            return Name(self._names.new_name(str(operand)))
        return operand

    def _add(self, operands: list[Any], word: str) -> None:
        self._kept.append(pikepdf.ContentStreamInstruction(operands, pikepdf.Operator(word)))

    def _flush(self) -> None:
        if self._kept:
            self._out.append(pikepdf.unparse_content_stream(self._kept))
            self._kept = []

    def _inline_picture(self, picture: Any) -> bytes:
        """A picture among the orders: known entries, and bytes that end with the last pixel."""
        entries = Dictionary()
        for key, short in INLINE_KEYS.items():
            value = picture.obj.get(key, None)
            if value is None or (isinstance(value, Dictionary) and key != "/DecodeParms"):
                continue
            is_own = key == "/ColorSpace" and isinstance(value, Name)
            entries[short] = Name(self._names.new_name(str(value))) if is_own else value
        data = picture.read_raw_bytes()
        filters = picture.obj.get("/Filter", Array())
        last = [str(one) for one in (filters if isinstance(filters, Array) else [filters])]
        if last in (["/DCTDecode"], ["/DCT"]):
            data = clean_jpeg(data)
        elif last in (["/FlateDecode"], ["/Fl"]):
            data = zlib.compress(zlib.decompressobj().decompress(data), 9)
        elif "/DCTDecode" in last or "/DCT" in last:
            raise ValueError("a picture in two wrappings")
        head = entries.unparse().strip()[2:-2]
        return b"BI" + head + b"\nID " + data + b"\nEI"


def hidden_layers(document: pikepdf.Pdf) -> set[tuple[int, int]]:
    """The layers that are not shown when the file is opened."""
    layers = document.Root.get("/OCProperties", None)
    if not isinstance(layers, Dictionary):
        return set()
    standard = layers.get("/D", Dictionary())
    off = {item.objgen for item in standard.get("/OFF", Array())}
    if str(standard.get("/BaseState", "/ON")) == "/OFF":
        on = {item.objgen for item in standard.get("/ON", Array())}
        off |= {item.objgen for item in layers.get("/OCGs", Array())} - on
    return off


def is_hidden(item: Object | None, off: set[tuple[int, int]]) -> bool:
    """Whether a layer, or the group of layers that decides together, is not shown."""
    if not isinstance(item, Dictionary):
        return False
    if "/OCGs" not in item:
        return item.objgen in off
    group = item.OCGs
    states = [one.objgen not in off for one in (group if isinstance(group, Array) else [group])]
    policy = str(item.get("/P", "/AnyOn"))
    shown = {"/AllOn": all(states), "/AnyOff": not all(states), "/AllOff": not any(states)}.get(policy, any(states))
    return bool(states) and not shown
