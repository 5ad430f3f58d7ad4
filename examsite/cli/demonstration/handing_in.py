"""What candidates hand in: the papers of a dossier, a proposal. The same bytes are looked at once for all."""

from __future__ import annotations

import io
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from examsite.config import Settings
from examsite.domain.dossiers import UploadKind
from examsite.domain.rulesets import Item
from examsite.services.uploads import ReceivedFile, ReceivedProposal, receive_file, receive_proposal
from examsite.storage.printing import printed_pages

#: The largest file that the demonstration hands in. Unit: megabytes.
_MOST_MEGABYTES = 2

_PAPER = (
    "Trang này đứng thay cho một giấy tờ trong hồ sơ: đơn đăng ký, sơ yếu lý lịch, văn bằng, giấy chứng nhận sức khỏe.",
    "Bản quét dùng cho phần trình diễn của hệ thống; không phải giấy tờ của một người có thật.",
    "Bản chính do người dự tuyển giữ và xuất trình khi hội đồng yêu cầu đối chiếu.",
)


class Letterbox:
    """Takes in the files of the demonstration; programs of their own look at each, which is worth doing once."""

    def __init__(self, settings: Settings) -> None:
        """Keep what comes in where this installation keeps files."""
        self._uploads_path = settings.uploads_path
        self._paper: ReceivedFile | None = None
        self._proposals: dict[int, ReceivedProposal] = {}

    def paper(self, item: Item) -> ReceivedFile:
        """One paper of a dossier under its own name: a page that says what it stands for, and names nobody."""
        if self._paper is None:
            self._paper = receive_file(
                self._uploads_path,
                io.BytesIO(printed_pages("Hồ sơ dự tuyển – bản quét", _PAPER)),
                "ban-quet.pdf",
                allowed_kinds=[UploadKind.PDF],
                max_megabytes=_MOST_MEGABYTES,
            )
        return replace(self._paper, original_name=f"{item.text.vi.split(',')[0]}.pdf")

    def proposal(self, number: int, *, kinds: Sequence[UploadKind]) -> ReceivedProposal:
        """The programme of action with this number, as PDF."""
        number %= len(programmes())
        if number not in self._proposals:
            found = programmes()[number]
            self._proposals[number] = receive_proposal(
                self._uploads_path,
                io.BytesIO(printed_pages(found["title"], _paragraphs(found))),
                "de-an.pdf",
                allowed_kinds=kinds,
                max_megabytes=_MOST_MEGABYTES,
            )
        return self._proposals[number]


@cache
def programmes() -> tuple[dict[str, Any], ...]:
    """The programmes that are handed in, each with what the panel thinks of it and asks about it."""
    return tuple(_words()["programmes"])


def assessment_words(number: int, place: int) -> str:
    """What the panel member at this place writes about a programme before its defence; each looks at something else."""
    found, closings = programmes()[number], _words()["assessment"]["closings"]
    looked_at = (
        found["opinion"],
        f"Tôi đọc kỹ phần giải pháp. Điểm được nhất: {_inside(found['solutions'][0])}. Điểm còn băn khoăn: "
        f"{_inside(found['solutions'][-1])}; đề án chưa nói ai làm việc ấy khi người phụ trách vắng.",
        f"Về mục tiêu: {_inside(found['aims'][0])} là con số kiểm tra được. Rủi ro đã nêu thẳng "
        f"({_inside(found['risks'][0])}), nhưng chưa có mốc nào để biết khi nào phải dừng.",
    )[place]
    return f"{looked_at} {closings[(number + place) % len(closings)]}"


def _inside(sentence: str) -> str:
    """The words as they stand in the middle of a sentence."""
    return sentence[0].lower() + sentence[1:].rstrip(".")


@cache
def _words() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("proposals.toml").read_text(encoding="utf-8"))


def _paragraphs(programme: dict[str, Any]) -> list[str]:
    promises = _words()["commitments"]["texts"]
    return [
        "I. Thực trạng và lý do chọn đề án:",
        *programme["context"],
        "II. Mục tiêu:",
        *(f"{number}. {text}" for number, text in enumerate(programme["aims"], start=1)),
        "III. Giải pháp:",
        *(f"{number}. {text}" for number, text in enumerate(programme["solutions"], start=1)),
        "IV. Lộ trình:",
        "Quý đầu: khảo sát, lấy ý kiến, làm thử ở một nhóm. Quý thứ hai và thứ ba: sửa theo kết quả làm thử, mở "
        "rộng ra cả phòng. Quý thứ tư: đo lại, đối chiếu với mục tiêu, công bố điều chưa đạt.",
        "V. Nguồn lực, rủi ro và cách phòng ngừa:",
        "Giữ nguyên biên chế và kinh phí được giao; phần cần thêm được trình riêng, có phương án khi không được duyệt.",
        *(f"Rủi ro {number}: {text}" for number, text in enumerate(programme["risks"], start=1)),
        "VI. Cam kết:",
        promises[len(programme["title"]) % len(promises)],
    ]
