"""One button: the own result against the record log, line by line; and the records behind it as a file."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from flask import Response, current_app, g, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import LazyString

from examsite.domain.canonical import canonical_bytes
from examsite.domain.competitions import CompetitionState
from examsite.domain.errors import NotFoundError
from examsite.domain.permissions import Role
from examsite.services.own_checks import OwnCheck, check_own_result, own_records
from examsite.storage.database import db
from examsite.storage.queries.candidacies import get_candidacy
from examsite.storage.queries.codes import WrittenResult, find_written_result
from examsite.storage.queries.records import find_last_checkpoint
from examsite.web.access import requires
from examsite.web.candidate import bp
from examsite.web.formatting import format_score
from examsite.web.i18n import _, _l

#: What each check says where it holds (None: of the place in the ranking, which has words of its own) and where not.
_WORDS: Final[Mapping[str, tuple[LazyString | None, LazyString]]] = MappingProxyType(
    {
        "checkpoint": (
            _l("Sổ ghi được ký, và %(size)s bản ghi trong máy đúng với chữ ký."),
            _l("Sổ ghi trong máy khác với mốc đã ký: có bản ghi bị sửa hoặc bỏ."),
        ),
        "answers": (
            _l("Bài được chấm đúng từng chữ là bài anh/chị đã nộp, trừ chỗ ban phách đã che."),
            _l("Bài được chấm khác với bài anh/chị đã nộp."),
        ),
        "sealed": (
            _l("Số phách %(script)s được niêm phong cho bài của anh/chị trước khi chấm."),
            _l("Bảng phách đã niêm không khớp với bài này."),
        ),
        "system_mark": (
            _l("Điểm trắc nghiệm trên trang đúng là điểm đã khóa."),
            _l("Điểm trắc nghiệm trên trang khác với điểm đã khóa."),
        ),
        "mark": (
            _l("Lượt chấm %(number)s: điểm từng tiêu chí trên trang đúng là phiếu đã khóa."),
            _l("Lượt chấm %(number)s: điểm trên trang khác với phiếu đã khóa."),
        ),
        "appeal_mark": (
            _l("Chấm phúc khảo %(number)s: điểm trên trang đúng là phiếu đã khóa."),
            _l("Chấm phúc khảo %(number)s: điểm trên trang khác với phiếu đã khóa."),
        ),
        "defence_mark": (
            _l("Phiếu chấm bảo vệ %(number)s trong kết quả đúng là phiếu đã khóa."),
            _l("Phiếu chấm bảo vệ %(number)s trong kết quả khác với phiếu đã khóa."),
        ),
        "absent": (
            _l("Biên bản điểm danh đã ký ghi anh/chị vắng phần thi viết."),
            _l("Trang ghi vắng, nhưng không biên bản điểm danh nào trong sổ ghi như vậy."),
        ),
        "void": (
            _l("Quyết định hủy bài thi viết của anh/chị có trong sổ."),
            _l("Trang ghi hủy bài, nhưng không quyết định nào trong sổ nói như vậy."),
        ),
        "defence_settlement": (
            _l("Quyết định của trưởng ban chấm đề án trong kết quả đúng là quyết định đã ghi."),
            _l("Quyết định của trưởng ban chấm đề án trong kết quả khác với quyết định đã ghi."),
        ),
        "place": (None, _l("Tính lại cả văn bản từ phiếu của mọi người không ra các số đã công bố.")),
        "tie": (
            _l("Quyết định giữa những người đồng hạng trong kết quả đúng là quyết định đã ghi."),
            _l("Quyết định giữa những người đồng hạng trong kết quả khác với quyết định đã ghi."),
        ),
        "approved": (
            _l("%(count)s người khác nhau đã ký đúng văn bản này, đủ số mà bộ quy tắc cần."),
            _l("Văn bản đã công bố không có đủ chữ ký trong sổ."),
        ),
        "settlement": (
            _l("Quyết định xử lý độ lệch trên trang đúng là quyết định đã ghi."),
            _l("Quyết định xử lý độ lệch trên trang khác với quyết định đã ghi."),
        ),
        "computed": (
            _l("Tính lại theo bộ quy tắc từ các phiếu trên ra đúng điểm đã chốt %(score)s."),
            _l("Tính lại theo bộ quy tắc từ các phiếu trên không ra điểm đã chốt."),
        ),
        "appeal": (
            _l("Đề nghị phúc khảo của anh/chị có trong sổ, đúng từng chữ."),
            _l("Đề nghị phúc khảo trên trang khác với bản đã ghi."),
        ),
        "appeal_decision": (
            _l("Điểm phúc khảo trên trang đúng là quyết định đã ghi."),
            _l("Điểm phúc khảo trên trang khác với quyết định đã ghi."),
        ),
        "appeal_computed": (
            _l("Tính lại theo bộ quy tắc từ các phiếu phúc khảo ra đúng điểm sau phúc khảo %(score)s."),
            _l("Tính lại theo bộ quy tắc từ các phiếu phúc khảo không ra điểm sau phúc khảo đang lưu."),
        ),
        "deduction": (
            _l("Mức trừ trên trang đúng là mức đã ghi."),
            _l("Mức trừ trên trang khác với mức đã ghi."),
        ),
        "published": (
            _l("Văn bản kết quả đã công bố đúng là văn bản có mã băm trong sổ."),
            _l("Văn bản kết quả trong máy không phải văn bản đã công bố."),
        ),
        "own_line": (
            _l("Dòng của anh/chị trong kết quả đã công bố đúng với điểm trên trang này."),
            _l("Dòng của anh/chị trong kết quả đã công bố khác với điểm trên trang này."),
        ),
    }
)


@bp.get("/check")
@requires(Role.CANDIDATE)
def check_result() -> ResponseReturnValue:
    """Every line about the own result as it stands now."""
    result = _own_result()
    lines = check_own_result(db.session(), g.competition, result, current_app.extensions["signer"])
    is_final = g.competition.state.has_reached(CompetitionState.PUBLISHED)
    return render_template(
        "candidate/check_result.html",
        lines=[
            {
                "state": "good" if line.holds else "none" if line.holds is None else "bad",
                "text": words_of(line),
                "note": _note(line),
            }
            for line in lines
        ],
        back=url_for("candidate.show_own_result" if is_final else "candidate.show_written"),
        broken=sum(line.holds is False for line in lines),
        checkpoint=find_last_checkpoint(db.session(), g.competition.code),
    )


@bp.get("/records.json")
@requires(Role.CANDIDATE)
def download_own_records() -> ResponseReturnValue:
    """The own records with salt, content and proof, for a program on the candidate's own machine."""
    result = _own_result()
    found = own_records(db.session(), g.competition, result, current_app.extensions["signer"])
    response = Response(canonical_bytes(found), mimetype="application/json")
    response.headers["Content-Disposition"] = 'attachment; filename="ban-ghi-cua-toi.json"'
    response.headers["Cache-Control"] = "no-store"
    return response


