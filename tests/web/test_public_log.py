"""The log in public: checkpoints and proofs for everyone, receipts checked, and no record before its time."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from examsite.domain.checkpoints import VerifierKey, parse_note
from examsite.domain.cosignatures import COSIGNATURE, cosign, with_cosignatures
from examsite.domain.witnessing import check_request, parse_request
from examsite.services.checkpoints import is_signature_good, log_key, sign_checkpoint
from examsite.services.receipts import read_receipt
from tests.factories.competitions import make_receiving
from tests.web.conftest import Doing
from tests.web.strict_client import StrictClient, find_all, words

Scene = Callable[[Callable[[Doing], Any]], Any]
CODE = "VH-2026-01"


def _signed(doing: Doing, **given: Any) -> dict[str, Any]:
    competition = make_receiving(doing.session, doing.now, **given).competition
    row = sign_checkpoint(doing.ctx(), competition.code)
    assert row is not None
    receipt = read_receipt(doing.session, competition.code, row.size - 1)
    return {"size": row.size, "note": row.note, "receipt": receipt.text, "code": receipt.code}


def test_everyone_takes_checkpoints_and_proofs_along(client: StrictClient, scene: Scene, app: Any) -> None:
    made = scene(_signed)
    page = client.page(f"/competitions/{CODE}/log")
    assert made["note"].split("\n")[2] in words(find_all(page, "note")[0])
    assert client.get(f"/competitions/{CODE}/log/checkpoint").text == made["note"]
    log = log_key(app.extensions["signer"], CODE)
    assert log.as_text().partition("+")[0] == f"thituyen.example/{CODE}"
    asked = client.get(f"/competitions/{CODE}/log/{made['size']}/from/2.txt").text
    request = parse_request(asked)
    assert request.old_size == 2
    whole = parse_request(client.get(f"/competitions/{CODE}/log/{made['size']}/from/0.txt").text)
    assert check_request(whole, None, log=log, verify=is_signature_good).size == made["size"]
    assert client.get(f"/competitions/{CODE}/log/{made['size']}/from/99.txt").status_code == 422
    for path in ("log", "receipt", f"log/{made['size']}"):
        assert client.get(f"/competitions/KHONG-CO/{path}").status_code == 404


def test_a_receipt_is_checked_however_it_comes(client: StrictClient, scene: Scene) -> None:
    made = scene(_signed)
    text: str = made["receipt"]

    def shown(status: int = 200, **fields: Any) -> str:
        answer = client.submit(f"/competitions/{CODE}/receipt", fields, content_type="multipart/form-data")
        assert answer.status_code == status
        return answer.text

    for fields in ({"text": text.replace("\n", "\r\n")}, {"file": (io.BytesIO(text.encode()), "bien-nhan.txt")}):
        page = shown(**fields)
        assert 'data-testid="verdict-good"' in page
        assert "ghi lúc 09:00:00 16/03/2026" in page  # the clock of the paper, not that of the record
    assert 'data-testid="verdict-good"' in shown(text=made["code"].lower().replace("-", " "))
    assert 'data-testid="verdict-bad"' in shown(text=text.replace(text.split("\n")[3], text.split("\n")[4]))
    other = "ZZZZZ-ZZZZZ" if made["code"] != "ZZZZZ-ZZZZZ" else "YYYYY-YYYYY"
    for wrong in (other, "12", text.replace('"v":1', '"v":2'), "\x00{", ""):
        assert 'data-testid="findings"' not in shown(422, text=wrong)
    assert 'data-testid="findings"' not in shown(422, file=(io.BytesIO(bytes(range(256)) * 99), "x"))


def test_two_checkpoints_are_compared_in_words(client: StrictClient, scene: Scene) -> None:
    made = scene(_signed)
    sizes = [
        item.get("href", "").rpartition("/")[2]
        for item in find_all(client.page(f"/competitions/{CODE}/log"), "checkpoints")[0].iter("a")
    ]
    first = min(map(int, sizes))
    page = client.page(f"/competitions/{CODE}/log?first={made['size']}&second={first}")
    if len(sizes) > 1:
        (compared,) = find_all(page, "compared")
        assert "notice--success" not in str(compared.get("class"))  # green comes from the reader's own machine only
    beyond = client.page(f"/competitions/{CODE}/log?first=99999999999&second=1")
    assert not find_all(beyond, "compared")
    assert "2147483647" not in words(beyond)
    assert not find_all(client.page(f"/competitions/{CODE}/log?first=abc&second=1"), "compared")


def test_the_board_names_a_witness_and_brings_in_what_it_signed(
    client: StrictClient, scene: Scene, log_in: Callable[..., StrictClient], password_hash: str
) -> None:
    made = scene(lambda doing: _signed(doing, password_hash=password_hash))
    private = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    key = VerifierKey("giam-sat.example", private.public_key().public_bytes_raw(), COSIGNATURE)
    board = log_in(f"supervisor-17-{CODE.lower()}")
    path = f"/supervisor/{CODE}/witnesses"
    for holder, line in (("", key.as_text()), ("Ban giám sát", "x"), ("Ban giám sát", key.as_text()[:-2])):
        assert board.submit(path, {"holder": holder, "key": line}).status_code == 422
    assert board.submit(path, {"holder": "Ban giám sát", "key": key.as_text()}).status_code == 302
    assert board.submit(path, {"holder": "Ban giám sát", "key": key.as_text()}).status_code == 409
    shown = parse_note(made["note"])
    mark = cosign(shown, key.name, public_key=key.public_key, sign=private.sign, at_seconds=1_790_000_000)
    signed = with_cosignatures(made["note"], [mark])
    for text in ("", "\x01", made["note"], signed.replace("\n", "", 1), "— " * 5000):
        assert board.submit(f"{path}/signed", {"text": text}).status_code == 422
    assert board.submit(f"{path}/signed", {"text": signed.replace("\n", "\r\n")}).status_code == 302
    assert client.get(f"/competitions/{CODE}/log/{made['size']}/checkpoint.txt").text == signed
    assert "Ban giám sát" in words(find_all(client.page(f"/competitions/{CODE}/log"), "witnesses")[0])
    assert board.submit(f"{path}/end", {"name": key.name}, form_at=path).status_code == 302
    assert "thôi dùng" in board.get(path).text
