"""Every address of the site and who may open it, in one table; anything that is not here is refused and a red test.

A line is `endpoint  methods  who`; who is `public`, `logged_in`, `attempt_token` or the roles that may open it.
The table is compared both ways with the routes of the site and with what each view declares; the matrix of
`test_access.py` asks the running site for each line as each person. `python -m tests.web.access_table` prints the
lines as the views declare them: read what it prints before it is copied here, because this is the promise and the
views are what is checked against it.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask

from examsite.domain.permissions import Role

TABLE = """
administrator.change_body              GET,POST  administrator
administrator.create_body              GET,POST  administrator
administrator.disable_account          POST      administrator
administrator.enable_account           POST      administrator
administrator.end_log_ins              POST      administrator
administrator.erase                    GET,POST  administrator
administrator.list_accounts            GET       administrator
administrator.list_bodies              GET       administrator
administrator.list_erasures            GET       administrator
administrator.list_personal_data       GET       administrator
administrator.list_records             GET       administrator
administrator.list_working_days        GET,POST  administrator
administrator.open_account             GET,POST  administrator
administrator.print_certificate        GET       administrator
administrator.print_erasure            GET       administrator
administrator.reset_factors            POST      administrator
administrator.reset_password           POST      administrator
administrator.revoke_body_role         POST      administrator
administrator.show_account             GET,POST  administrator
administrator.show_clock               GET,POST  administrator
administrator.take_back_working_day    POST      administrator

api.call_for_help                      POST      attempt_token
api.choose_preferences                 POST      attempt_token
api.mark_messages_read                 POST      attempt_token
api.open_attempt                       POST      attempt_token
api.record_evidence                    POST      attempt_token
api.save_answers                       POST      attempt_token
api.show_messages                      GET       attempt_token
api.show_paper                         GET       attempt_token
api.show_call                          GET       attempt_token
api.show_state                         GET       attempt_token
api.submit_attempt                     POST      attempt_token

auth.add_app                           GET,POST  logged_in
auth.add_passkey                       GET,POST  logged_in
auth.apply_for_post                    GET,POST  public
auth.end_log_in                        POST      logged_in
auth.find_door                         GET       logged_in
auth.list_factors                      GET       logged_in
auth.log_in                            GET,POST  public
auth.log_in_candidate                  GET,POST  public
auth.log_out                           POST      public
auth.remove_factor                     GET,POST  logged_in
auth.show_account                      GET,POST  logged_in
auth.show_factor                       GET,POST  logged_in
auth.show_home                         GET       logged_in
auth.switch_language                   GET       public

authority.decide_tie                   GET,POST  authority
authority.list_competitions            GET       authority
authority.show_desk                    GET       authority
authority.show_findings                GET,POST  authority
authority.show_result                  GET       authority
authority.sign_result                  GET,POST  authority

candidate.add_dossier_item             GET,POST  candidate
candidate.check_result                 GET       candidate
candidate.confirm_hand_in              GET       candidate
candidate.download_appeal_receipt      GET       candidate
candidate.download_dossier_file        GET       candidate
candidate.download_own_records         GET       candidate
candidate.download_proposal_receipt    GET       candidate
candidate.download_receipt             GET       candidate
candidate.download_version             GET       candidate
candidate.send_worker                  GET       public
candidate.show_appeal_receipt          GET       candidate
candidate.show_course                  GET       candidate
candidate.show_dossier                 GET       candidate
candidate.show_home                    GET       candidate
candidate.show_own_result              GET       candidate
candidate.show_proposal_receipt        GET       candidate
candidate.show_receipt                 GET       candidate
candidate.show_test                    GET       candidate
candidate.show_written                 GET       candidate
candidate.submit_application           POST      candidate
candidate.submit_own_appeal            GET,POST  candidate
candidate.submit_test                  POST      candidate
candidate.upload_version               GET,POST  candidate
candidate.withdraw_application         GET,POST  candidate
candidate.withdraw_own_appeal          GET,POST  candidate

