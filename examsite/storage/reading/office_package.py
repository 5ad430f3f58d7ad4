"""An Office file opened for reading: its parts, and where a relation leads."""

from __future__ import annotations

import io
import posixpath
import zipfile
from typing import Any

from lxml import etree

_MOST_PART_BYTES = 60 * 1024 * 1024
_RELATIONS = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
_MAIN = "/officeDocument"


class Package:
    """The parts of one file.

    Raises:
        ValueError: it is no package that can be read.
    """

    def __init__(self, data: bytes) -> None:
        try:
            self._archive = zipfile.ZipFile(io.BytesIO(data))
        except zipfile.BadZipFile as error:
            raise ValueError("not readable") from error

    def main_part(self) -> str:
        """Name of the part that everything hangs on."""
        for kind, target in self.relations("").values():
            if kind.endswith(_MAIN):
                return target
        raise ValueError("no main part")

    def read(self, name: str) -> bytes:
        """The bytes of a part."""
        try:
            if self._archive.getinfo(name).file_size > _MOST_PART_BYTES:
                raise ValueError("too large")
            return self._archive.read(name)
        except (KeyError, zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
            raise ValueError("no such part") from error

    def tree(self, name: str) -> Any:
        """A part as XML."""
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True)
        try:
            return etree.fromstring(self.read(name), parser)
        except etree.XMLSyntaxError as error:
            raise ValueError("not readable") from error

    def relations(self, part: str) -> dict[str, tuple[str, str]]:
        """Kind and target of each relation of a part, by its id; what leads outside is left out."""
        folder, name = posixpath.split(part)
        try:
            tree = self.tree(posixpath.join(folder, "_rels", f"{name}.rels"))
        except ValueError:
            return {}
        return {
            item.get("Id", ""): (item.get("Type", ""), _target(folder, item.get("Target", "")))
            for item in tree.iter(_RELATIONS)
            if item.get("TargetMode") != "External"
        }


def _target(folder: str, target: str) -> str:
    return target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
