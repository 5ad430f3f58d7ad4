"""One button: the own result against the record log, line by line; and the records behind it as a file."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, g, render_template
from flask.typing import ResponseReturnValue

from examsite.domain.canonical import canonical_bytes
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
from examsite.web.i18n import _


@bp.get("/check")
@requires(Role.CANDIDATE)
def check_result() -> ResponseReturnValue:
    """Every line about the own result as it stands now."""
    result = _own_result()
    lines = check_own_result(db.session(), g.competition, result, current_app.extensions["signer"])
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
    if line.holds is None:
        unsigned = _("Chưa có mốc nào ký sau mục này; xem lại sau ít phút.")  # the extractor reads no f-string
        return f"{number} {unsigned}".strip()
    return number


def _words(line: OwnCheck) -> tuple[str, str]:
    place = line.params.get("place", 0)
    known: dict[str, tuple[Any, Any]] = {
        "checkpoint": (
            _("Sổ ghi được ký, và %(size)s bản ghi trong máy đúng với chữ ký.", size=line.params.get("size", 0)),
            _("Sổ ghi trong máy khác với mốc đã ký: có bản ghi bị sửa hoặc bỏ."),
        ),
        "answers": (
            _("Bài được chấm đúng từng chữ là bài anh/chị đã nộp, trừ chỗ ban phách đã che."),
            _("Bài được chấm khác với bài anh/chị đã nộp."),
        ),
        "sealed": (
            _(
                "Số phách %(script)s được niêm phong cho bài của anh/chị trước khi chấm.",
                script=line.params.get("script", ""),
            ),
            _("Bảng phách đã niêm không khớp với bài này."),
        ),
        "system_mark": (
            _("Điểm trắc nghiệm trên trang đúng là điểm đã khóa."),
            _("Điểm trắc nghiệm trên trang khác với điểm đã khóa."),
        ),
        "mark": (
            _("Lượt chấm %(number)s: điểm từng tiêu chí trên trang đúng là phiếu đã khóa.", number=place),
            _("Lượt chấm %(number)s: điểm trên trang khác với phiếu đã khóa.", number=place),
        ),
        "appeal_mark": (
            _("Chấm phúc khảo %(number)s: điểm trên trang đúng là phiếu đã khóa.", number=place),
            _("Chấm phúc khảo %(number)s: điểm trên trang khác với phiếu đã khóa.", number=place),
        ),
        "defence_mark": (
            _("Phiếu chấm bảo vệ %(number)s trong kết quả đúng là phiếu đã khóa.", number=place),
            _("Phiếu chấm bảo vệ %(number)s trong kết quả khác với phiếu đã khóa.", number=place),
        ),
        "settlement": (
            _("Quyết định xử lý độ lệch trên trang đúng là quyết định đã ghi."),
            _("Quyết định xử lý độ lệch trên trang khác với quyết định đã ghi."),
        ),
        "computed": (
            _("Tính lại theo bộ quy tắc từ các phiếu trên ra đúng điểm đã chốt %(score)s.", score=_score(line)),
            _("Tính lại theo bộ quy tắc từ các phiếu trên không ra điểm đã chốt."),
        ),
        "appeal": (
            _("Đề nghị phúc khảo của anh/chị có trong sổ, đúng từng chữ."),
            _("Đề nghị phúc khảo trên trang khác với bản đã ghi."),
        ),
        "appeal_decision": (
            _("Điểm phúc khảo trên trang đúng là quyết định đã ghi."),
            _("Điểm phúc khảo trên trang khác với quyết định đã ghi."),
        ),
        "appeal_computed": (
            _(
                "Tính lại theo bộ quy tắc từ các phiếu phúc khảo ra đúng điểm sau phúc khảo %(score)s.",
                score=_score(line),
            ),
            _("Tính lại theo bộ quy tắc từ các phiếu phúc khảo không ra điểm sau phúc khảo đang lưu."),
        ),
        "deduction": (
            _("Mức trừ trên trang đúng là mức đã ghi."),
            _("Mức trừ trên trang khác với mức đã ghi."),
        ),
        "published": (
            _("Văn bản kết quả đã công bố đúng là văn bản có mã băm trong sổ."),
            _("Văn bản kết quả trong máy không phải văn bản đã công bố."),
        ),
        "own_line": (
            _("Dòng của anh/chị trong kết quả đã công bố đúng với điểm trên trang này."),
            _("Dòng của anh/chị trong kết quả đã công bố khác với điểm trên trang này."),
        ),
    }
    good, bad = known[line.code]
    return str(good), str(bad)


def _score(line: OwnCheck) -> str:
    return format_score(line.params.get("score"))
