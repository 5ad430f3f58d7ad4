"""From a refusal to a page: one table of HTTP statuses, one sentence per code, one layout for all errors."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from flask import Flask, current_app, g, jsonify, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException
from wtforms import Field

from examsite.domain.errors import (
    ConflictError,
    DomainError,
    FactorNeededError,
    InvalidError,
    NotAllowedError,
    NotFoundError,
)
from examsite.storage.database import WriterHangsError, db
from examsite.web.i18n import _
from examsite.web.labels import error_text
from examsite.web.transactions import forget_changes

STATUSES: tuple[tuple[type[DomainError], int], ...] = (
    (NotFoundError, 404),
    (NotAllowedError, 403),
    (ConflictError, 409),
    (InvalidError, 422),
    (DomainError, 400),
)


#: After how long a page asks again at the earliest when nothing could be written. Source: our choice, because whoever
#: held the turn for longer than the patience of the queue is not done in a moment. Unit: seconds.
RETRY_SECONDS = 15

#: For a form whose every field the page shows.
NOWHERE: Mapping[str, str] = MappingProxyType({})


def status_of(error: DomainError) -> int:
    """The HTTP status of a refusal."""
    return next(status for kind, status in STATUSES if isinstance(error, kind))


def message_of(error: DomainError) -> str:
    """The sentence of a refusal in the reader's language."""
    return error_text(error.code, error.params)


def show_on_field(form: FlaskForm, error: DomainError, *, instead: Mapping[str, str] = NOWHERE) -> None:
    """Put a refusal beside the field that it names and forget what was done; one that names no field goes on.

    `instead` says which field stands for one that the page does not show.

    Raises:
        DomainError: the refusal itself.
    """
    name = _named(form, error, instead)
    if not name:
        raise error
    forget_changes()
    say_beside(form[name], message_of(error))


def show_refusal(
    form: FlaskForm, error: DomainError, *, beside: str | Field | None = None, instead: Mapping[str, str] = NOWHERE
) -> int:
    """Put a refusal beside the field that it names, else beside `beside`, else above the form; forget what was done.

    `beside` is a field of the form or its name; `instead` as for `show_on_field`.

    Returns:
        The HTTP status of the refusal. Rows that the page shows have to be read again.

    Raises:
        FactorNeededError: no form answers this; the page that asks for the factor does.
    """
    if isinstance(error, FactorNeededError):
        raise error
    forget_changes()
    place = _named(form, error, instead) or beside
    if isinstance(place, Field):
        say_beside(place, message_of(error))
    elif place:
        say_beside(form[place], message_of(error))
    else:
        form.form_errors.append(message_of(error))
    return status_of(error)


def _named(form: FlaskForm, error: DomainError, instead: Mapping[str, str]) -> str:
    """The field of the form that a refusal names, or none."""
    said = error.params.get("field")
    name = instead.get(said, said) if isinstance(said, str) else ""
    return name if name in form else ""


def say_beside(field: Field, text: str) -> None:
    """Put a sentence beside a field that was validated; what stands there already stays."""
    field.errors = [*field.errors, text]


def wants_json() -> bool:
    """Whether a page's own script asks, and not the browser for a page."""
    return request.accept_mimetypes.best == "application/json"


def _is_api() -> bool:
    return request.path.startswith("/api/")


def _answer(status: int, title: str, text: str, code: str) -> ResponseReturnValue:
    if _is_api() or wants_json():
        return jsonify(error=code, message=text), status
    page = render_template(
        "layouts/error.html", status=status, title=title, text=text, again=_again(status), competition_url=_place(code)
    )
    return page, status


def _place(code: str) -> str:
    """The public page of the competition in whose pages something is missing; nothing where it is missing itself."""
    named = (request.view_args or {}).get("code")
    if code != "result_not_found" or request.blueprint != "public" or named is None:
        return ""
    return url_for("public.show_competition", code=named)


