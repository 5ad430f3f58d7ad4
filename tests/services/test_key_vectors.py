"""The libraries behind split keys against the published vectors of their formats."""

from __future__ import annotations

import hashlib

import pyrage
import pytest
import shamir_mnemonic

#: Source: SLIP-39, vectors.json of the reference implementation (256-bit vectors 20, 21, 23 and 24).
_ALONE = (
    "theory painting academic academic armed sweater year military elder discuss acne wildlife boring employer fused "
    "large satoshi bundle carbon diagnose anatomy hamster leaves tracks paces beyond phantom capital marvel lips "
    "brave detect luck"
)
_TWO_OF_THREE = (
    "humidity disease academic always aluminum jewelry energy woman receiver strategy amuse duckling lying evidence "
    "network walnut tactics forget hairy rebound impulse brother survive clothes stadium mailman rival ocean reward "
    "venture always armed unwrap",
    "humidity disease academic agency actress jacket gross physics cylinder solution fake mortgage benefit public "
    "busy prepare sharp friar change work slow purchase ruler again tricycle involve viral wireless mixture anatomy "
    "desert cargo upgrade",
)

#: Source: C2SP CCTV, age vectors `armor` and `armor_no_match` (0BSD).
_SEALED = """-----BEGIN AGE ENCRYPTED FILE-----
YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSBURWlGMHlwcXIrYnB2Y3FY
TnlDVkpwTDdPdXdQZFZ3UEw3S1FFYkZET0NjCkVtRUNBRWNLTituL1ZzOVNiV2lW
K0h1MHIrRThSNzdEZFdZeWQ4M253N1UKLS0tIFZuKzU0anFpaVVDRStXWmNFVlkz
ZjFzcUhqbHUvejFMQ1EvVDdYbTdxSTAK7s9ix86RtDMnTmjU8vkTTLdMW/73vqpS
yPC8DpksHoMx+2Y=
-----END AGE ENCRYPTED FILE-----
"""
_KEY = "AGE-SECRET-KEY-1XMWWC06LY3EE5RYTXM9MFLAZ2U56JJJ36S0MYPDRWSVLUL66MV4QX3S7F6"
_OTHER_KEY = "AGE-SECRET-KEY-143WN7DCXU4G8R5AXQSSYD9AEPYDNT3HXSLWSPK36CDU6E8M59SSSAGZ3KG"


@pytest.mark.parametrize(
    ("shares", "secret"),
    [
        ([_ALONE], "989baf9dcaad5b10ca33dfd8cc75e42477025dce88ae83e75a230086a0e00e92"),
        (_TWO_OF_THREE, "c938b319067687e990e05e0da0ecce1278f75ff58d9853f19dcaeed5de104aae"),
    ],
)
def test_published_shares_give_the_published_secret(shares: list[str], secret: str) -> None:
    assert shamir_mnemonic.combine_mnemonics(shares, b"TREZOR").hex() == secret


@pytest.mark.parametrize("shares", [[_ALONE.replace("luck", "lunar")], _TWO_OF_THREE[:1]])
def test_published_shares_that_must_not_open_do_not(shares: list[str]) -> None:
    with pytest.raises(shamir_mnemonic.MnemonicError):
        shamir_mnemonic.combine_mnemonics(shares, b"TREZOR")


def test_published_age_file_opens_with_its_key_only_and_not_when_it_was_touched() -> None:
    plain = pyrage.decrypt(_SEALED.encode(), [pyrage.x25519.Identity.from_str(_KEY)])
    assert hashlib.sha256(plain).hexdigest() == "013f54400c82da08037759ada907a8b864e97de81c088a182062c4b5622fd2ab"
    for sealed, key in ((_SEALED, _OTHER_KEY), (_SEALED.replace("yPC8", "yPC9"), _KEY)):
        with pytest.raises(pyrage.DecryptError):
            pyrage.decrypt(sealed.encode(), [pyrage.x25519.Identity.from_str(key)])