council.agree_excuse                   GET,POST  chair,council_member
council.agree_to_opening               POST      council_member
council.answer_standard                GET,POST  chair,council_member
council.answer_withdrawal              GET,POST  chair,council_member
council.commit_draw                    GET,POST  chair
council.contribute_number              POST      chair,council_member
council.decide_adjustments             GET,POST  chair,council_member
council.decide_appeal                  GET,POST  chair,council_member
council.decide_correction              GET,POST  chair,council_member
council.decide_incident                GET,POST  chair,council_member
council.decide_item                    GET,POST  chair
council.decide_request                 GET,POST  chair,council_member
council.declare_conflicts              GET,POST  chair,council_member
council.discard_key                    GET,POST  chair
council.download_bundle                GET       chair,council_member
council.draw_allocation                POST      chair,council_member
council.draw_order                     POST      chair
council.draw_script_codes              POST      chair,council_member
council.drop_draw                      GET,POST  chair
council.hold_draw                      POST      chair,council_member
council.judge_hint                     GET,POST  chair,council_member
council.list_adjustments               GET       chair,council_member
council.list_appeals                   GET       chair,council_member
council.list_conflict_hints            GET       chair,council_member
council.list_draws                     GET       chair,council_member
council.list_incidents                 GET       chair,council_member
council.list_items                     GET       chair
council.list_keys                      GET       chair,council_member
council.list_papers                    GET       chair,council_member
council.list_room_requests             GET       chair,council_member
council.list_script_paths              GET       chair,council_member
council.list_standards                 GET       chair,council_member
council.name_remarkers                 POST      chair,council_member
council.note_dialogue                  GET,POST  chair,council_member
council.note_incident                  GET,POST  chair,council_member
council.open_codes                     GET,POST  chair
council.open_numbers                   GET,POST  chair,council_member
council.open_paper                     GET,POST  chair
council.open_reserve                   GET,POST  chair
council.open_sealed_paper              GET,POST  chair
council.prepare_draw                   POST      chair,council_member
council.print_draw_minutes             GET       chair,council_member
council.read_draw_state                GET       chair,council_member
council.rehearse_share                 GET,POST  chair,council_member
council.replace_remarker               GET,POST  chair,council_member
council.reveal_number                  POST      chair,council_member
council.set_aside_paper                GET,POST  chair
council.sign_gate_document             GET,POST  chair,council_member
council.show_appeal                    GET       chair,council_member
council.show_codes                     GET       chair,council_member
council.show_desk                      GET       chair,council_member
council.show_draw                      GET       chair,council_member
council.show_draw_screen               GET       chair,council_member
council.show_findings                  GET,POST  chair,council_member
council.show_paper_draw                GET       chair,council_member
council.show_presentation_order        GET       chair,council_member
council.show_readiness                 GET       chair,council_member
council.show_report                    GET       chair,council_member
council.show_result                    GET       chair,council_member
council.show_script_path               GET       chair,council_member
council.show_sheet                     GET,POST  chair,council_member
council.show_timeline                  GET       chair,council_member
council.sign_result                    GET,POST  chair,council_member
council.split_key                      GET,POST  chair
council.take_sheet                     POST      chair,council_member

explanations.answer                    GET,POST  authority,chair,council_member,invigilator,keeper,marker,marking_head,organiser,panel_head,panellist,setter
explanations.ask                       GET,POST  supervisor
explanations.list_questions            GET       authority,chair,council_member,invigilator,keeper,marker,marking_head,organiser,panel_head,panellist,setter