def _again(status: int) -> str:
    """Where the page stands as it is now, for whoever was told that it has changed; nothing where there is none."""
    if status != 409 or request.url_rule is None or "GET" not in (request.url_rule.methods or ()):
        return ""
    return request.full_path.rstrip("?")


def _refused(error: DomainError) -> ResponseReturnValue:
    forget_changes()
    titles = {
        404: _("Không tìm thấy"),
        403: _("Không có quyền"),
        409: _("Chưa làm được lúc này"),
        422: _("Chưa nhận được"),
    }
    status = status_of(error)
    return _answer(status, titles.get(status, _("Chưa làm được")), message_of(error), error.code)


def _http(error: HTTPException) -> ResponseReturnValue:
    status = error.code or 500
    if status < 400:
        return error.get_response()
    texts = {
        400: (_("Yêu cầu không đọc được"), _("Trang gửi lên thiếu hoặc sai dữ liệu. Hãy tải lại trang rồi gửi lại.")),
        401: (_("Cần đăng nhập"), _("Phiên đăng nhập đã hết hoặc chưa có. Hãy đăng nhập rồi làm lại.")),
        403: (_("Không có quyền"), _("Tài khoản này không được mở trang vừa yêu cầu. Hãy quay lại trang của mình.")),
        404: (_("Không tìm thấy"), _("Không có trang này, hoặc trang không dành cho tài khoản đang dùng.")),
        405: (_("Không dùng được cách này"), _("Địa chỉ này không nhận yêu cầu kiểu đó. Hãy quay lại trang trước.")),
        413: (_("Tệp quá lớn"), _("Tệp gửi lên vượt quá dung lượng cho phép. Hãy giảm dung lượng rồi gửi lại.")),
        429: (_("Thử lại sau ít phút"), _("Có quá nhiều lần thử. Hãy chờ một lát rồi thử lại.")),
    }
    title, text = texts.get(status, (_("Chưa làm được"), _("Yêu cầu không thực hiện được. Hãy thử lại.")))
    return _answer(status, title, text, f"http_{status}")


def _csrf(_error: CSRFError) -> ResponseReturnValue:
    text = _("Trang đã mở quá lâu hoặc được gửi từ nơi khác. Chưa có gì thay đổi. Hãy tải lại trang rồi gửi lại.")
    return _answer(400, _("Trang đã cũ"), text, "csrf")


def _hangs(error: WriterHangsError) -> ResponseReturnValue:
    db.session.rollback()
    g.competition = None
    current_app.logger.error("nothing can be written: %s", error)
    if _is_api():
        text, code = error_text("not_stored", {}), "not_stored"
    else:
        code = "writer_hangs"
        text = _(
            "Một việc khác đang giữ lượt ghi của máy chủ quá lâu, nên việc vừa gửi chưa được ghi. Chưa có gì thay đổi. "
            "Chờ nửa phút, quay lại trang trước rồi gửi lại. Nếu vẫn vậy, báo quản trị. "
            "Bài đang viết trong phòng thi vẫn được giữ trên máy thí sinh và tự gửi lại."
        )
    response = make_response(_answer(503, _("Máy chủ chưa ghi được lúc này"), text, code))
    response.headers["Retry-After"] = str(RETRY_SECONDS)
    return response


def _crashed(error: Exception) -> ResponseReturnValue:
    db.session.rollback()
    g.competition = None  # reading it again could fail too
    current_app.logger.exception("unexpected error", exc_info=error)
    text = _("Lỗi nằm ở máy chủ, không phải ở thao tác vừa làm. Chưa có gì thay đổi. Hãy thử lại hoặc báo quản trị.")
    return _answer(500, _("Máy chủ gặp lỗi"), text, "http_500")


def init_errors(app: Flask) -> None:
    """Take over every error answer."""
    app.register_error_handler(DomainError, _refused)
    app.register_error_handler(CSRFError, _csrf)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(WriterHangsError, _hangs)
    app.register_error_handler(Exception, _crashed)
