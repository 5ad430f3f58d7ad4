"""Photos taken at check-in: seen beside the identity facts by the invigilators of the room and by nobody else.

`receive_photo` does the slow part and touches no database, so that no transaction waits for it.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import BinaryIO

from examsite.domain.dossiers import UploadKind
from examsite.domain.errors import InvalidError
from examsite.services.uploads import ReceivedFile, display_name
from examsite.storage.uploads import FileTooLargeError, draw_photo_anew, inspect_file, keep_file, waiting_file

#: Largest photo that is taken in. Unit: megabytes. Source: our choice, because telephones make 4 to 8.
MAX_PHOTO_MEGABYTES = 10

#: What a photo may come as.
PHOTO_KINDS = (UploadKind.JPEG, UploadKind.PNG)

_MEGABYTE = 1024 * 1024


def receive_photo(
    uploads_path: Path, stream: BinaryIO, filename: str, *, max_megabytes: int = MAX_PHOTO_MEGABYTES
) -> ReceivedFile:
    """Take in a photo and keep it as a JPEG drawn anew; nothing but its pixels stays.

    Units: megabytes.

    Raises:
        InvalidError: `file_empty`, `file_too_large`, `file_kind_not_allowed`, `file_damaged`, with the field `photo`.
    """
    most = min(MAX_PHOTO_MEGABYTES, max_megabytes) * _MEGABYTE
    try:
        with waiting_file(uploads_path, stream, most_bytes=most) as waiting:
            if waiting.size_bytes == 0:
                raise InvalidError("file_empty", field="photo")
            kind, _refusal = inspect_file(waiting.path)
            if kind is None:
                raise InvalidError("file_damaged", field="photo")
            if kind not in {item.value for item in PHOTO_KINDS}:
                allowed = ", ".join(item.value.upper() for item in PHOTO_KINDS)
                raise InvalidError("file_kind_not_allowed", field="photo", found=kind.upper(), allowed=allowed)
            drawn = draw_photo_anew(waiting.path)
    except FileTooLargeError:
        raise InvalidError("file_too_large", field="photo", most=most // _MEGABYTE) from None
    if drawn is None:
        raise InvalidError("file_damaged", field="photo")
    with waiting_file(uploads_path, io.BytesIO(drawn), most_bytes=most) as clean:
        keep_file(uploads_path, clean)
        name = display_name(filename, UploadKind.JPEG.value)
        return ReceivedFile(clean.sha256, clean.size_bytes, UploadKind.JPEG, name)
