"""Papers that come as files: the plan that leaves, the sealed files that come back, what is believed of them.

A setters' workspace is a machine of its own. The server gives it a plan; it gives back one age file for each version
and a manifest. Until enough holders of sheets come together nobody here can read a file, so that everything that can
be known before is checked when it comes in, and everything else when it is opened.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from examsite.domain.answer_files import AGE_START
from examsite.domain.blueprints import Blueprint, blueprint_from_data, blueprint_to_data
from examsite.domain.canonical import canonical_bytes, parse_canonical, sha256_hex
from examsite.domain.errors import DomainError, InvalidError
from examsite.domain.papers import VERSION_LETTERS, Paper, paper_from_data, version_code
from examsite.domain.questions import Text
from examsite.domain.rubrics import Rubric, RubricCriterion, check_rubric, rubric_data
from examsite.domain.scores import Score, score, score_text
from examsite.domain.split_keys import check_quorum

VERSION: Final = 1
"""`v` of a plan and of a manifest. Source: our choice; a change of format is a new number."""

MAX_AGE_BYTES: Final = 2 * 1024 * 1024
"""Largest sealed version. Source: our choice, because forty long questions in two languages are a tenth of it."""

MAX_MANIFEST_BYTES: Final = 256 * 1024
"""Largest manifest. Source: our choice, because twenty versions of a hundred criteria are less."""

NONCE_BYTES: Final = 16
"""Random bytes in each version, so that nobody finds its hash by trying. Source: result formats §5 (salted)."""

_HASH: Final = re.compile(r"[0-9a-f]{64}")
_RECIPIENT: Final = re.compile(r"age1[02-9ac-hj-np-z]{58}")
_NAME: Final = re.compile(r"[A-Z][0-9A-Z]{1,11}")
_MOST_IDENTIFIER: Final = 2**15 - 1


@dataclass(frozen=True, slots=True)
class PossibleHolder:
    """Somebody who may hold a sheet, as the plan names this person to the workspace."""

    pseudonym: str
    role: str
    name: str


@dataclass(frozen=True, slots=True)
class PaperPlan:
    """Everything that a workspace needs of the server to draw and seal the versions of one post."""

    competition: str
    title: str
    body: str
    post: str
    post_title: str
    part: str
    maximum: Score
    minutes: int
    mark_step: Score
    versions: int
    bank_multiple: int
    holders: int
    needed: int
    blueprint: Blueprint
    people: tuple[PossibleHolder, ...]


@dataclass(frozen=True, slots=True)
class SealedVersion:
    """What a manifest says of one version."""

    version: str
    age_sha256: str
    paper_sha256: str
    rubric: Mapping[str, Any]
    recipient: str
    identifier: int
    needed: int
    holders: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Manifest:
    """What comes back with the sealed files of a post."""

    competition: str
    post: str
    versions: tuple[SealedVersion, ...]


def plan_bytes(plan: PaperPlan) -> bytes:
    """The plan as the file that leaves the server."""
    return canonical_bytes(
        {
            "v": VERSION,
            "kind": "paper-plan",
            "competition": plan.competition,
            "title": plan.title,
            "body": plan.body,
            "post": plan.post,
            "post_title": plan.post_title,
            "part": plan.part,
            "maximum": score_text(plan.maximum),
            "minutes": plan.minutes,
            "mark_step": score_text(plan.mark_step),
            "versions": plan.versions,
            "bank_multiple": plan.bank_multiple,
            "holders": plan.holders,
            "needed": plan.needed,
            "blueprint": blueprint_to_data(plan.blueprint),
            "people": [
                {"pseudonym": person.pseudonym, "role": person.role, "name": person.name} for person in plan.people
            ],
        }
    )


def read_plan(data: bytes) -> PaperPlan:
    """The plan in a file.

    Raises:
        InvalidError: `paper_plan_not_valid`.
    """
    try:
        value = parse_canonical(data)
        if not isinstance(value, dict) or (value["v"], value["kind"]) != (VERSION, "paper-plan"):
            raise InvalidError("paper_plan_not_valid")
        return PaperPlan(
            competition=value["competition"],
            title=value["title"],
            body=value["body"],
            post=value["post"],
            post_title=value["post_title"],
            part=value["part"],
            maximum=score(value["maximum"]),
            minutes=value["minutes"],
            mark_step=score(value["mark_step"]),
            versions=value["versions"],
            bank_multiple=value["bank_multiple"],
            holders=value["holders"],
            needed=value["needed"],
            blueprint=blueprint_from_data(value["blueprint"]),
            people=tuple(PossibleHolder(row["pseudonym"], row["role"], row["name"]) for row in value["people"]),
        )
    except (KeyError, TypeError, ValueError, DomainError) as error:
        raise InvalidError("paper_plan_not_valid") from error


def sealed_data(data: Mapping[str, Any], *, competition: str, nonce: bytes) -> dict[str, Any]:
    """A frozen copy with what binds it to its competition and what keeps its hash from being guessed."""
    return {**data, "competition": competition, "nonce": nonce.hex()}


def manifest_bytes(manifest: Manifest) -> bytes:
    """The manifest as the file that comes back."""
    return canonical_bytes(
        {
            "v": VERSION,
            "kind": "sealed-papers",
            "competition": manifest.competition,
            "post": manifest.post,
            "versions": [
                {
                    "version": item.version,
                    "age_sha256": item.age_sha256,
                    "paper_sha256": item.paper_sha256,
                    "rubric": dict(item.rubric),
                    "recipient": item.recipient,
                    "identifier": item.identifier,
                    "needed": item.needed,
                    "holders": list(item.holders),
                }
                for item in manifest.versions
            ],
        }
    )


def read_manifest(data: bytes) -> Manifest:
    """The manifest in a file, every member of its shape; whether it fits the competition is asked later.

    Raises:
        InvalidError: `manifest_not_valid`.
    """
    refusal = InvalidError("manifest_not_valid", field="manifest")
    if len(data) > MAX_MANIFEST_BYTES:
        raise refusal
    try:
        value = parse_canonical(data)
        if not isinstance(value, dict) or set(value) != {"v", "kind", "competition", "post", "versions"}:
            raise refusal
        if (value["v"], value["kind"]) != (VERSION, "sealed-papers"):
            raise refusal
        rows = value["versions"]
        if not isinstance(rows, list) or not 1 <= len(rows) <= len(VERSION_LETTERS):
            raise refusal
        return Manifest(_text(value["competition"]), _text(value["post"]), tuple(_read_version(row) for row in rows))
    except (KeyError, TypeError, ValueError, AttributeError, DomainError) as error:
        raise refusal from error


def _read_version(row: Any) -> SealedVersion:
    if set(row) != {
        *("version", "age_sha256", "paper_sha256", "rubric"),
        *("recipient", "identifier", "needed", "holders"),
    }:
        raise ValueError("members of a version")
    identifier, needed, holders = row["identifier"], row["needed"], row["holders"]
    if type(identifier) is not int or not 0 <= identifier <= _MOST_IDENTIFIER or type(needed) is not int:
        raise ValueError("numbers of a key")
    check_quorum(needed, len(holders))
    if len(set(holders)) != len(holders):
        raise ValueError("a holder twice")
    return SealedVersion(
        version=_text(row["version"]),
        age_sha256=_matching(_HASH, row["age_sha256"]),
        paper_sha256=_matching(_HASH, row["paper_sha256"]),
        rubric=rubric_data(_read_rubric(row["rubric"])),
        recipient=_matching(_RECIPIENT, row["recipient"]),
        identifier=identifier,
        needed=needed,
        holders=tuple(_matching(_NAME, name) for name in holders),
    )


def _read_rubric(value: Any) -> Rubric:
    if set(value) != {"part", "post", "paper", "criteria"}:
        raise ValueError("members of a rubric")
    criteria = []
    for row in value["criteria"]:
        if set(row) != {"criterion", "maximum", "step", "system"} or type(row["system"]) is not bool:
            raise ValueError("members of a criterion")
        criteria.append(
            RubricCriterion(
                criterion=_matching(re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}"), row["criterion"]),
                maximum=score(_text(row["maximum"])),
                step=score(_text(row["step"])),
                system=row["system"],
                text=Text("", ""),
            )
        )
    return Rubric(_text(value["part"]), _text(value["post"]), _text(value["paper"]), tuple(criteria))


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > 80 or not value.isprintable():
        raise ValueError("not a short text")
    return value


def _matching(pattern: re.Pattern[str], value: object) -> str:
    if not isinstance(value, str) or pattern.fullmatch(value) is None:
        raise ValueError("not of its shape")
    return value


def check_manifest(
    manifest: Manifest,
    *,
    competition: str,
    post: str,
    part: str,
    maximum: Score,
    versions: int,
    needed: int,
    holders: int,
) -> None:
    """Refuse a manifest that is not of this post or keeps less than the rule set wants.

    Raises:
        InvalidError: `sealed_other_competition`, `sealed_other_post`, `sealed_versions_too_few`,
            `sealed_version_not_valid` (with `version`: its name, or two with one file, paper or key),
            `sealed_rubric_wrong`, `sealed_holders_too_few`.

    Source: rule set: versions of a paper, holders of key shares and how many of them open.
    """
    if manifest.competition != competition:
        raise InvalidError("sealed_other_competition", field="manifest", found=manifest.competition, here=competition)
    if manifest.post != post:
        raise InvalidError("sealed_other_post", field="manifest", found=manifest.post, here=post)
    if len(manifest.versions) < versions:
        raise InvalidError("sealed_versions_too_few", field="manifest", found=len(manifest.versions), needed=versions)
    for number, item in enumerate(manifest.versions, start=1):
        if item.version != version_code(post, number):
            raise InvalidError("sealed_version_not_valid", field="manifest", version=item.version)
        rubric = _read_rubric(item.rubric)
        try:
            check_rubric(rubric, maximum)
        except InvalidError as error:
            raise InvalidError("sealed_rubric_wrong", field="manifest", version=item.version) from error
        if (rubric.part, rubric.post, rubric.paper) != (part, post, item.version):
            raise InvalidError("sealed_rubric_wrong", field="manifest", version=item.version)
        if item.needed < needed or len(item.holders) < holders:
            raise InvalidError(
                "sealed_holders_too_few", field="manifest", version=item.version, holders=holders, needed=needed
            )
    for values in zip(*((row.age_sha256, row.paper_sha256, row.recipient) for row in manifest.versions), strict=True):
        if len(set(values)) != len(values):
            twice = next(value for value in values if values.count(value) > 1)
            raise InvalidError(
                "sealed_version_not_valid", field="manifest", version=manifest.versions[values.index(twice)].version
            )


def match_files(manifest: Manifest, files: Sequence[tuple[str, bytes]]) -> dict[str, bytes]:
    """The file of each version, found by its hash; names are only used to say what is wrong.

    Raises:
        InvalidError: `age_file_too_large`, `age_file_not_age`, `age_file_not_in_manifest`, each with the `name` of
            the file; `age_file_missing` with the `version`.
    """
    by_hash = {item.age_sha256: item.version for item in manifest.versions}
    found: dict[str, bytes] = {}
    for name, data in files:
        if len(data) > MAX_AGE_BYTES:
            raise InvalidError("age_file_too_large", field="files", name=name, megabytes=MAX_AGE_BYTES // 1024**2)
        if not data.startswith(AGE_START):
            raise InvalidError("age_file_not_age", field="files", name=name)
        version = by_hash.get(sha256_hex(data))
        if version is None:
            raise InvalidError("age_file_not_in_manifest", field="files", name=name)
        found[version] = data
    for item in manifest.versions:
        if item.version not in found:
            raise InvalidError("age_file_missing", field="files", version=item.version)
    return found


def read_opened(
    content: bytes, *, competition: str, version: str, paper_sha256: str, rubric: Mapping[str, Any]
) -> tuple[dict[str, Any], Paper]:
    """The paper in what was decrypted, if it is exactly what was sealed.

    Raises:
        InvalidError: `opened_paper_differs`, with the `version`.
    """
    differs = InvalidError("opened_paper_differs", version=version)
    if sha256_hex(content) != paper_sha256:
        raise differs
    try:
        data = parse_canonical(content)
        if not isinstance(data, dict) or (data["competition"], data["code"]) != (competition, version):
            raise differs
        paper = paper_from_data(data)
    except (KeyError, DomainError) as error:
        raise differs from error
    if rubric_data(paper.rubric) != dict(rubric):
        raise differs
    return data, paper