def _own_result() -> WrittenResult:
    candidacy = get_candidacy(db.session(), g.actor.candidacy_id)
    g.competition = candidacy.competition
    result = find_written_result(db.session(), candidacy.competition, candidacy.id)
    if result is None:
        raise NotFoundError("written_not_published")
    return result


def words_of(line: OwnCheck) -> str:
    """What a line says when it holds, when it does not, and when it cannot be asked yet."""
    good, bad = _words(line)
    return good if line.holds is not False else bad


def _note(line: OwnCheck) -> str:
    number = "" if line.seq is None else _("Mục %(number)s của sổ ghi.", number=line.seq)
    if line.holds is None and line.code == "own_line":
        return _("Kết quả đang được sửa: điểm chấm lại vào kết quả khi bản sửa được công bố.")
    if line.holds is None:
        unsigned = _("Chưa có mốc nào ký sau mục này; xem lại sau ít phút.")  # the extractor reads no f-string
        return f"{number} {unsigned}".strip()
    return number


def _words(line: OwnCheck) -> tuple[str, str]:
    """What a check says where it holds, and where it does not."""
    params = {
        "size": line.params.get("size", 0),
        "script": line.params.get("script", ""),
        "count": line.params.get("count", 0),
        "number": line.params.get("place", 0),
        "score": _score(line),
    }
    good, bad = _WORDS[line.code]
    return _place_words(line) if good is None else str(good) % params, str(bad) % params


def _place_words(line: OwnCheck) -> str:
    total, rank = line.params.get("total"), line.params.get("rank")
    if rank is None:
        return _("Tính lại cả văn bản từ phiếu của mọi người ra đúng kết luận của anh/chị.")
    return _(
        "Tính lại cả văn bản từ phiếu của mọi người ra đúng tổng %(total)s và hạng %(rank)s của anh/chị.",
        total=format_score(total),
        rank=rank,
    )


def _score(line: OwnCheck) -> str:
    return format_score(line.params.get("score"))