invigilator.answer_call                POST      invigilator
invigilator.ask_late_answers           POST      invigilator
invigilator.ask_room_time              POST      invigilator
invigilator.carry_answers              GET,POST  invigilator
invigilator.check_in                   POST      invigilator
invigilator.confirm_answers            GET,POST  invigilator
invigilator.decide_lost_time           POST      invigilator
invigilator.decide_request             POST      invigilator
invigilator.declare_conflicts          GET,POST  invigilator
invigilator.extend_time                POST      invigilator
invigilator.force_hand_in              POST      invigilator
invigilator.free_attempt               POST      invigilator
invigilator.give_all_lost_times        POST      invigilator
invigilator.give_lost_time             POST      invigilator
invigilator.hand_over                  POST      invigilator
invigilator.list_sittings              GET       invigilator
invigilator.message_room               POST      invigilator
invigilator.move_seat                  POST      invigilator
invigilator.name_lost_time             POST      invigilator
invigilator.note_absence               POST      invigilator
invigilator.pause_attempt              POST      invigilator
invigilator.pause_room                 POST      invigilator
invigilator.record_attendance          GET,POST  invigilator
invigilator.record_incident            POST      invigilator
invigilator.resume_attempt             POST      invigilator
invigilator.resume_room                POST      invigilator
invigilator.send_message               POST      invigilator
invigilator.show_board                 GET       invigilator
invigilator.show_large_board           GET       invigilator
invigilator.show_minutes               GET       invigilator
invigilator.show_photo                 GET       invigilator
invigilator.show_plan                  GET       invigilator
invigilator.show_readiness             GET       invigilator
invigilator.show_report                GET       invigilator
invigilator.show_results               GET       invigilator
invigilator.show_timeline              GET       invigilator
invigilator.sign_attendance            POST      invigilator
invigilator.sign_results               POST      invigilator
invigilator.withdraw_absence           GET,POST  invigilator
invigilator.withdraw_lateness          POST      invigilator
invigilator.withdraw_request           POST      invigilator

keeper.confirm_script                  GET,POST  keeper
keeper.decide_hints                    GET,POST  keeper
keeper.declare_conflicts               GET,POST  keeper
keeper.list_competitions               GET       keeper
keeper.list_scripts                    GET       keeper
keeper.look_through                    POST      keeper
keeper.mark_place                      GET,POST  keeper
keeper.seal_codes                      GET,POST  keeper
keeper.show_desk                       GET       keeper

marker.acknowledge_straddle            POST      marking_head
marker.allocate_third                  POST      marking_head
marker.answer_flag                     GET,POST  marking_head
marker.change_standard                 GET,POST  marking_head
marker.decide_gap                      POST      marking_head
marker.declare_conflicts               GET,POST  marker,marking_head
marker.delete_comment                  POST      marker
marker.delete_note                     POST      marker
marker.flag_script                     GET,POST  marker
marker.hold_gap                        POST      marking_head
marker.hold_script                     POST      marker
marker.list_allocation                 GET       marking_head
marker.list_competitions               GET       marker,marking_head
marker.list_head_standards             GET       marking_head
marker.list_practice                   GET       marker
marker.list_rubric_changes             GET       marking_head
marker.list_script_flags               GET       marking_head
marker.list_scripts                    GET       marker
marker.lock_mark                       GET,POST  marker
marker.mark_script                     GET,POST  marker
marker.mark_standard                   GET,POST  marker
marker.note_discussion                 POST      marking_head
marker.propose_rubric_change           GET,POST  marking_head
marker.qualify_marker                  GET,POST  marking_head
marker.read_script                     GET       marking_head
marker.request_withdrawal              GET,POST  marking_head
marker.save_comment                    GET,POST  marker
marker.show_alarm                      GET,POST  marking_head
marker.show_gap                        GET       marking_head
marker.show_gaps                       GET       marking_head
marker.show_pause                      GET       marker
marker.show_rubric_change              GET       marking_head
marker.show_statistics                 GET       marking_head
marker.show_stop                       GET,POST  marking_head
marker.stop_marker                     GET,POST  marking_head
marker.take_back_rubric_change         POST      marking_head
marker.take_over_marker                GET,POST  marking_head
marker.take_over_script                GET,POST  marking_head
marker.use_comment                     POST      marker
marker.write_note                      POST      marker

