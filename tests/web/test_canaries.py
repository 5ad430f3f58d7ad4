"""What may be read where: words planted in the world are looked for in every answer, and hidden rows are changed to see
whether any page moves.

`MAY` is the whole promise: kind of word, then role, then the pages on which that role may meet the word of somebody
else. A page that is not named there must not show it. The words stand in bodies, headers, file names and JSON alike.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from examsite.domain.permissions import Role
from examsite.storage.database import db, open_engine, reading, writing
from examsite.storage.models.ranking import ResultVersion
from tests.web.crawl import Visit, Walk
from tests.web.world import CandidateWords, Person, World, browser_of, close_site, open_site

_RESULT = {"show_result", "sign_result"}
#: Everything that the published result rests on, under codes; of names only those that the result publishes.
_BUNDLES = {"council.download_bundle", "supervisor.download_bundle"}
_FILES = {"public.download_bundle", "public.download_older_bundle", "public.download_result"}
_PUBLIC_RESULT = {*_FILES, "public.show_ranked_candidate", "public.show_ranking"}
_LIST = {"organiser.list_candidates", "organiser.show_candidate"}
_ROSTER = {*_LIST, "organiser.ask_adjustments", "organiser.show_roster"}
_ROOM = {"organiser.print_door_list", "organiser.show_sitting"}
_PANEL = {
    *("panel.declare_conflicts", "panel.list_defences", "panel.show_defence", "panel.read_proposal"),
    *("panel.log_questions", "panel.print_minutes", "panel.show_projector"),
}
_LEAD = {"panel.lead_defence", "panel.reveal_scores", "panel.decide_score"}
_MARK = {"marker.list_scripts", "marker.mark_script", "marker.lock_mark"}
_GAPS = {"marker.read_script", "marker.show_gap", "marker.show_gaps"}
#: Where the head passes scripts on and answers what markers ask about one, with the text that they ask about.
_HEAD = {
    *("marker.list_allocation", "marker.take_over_script", "marker.take_over_marker"),
    *("marker.list_script_flags", "marker.answer_flag"),
}
_PATHS = {"list_script_paths", "show_script_path"}
_LOG = {"organiser.list_log"}
_RECORDS = {"supervisor.list_records", "supervisor.show_record", "supervisor.export_records"}
#: What a draw decided; of codes of scripts only once the codes are open, see `_may`.
_DRAWS = {"council.show_draw", "council.show_draw_screen", "council.print_draw_minutes"}
_PUBLIC_DRAWS = {"public.show_draw", "public.download_draw"}
#: After the written results the council decides appeals by code, and the public reads what came of them.
_APPEALS = {"council.list_appeals", "council.show_appeal"}
_APPEAL_ACTS = {"council.show_appeal", "council.replace_remarker", "council.note_dialogue", "council.decide_appeal"}
#: Before they sign, those who sign and those who watch read what is hard to explain by chance.
_FINDINGS = {f"{audience}.show_findings" for audience in ("council", "authority", "supervisor")}
_SLIPS = {"organiser.issue_slips"}
_INCIDENTS = {"council.list_incidents", "council.decide_incident"}
#: The course of an attempt and the report of a sitting: numbers always, the text only where it may be played.
_COURSE = {"show_timeline", "show_report"}
_PLAYED = {"council.show_timeline", "supervisor.show_timeline"}
#: Whether two people stand near is judged by their names and units, as declarations are made by them.
_HINTS = {"council.list_conflict_hints", "council.judge_hint"}
#: Who holds which sheet of a key is known to all who hold one.
_KEYS = {"council.list_keys", "council.split_key", "council.open_codes"}
_CODES_ARE_OPEN = {"published", "ranked", "defence"}


def _course(audience: str) -> set[str]:
    return {f"{audience}.{name}" for name in _COURSE}


def _result(audience: str) -> set[str]:
    return {f"{audience}.{name}" for name in _RESULT}


#: Kind of word → role → pages. Everybody may read `None`, the public; a role that is not named may read nothing else.
MAY: dict[str, dict[Role | None, set[str]]] = {
    "name": {
        None: _PUBLIC_RESULT,  # of those selected only, see below
        Role.ORGANISER: {*_ROSTER, *_ROOM, *_SLIPS, "organiser.show_result", "organiser.publish_result"},
        Role.CHAIR: {*_result("council"), *_INCIDENTS, *_HINTS, *_BUNDLES},
        Role.COUNCIL_MEMBER: {*_result("council"), "council.list_incidents", *_HINTS, *_BUNDLES},
        Role.AUTHORITY: {*_result("authority"), "authority.decide_tie"},
        Role.SUPERVISOR: _BUNDLES,
        Role.INVIGILATOR: {"invigilator.*"},
        Role.PANELLIST: {
            *_PANEL,
            *("panel.fill_sheet", "panel.lock_sheet", "panel.write_assessment", "panel.change_sheet"),
        },
        Role.PANEL_HEAD: {*_PANEL, *_LEAD},
    },
    "number": {
        None: {"public.show_competition"},  # those admitted are announced by number alone
        Role.ORGANISER: {*_ROSTER, *_ROOM, *_SLIPS, *_course("organiser")},
        Role.INVIGILATOR: {"invigilator.*"},
        Role.CHAIR: {*_INCIDENTS, *_course("council"), *_HINTS},
        Role.COUNCIL_MEMBER: {"council.list_incidents", *_course("council"), *_HINTS},
        Role.SUPERVISOR: _course("supervisor"),
        Role.PANELLIST: {"panel.declare_conflicts"},
        Role.PANEL_HEAD: {"panel.declare_conflicts"},
    },
    "unit": {
        Role.ORGANISER: _ROSTER,
        Role.CHAIR: _HINTS,
        Role.COUNCIL_MEMBER: _HINTS,
        Role.PANELLIST: {"panel.declare_conflicts"},
        Role.PANEL_HEAD: {"panel.declare_conflicts"},
    },
    "phone": {Role.ORGANISER: {"organiser.show_candidate"}},
    "email": {Role.ORGANISER: {"organiser.show_candidate"}},
    "identity": {Role.ORGANISER: {"organiser.show_candidate"}},
    "application": {Role.ORGANISER: {*_LIST, *_LOG}, Role.SUPERVISOR: _RECORDS},
    "file": {Role.ORGANISER: {"organiser.show_candidate", "organiser.download_candidate_file"}},
    "answer": {
        Role.MARKER: {"marker.mark_script"},
        Role.MARKING_HEAD: {"marker.read_script", "marker.answer_flag"},
        Role.CHAIR: {"council.show_timeline"},  # once the codes are open, see `_may`
        Role.SUPERVISOR: {"supervisor.show_timeline"},
    },
    "public code": {
        None: {*_PUBLIC_RESULT, *_PUBLIC_DRAWS, "public.list_settled_appeals"},
        Role.ORGANISER: {
            *_LOG,
            *("organiser.list_proposals", "organiser.list_appeals"),
            *("organiser.show_result", "organiser.publish_result"),
        },
        Role.CHAIR: {
            *(*_result("council"), *_BUNDLES, *_DRAWS, *_APPEALS, *_FINDINGS),
            "council.show_presentation_order",
        },
        Role.COUNCIL_MEMBER: {
            *(*_result("council"), *_BUNDLES, *_DRAWS, *_APPEALS, *_FINDINGS),
            "council.show_presentation_order",
        },
        Role.AUTHORITY: {*_result("authority"), *_FINDINGS, "authority.decide_tie"},
        Role.SUPERVISOR: {*_RECORDS, *_BUNDLES, *_FINDINGS, "explanations.ask"},
    },
    "script": {
        None: {*_FILES, *_PUBLIC_DRAWS},  # opened by the council, part of what anyone recomputes
        Role.ORGANISER: _LOG,
        Role.SUPERVISOR: {*_RECORDS, *_BUNDLES, *_FINDINGS, *(f"supervisor.{name}" for name in _PATHS)},
        Role.MARKER: {*_MARK, "marker.flag_script"},
        Role.MARKING_HEAD: {*_GAPS, *_HEAD, "marker.request_withdrawal"},
        # The code board looks through the essays that it seals.
        Role.KEEPER: {"keeper.list_scripts"},
        # Only once the codes are open.
        Role.AUTHORITY: _FINDINGS,
        Role.CHAIR: {*_BUNDLES, *_DRAWS, *_APPEAL_ACTS, *_FINDINGS, *(f"council.{name}" for name in _PATHS)},
        Role.COUNCIL_MEMBER: {*_BUNDLES, *_DRAWS, *_APPEAL_ACTS, *_FINDINGS, *(f"council.{name}" for name in _PATHS)},
    },
}

#: Words too short to be looked for anywhere: only as a word of the text, in the competition that they belong to.
SHORT = {"number", "public code", "script"}


#: Whoever judges or watches declares relations against the list of those admitted, and so reads who they are.
DECLARING = {"name", "number", "unit"}


def _may(kind: str, visit: Visit) -> bool:
    if kind in DECLARING and visit.address.endpoint.endswith(".declare_conflicts"):
        return visit.is_entitled
    waits_for_codes = {"answer": _PLAYED, "script": {*_DRAWS, *_PUBLIC_DRAWS, *_FINDINGS}}.get(kind, set())
    if visit.address.endpoint in waits_for_codes and visit.address.stand not in _CODES_ARE_OPEN:
        return False
    allowed = MAY[kind].get(None, set()) | MAY[kind].get(visit.person.role, set())
    audience = visit.address.endpoint.partition(".")[0]
    return visit.is_entitled and (visit.address.endpoint in allowed or f"{audience}.*" in allowed)


def _shows(visit: Visit, answer: str, kind: str, word: str, owner: CandidateWords) -> bool:
    if word not in answer or word in visit.address.path:
        return False
    if kind not in SHORT:
        return True
    shown = re.sub(r"<[^>]*>", " ", answer)
    alone = rf"(?<![\w.,:#-]){re.escape(word)}(?![\w.,:-])"
    return owner.stand == visit.address.stand and re.search(alone, shown) is not None


def test_nobody_reads_what_belongs_to_another_candidate(walked: Walk) -> None:
    leaks = set()
    met = set()
    words = [(kind, word, owner) for owner in walked.world.candidates for kind, word in owner.words.items()]
    for visit in walked.visits:
        answer = visit.all_text.replace(visit.headers.get("Content-Length", "-"), "", 1)
        for kind, word, owner in words:
            if visit.person.candidacy_id == owner.candidacy_id or not _shows(visit, answer, kind, word, owner):
                continue
            met.add(kind)
            if not _may(kind, visit):
                leaks.add(f"{kind} of {owner.stand} shown to {visit.person.role} at {visit.address.endpoint}")

    assert sorted(leaks) == []
    assert met == set(MAY)  # the search finds what it looks for


def test_the_public_reads_the_names_of_those_selected_only(walked: Walk) -> None:
    engine = open_engine(walked.world.settings)
    with reading(engine) as session:
        versions = {row.competition_id: json.loads(row.document) for row in session.query(ResultVersion)}
    engine.dispose()
    published = walked.world.places["published"]
    candidates = versions[published.competition_id]["candidates"]
    selected = " ".join(item["name"] for item in candidates if item["outcome"] == "selected")
    names = {owner.words["name"] for owner in walked.world.candidates}
    shown = {
        name for visit in walked.visits if visit.person.token is None for name in names if name.encode() in visit.body
    }

    assert shown == {name for name in names if name in selected}
    assert shown


def test_a_marker_reads_no_comment_but_the_own(walked: Walk) -> None:
    leaks, met = set(), set()
    owners = {owner.words.get("script"): owner.candidacy_id for owner in walked.world.candidates}
    for visit in walked.visits:
        answer = visit.all_text
        for (_competition, script, login), word in walked.world.comments.items():
            if word in answer:
                met.add(visit.person.role)
                own = visit.person.role is Role.MARKER and visit.person.login == login
                head = visit.person.role is Role.MARKING_HEAD and visit.address.endpoint in _GAPS
                # Once the scores are out, by the rule set, and only on the own script.
                opened = visit.person.candidacy_id is not None and visit.person.candidacy_id == owners.get(script)
                if not (own or head or (opened and visit.address.endpoint == "candidate.show_written")):
                    leaks.add(f"{login} read by {visit.person} at {visit.address.endpoint}")

    assert leaks == set()
    assert met == {Role.MARKER, Role.MARKING_HEAD, Role.CANDIDATE}


def test_sealed_papers_are_read_by_nobody(walked: Walk) -> None:
    leaks = [
        f"{paper}: {visit}"
        for visit in walked.visits
        for answer in [visit.all_text]
        for paper, word in walked.world.sealed_words.items()
        if word in answer
    ]

    assert walked.world.sealed_words
    assert leaks == []


#: Officials whose names others may read, and where: boards of the marking stay behind their pseudonyms.
NAMES_OF_BOARDS: dict[Role | None, set[str]] = {
    Role.ADMINISTRATOR: {"administrator.*"},
    Role.ORGANISER: {
        *("organiser.show_people", "organiser.list_sittings", "organiser.schedule_sitting"),
        *("organiser.show_sitting", "organiser.add_invigilator"),
    },
    Role.SUPERVISOR: {"supervisor.list_people", "supervisor.list_keys"},
    # Whoever seals papers on an own machine names who will hold the sheets.
    Role.SETTER: {"setter.download_plan"},
    Role.PANEL_HEAD: {*_LEAD},
    # Two watch a room together; who asks for an act of two people is known to whoever decides.
    Role.INVIGILATOR: {f"invigilator.show_{page}" for page in ("board", "plan", "minutes", "results")},
    Role.CHAIR: {"council.list_room_requests", "council.decide_request", *_KEYS, *_HINTS},
    Role.COUNCIL_MEMBER: {"council.list_room_requests", "council.decide_request", *_KEYS, *_HINTS},
}
#: Those who sign the result sign with their names.
SIGNING = {Role.CHAIR, Role.COUNCIL_MEMBER, Role.AUTHORITY}
SIGNED_AT = {
    "public.show_ranking",
    "organiser.show_result",
    "organiser.publish_result",
    "council.sign_gate_document",
    "authority.show_desk",
    *_result("council"),
    *_result("authority"),
}


def test_the_names_of_officials_stay_where_they_belong(walked: Walk) -> None:
    roles = {person.login: person.role for person in walked.world.people}
    leaks = set()
    for visit in walked.visits:
        answer = visit.all_text
        for login, name in walked.world.official_names.items():
            if visit.person.login == login or name not in answer:
                continue
            endpoint = visit.address.endpoint
            allowed = NAMES_OF_BOARDS.get(visit.person.role, set())
            if endpoint in allowed or f"{endpoint.partition('.')[0]}.*" in allowed:
                continue
            if not (roles[login] in SIGNING and endpoint in SIGNED_AT):
                leaks.add(f"{login} ({roles[login]}) shown to {visit.person.role} at {endpoint}")

    assert sorted(leaks) == []


# ----------------------------------------------------------------------------- what is hidden may change, pages may not

#: Every mark of scripts but those of one marker, made something else: points, comments, state, count of saves.
OTHERS_MARKS = (
    """UPDATE marks SET points = '{"E1.a": "0.25"}', comments = '{}', revision = revision + 7, total = 125
    WHERE script_id IS NOT NULL AND (assignment_id IS NULL OR assignment_id NOT IN
    (SELECT id FROM role_assignments WHERE account_id = :account))""",
    """DELETE FROM marks WHERE id IN (SELECT max(id) FROM marks WHERE assignment_id NOT IN
    (SELECT id FROM role_assignments WHERE account_id = :account) AND script_id IS NOT NULL GROUP BY script_id)""",
)
OTHERS_SHEETS = (
    """UPDATE marks SET points = '{}', comments = '{"": "x"}', revision = revision + 7, total = 125
    WHERE defence_id IN (SELECT id FROM defences WHERE state NOT IN ('revealed', 'settled'))
    AND assignment_id NOT IN (SELECT id FROM role_assignments WHERE account_id = :account)""",
)
#: Scores of the written test a little lower, so that gaps and owed acts stay what they are: a script with a mark that
#: would fall below the pass mark keeps its marks, for two marks astride it are an act that the head owes.
ALL_SCORES = (
    """UPDATE marks SET total = total - 250, comments = '{"": "x"}',
    points = json_set(points, '$."E1.a"', printf('%.2f', json_extract(points, '$."E1.a"') - 2.5))
    WHERE script_id IS NOT NULL AND assignment_id IS NOT NULL
    AND script_id NOT IN (SELECT hand.script_id FROM marks hand LEFT JOIN marks system
    ON system.script_id = hand.script_id AND system.assignment_id IS NULL WHERE hand.assignment_id IS NOT NULL
    AND hand.script_id IS NOT NULL AND hand.total + coalesce(system.total, 0) BETWEEN 5000 AND 5249)""",
    "UPDATE attempts SET objective_total = objective_total - 200 WHERE objective_total > 200",
)
OTHERS_ANSWERS = (
    """UPDATE answer_versions SET content = '"something else"' WHERE attempt_id NOT IN
    (SELECT a.id FROM attempts a JOIN candidacies c ON c.id = a.candidacy_id WHERE c.account_id = :account)""",
)


@pytest.mark.parametrize(
    ("name", "stand", "changes"),
    [
        ("cham1", "marking", OTHERS_MARKS),
        ("cham2", "marking", OTHERS_MARKS),
        ("cham3", "marking", OTHERS_MARKS),
        ("dean2", "defence", OTHERS_SHEETS),
        ("dean3", "defence", OTHERS_SHEETS),
        ("truongdean", "defence", OTHERS_SHEETS),
        *((name, "marking", ALL_SCORES) for name in ("thuky", "chutich", "uyvien1", "phach", "coithi", "rade")),
        *((name, "marking", ALL_SCORES) for name in ("giamsat", "quantri", "nobody", "candidate 1 of marking")),
        *((name, "written", OTHERS_ANSWERS) for name in ("thuky", "coithi", "giamsat", "candidate 2 of written")),
    ],
)
def test_pages_do_not_move_with_what_is_hidden(
    walked: Walk, tmp_path: Path, name: str, stand: str, changes: Iterable[str]
) -> None:
    world = walked.world
    person = world.person(name)
    before: dict[str, str] = {}
    for visit in walked.visits:  # each page as the walk read it over the same world, in Vietnamese first
        if visit.person.name == name and visit.status == 200 and visit.address.stand in {stand, ""}:
            page = visit.body.decode() if visit.mimetype == "text/html" else ""
            before.setdefault(visit.address.path, _without_own(visit.address.path, page))
    paths = set(before)
    assert paths
    app = open_site(world.copy_to(tmp_path / "world"))
    try:
        with app.app_context(), writing(db.engine) as session:
            for change in changes:
                values = {"account": person.account_id} if ":account" in change else {}
                assert session.execute(text(change), values).rowcount > 0, change
        after = dict(_pages(app, person, paths))
    finally:
        close_site(app)

    assert {path for path in paths if before[path] != after[path]} == set()


def _pages(app: Flask, person: Person, paths: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The pages as this person reads them."""
    client = browser_of(app, person)
    for path in sorted(paths):
        response = client.get(path)
        page = response.text if response.mimetype == "text/html" else ""
        response.close()
        yield path, _without_own(path, page)


def _without_own(path: str, page: str) -> str:
    """The page without what is new on every page anyway."""
    page = re.sub(r'(name="csrf_token"[^>]*value=|nonce=)"[^"]*"', "", page)
    # It measures the machine anew each time it is opened: nothing of it stays the same from one minute to the next.
    return "" if path.endswith("/readiness") else page


def test_the_world_is_as_blind_as_it_says(world: World) -> None:
    """The search would be worth nothing if the words were not in the database."""
    engine = open_engine(world.settings)
    with reading(engine) as session:
        scripts = str(session.execute(text("SELECT group_concat(content) FROM scripts")).scalar())
        answers = {owner.words["answer"] for owner in world.candidates if "script" in owner.words}
    engine.dispose()

    assert answers
    assert {word for word in answers if word not in scripts} == set()