marker.write_standard                  GET,POST  marking_head
organiser.add_invigilator              POST      organiser
organiser.add_post                     GET,POST  organiser
organiser.ask_adjustments              GET,POST  organiser
organiser.ask_correction               GET,POST  organiser
organiser.ask_for_erasure              POST      organiser
organiser.ask_override                 POST      organiser
organiser.assign_seats                 POST      organiser
organiser.call_defence                 GET,POST  organiser
organiser.change_rules                 GET,POST  organiser
organiser.choose_ladder                POST      organiser
organiser.compute_result               POST      organiser
organiser.confirm_import               POST      organiser
organiser.create_competition           GET,POST  organiser
organiser.declare_conflicts            GET,POST  organiser
organiser.download_candidate_file      GET       organiser
organiser.download_import_template     GET       organiser
organiser.download_settings            GET       organiser
organiser.edit_announcement            GET,POST  organiser
organiser.edit_post                    GET,POST  organiser
organiser.edit_rubric                  GET,POST  organiser
organiser.edit_ruleset                 GET,POST  organiser
organiser.edit_schedule                GET,POST  organiser
organiser.fix_roster                   GET,POST  organiser
organiser.import_candidates            GET,POST  organiser
organiser.issue_slips                  GET,POST  organiser
organiser.list_appeals                 GET       organiser
organiser.list_candidates              GET       organiser
organiser.list_competitions            GET       organiser
organiser.list_log                     GET       organiser
organiser.list_proposals               GET       organiser
organiser.list_sittings                GET       organiser
organiser.lock_called_proposals        GET,POST  organiser
organiser.move_start                   GET,POST  organiser
organiser.open_gate                    GET,POST  organiser
organiser.print_door_list              GET       organiser
organiser.print_erasure                GET       organiser
organiser.publish_result               GET,POST  organiser
organiser.publish_written_results      GET,POST  organiser
organiser.remove_post                  POST      organiser
organiser.revoke_role                  POST      organiser
organiser.run_rehearsal                GET,POST  organiser
organiser.schedule_sitting             GET,POST  organiser
organiser.show_candidate               GET,POST  organiser
organiser.show_desk                    GET       organiser
organiser.show_erasure                 GET       organiser
organiser.show_people                  GET,POST  organiser
organiser.show_plan                    GET       organiser
organiser.show_readiness               GET       organiser
organiser.show_rehearsal               GET       organiser
organiser.show_report                  GET       organiser
organiser.show_result                  GET       organiser
organiser.show_roster                  GET       organiser
organiser.show_sitting                 GET       organiser
organiser.show_timeline                GET       organiser
organiser.take_back_correction         POST      organiser
organiser.tell_rehearsal               GET       organiser
organiser.withdraw_asked_erasure       POST      organiser

panel.change_sheet                     GET,POST  panellist
panel.close_discussion                 POST      chair,panel_head
panel.decide_score                     GET,POST  chair,panel_head
panel.declare_conflicts                GET,POST  panel_head,panellist
panel.download_proposal                GET       panel_head,panellist
panel.fill_sheet                       GET,POST  panellist
panel.lead_defence                     GET       chair,panel_head
panel.list_competitions                GET       panel_head,panellist
panel.list_defences                    GET       panel_head,panellist
panel.lock_sheet                       GET,POST  panellist
panel.log_questions                    GET,POST  panel_head,panellist
panel.move_clock                       GET,POST  chair,panel_head
panel.note_answer                      POST      panel_head,panellist
panel.note_incident                    GET,POST  panel_head
panel.note_recording                   POST      chair,panel_head
panel.print_minutes                    GET       panel_head,panellist
panel.read_clock                       GET       chair,panel_head,panellist
panel.read_projector_clock             GET       panel_head,panellist
panel.read_proposal                    GET       panel_head,panellist
panel.reveal_scores                    GET,POST  chair,panel_head
panel.show_defence                     GET       panel_head,panellist
panel.show_page                        GET       panel_head,panellist
panel.show_picture                     GET       panel_head,panellist
panel.show_projector                   GET       panel_head,panellist
panel.undo_step                        POST      chair,panel_head
panel.write_assessment                 GET,POST  panellist

public.check_shown_receipt             GET,POST  public
public.download_authority              GET       public
public.download_bundle                 GET       public
public.download_checkpoint             GET       public
public.download_draw                   GET       public
public.download_older_bundle           GET       public
public.download_proof                  GET       public
public.download_result                 GET       public
public.list_draws                      GET       public
public.list_rulesets                   GET       public
public.list_settled_appeals            GET       public
public.list_versions                   GET       public
public.quit_browser                    GET       public
public.show_checkpoint                 GET       public
public.show_competition                GET       public
public.show_data_register              GET       public
public.show_draw                       GET       public
public.show_front                      GET       public
public.show_log                        GET       public
public.show_log_checkpoint             GET       public
public.show_preset                     GET       public
public.show_ranked_candidate           GET       public
public.show_ranking                    GET       public
public.show_ruleset                    GET       public
public.show_verification               GET       public

setter.answer_rubric_change            GET,POST  setter
setter.answer_standard                 GET,POST  setter
setter.decide_item                     GET,POST  setter
setter.declare_conflicts               GET,POST  setter
setter.download_plan                   GET       setter
setter.draw_papers                     GET,POST  setter
setter.list_competitions               GET       setter
setter.list_items                      GET       setter
setter.list_questions                  GET       setter
setter.list_rubric_changes             GET       setter
setter.list_standards                  GET       setter
setter.plan_blueprint                  GET,POST  setter
setter.seal_files                      GET,POST  setter
setter.seal_papers                     GET,POST  setter
setter.show_desk                       GET       setter
setter.show_paper                      GET       setter
setter.show_paper_key                  GET       setter
setter.show_papers                     GET       setter
setter.show_question                   GET       setter

supervisor.bring_cosignatures          GET,POST  supervisor
supervisor.download_bundle             GET       supervisor
supervisor.end_one_witness             POST      supervisor
supervisor.export_records              GET       supervisor
supervisor.list_all_checkpoints        GET       supervisor
supervisor.list_competitions           GET       supervisor
supervisor.list_keys                   GET       supervisor
supervisor.list_people                 GET       supervisor
supervisor.list_records                GET       supervisor
supervisor.list_script_paths           GET       supervisor
supervisor.name_witnesses              GET,POST  supervisor
supervisor.rehearse_share              GET,POST  supervisor
supervisor.show_checkpoint             GET       supervisor
supervisor.show_desk                   GET       supervisor
supervisor.show_findings               GET       supervisor
supervisor.show_readiness              GET       supervisor
supervisor.show_record                 GET       supervisor
supervisor.show_report                 GET       supervisor
supervisor.show_script_path            GET       supervisor
supervisor.show_sheet                  GET,POST  supervisor
supervisor.show_statistics             GET       supervisor
supervisor.show_timeline               GET       supervisor
supervisor.take_sheet                  POST      supervisor
"""


@dataclass(frozen=True)
class Line:
    """Who may open one address, with which methods."""

    endpoint: str
    methods: frozenset[str]
    who: str

    @property
    def roles(self) -> frozenset[Role]:
        """The roles that may open it; empty for the other kinds."""
        if self.who in {"public", "logged_in", "attempt_token"}:
            return frozenset()
        return frozenset(Role(name) for name in self.who.split(","))

    def admits(self, role: Role | None) -> bool:
        """Whether somebody with this role (None: not logged in) gets past the guard, competition apart."""
        if self.who == "public":
            return True
        return role is not None and (self.who == "logged_in" or role in self.roles)

    def __str__(self) -> str:
        return f"{self.endpoint:<38} {','.join(sorted(self.methods)):<9} {self.who}"


def read_table(text: str = TABLE) -> dict[str, Line]:
    """The table by endpoint; a line given twice is an error."""
    lines: dict[str, Line] = {}
    for row in text.strip().splitlines():
        if not row.strip() or row.startswith("#"):
            continue
        endpoint, methods, who = row.split()
        assert endpoint not in lines, f"{endpoint} stands twice"
        lines[endpoint] = Line(endpoint, frozenset(methods.split(",")), who)
    return lines


def declared_lines(app: Flask) -> dict[str, Line]:
    """What the views declare, in the form of the table."""
    methods: dict[str, set[str]] = {}
    for rule in app.url_map.iter_rules():
        if rule.endpoint != "static":
            methods.setdefault(rule.endpoint, set()).update((rule.methods or set()) - {"HEAD", "OPTIONS"})
    lines = {}
    for endpoint, known in methods.items():
        access = getattr(app.view_functions[endpoint], "access", None)
        who = "nothing" if access is None else access.kind
        if who == "roles":
            who = ",".join(sorted(access.roles))
        lines[endpoint] = Line(endpoint, frozenset(known), who)
    return lines


if __name__ == "__main__":
    import tempfile
    from pathlib import Path

    from examsite.app import create_app
    from examsite.config import Settings

    with tempfile.TemporaryDirectory() as name:
        site = Settings(instance_path=Path(name), secret_key="0" * 64, database_url=f"sqlite:///{name}/none.db")
        print(*sorted(map(str, declared_lines(create_app(site)).values())), sep="\n")
