from sidecar.clock import SECOND
from sidecar.ledger.contract import LedgerHealth
from sidecar.telemetry.page import Page, expose
from sidecar.telemetry.program import Program, ProgramState, unix_seconds


def lines(program: Program) -> list[str]:
    return expose(Page(program.frozen())).body.decode().splitlines()


def test_exactly_one_state_is_1():
    program = Program("1.2.3", LedgerHealth)
    program.state = ProgramState.DRAINING
    states = [line for line in lines(program) if line.startswith("inference_sidecar_state{")]
    assert sorted(line.split()[-1] for line in states) == ["0.0", "0.0", "0.0", "1.0"]
    assert 'inference_sidecar_state{inference_sidecar_state="draining"} 1.0' in states


def test_the_version_is_a_label():
    assert 'inference_sidecar_build_info{version="1.2.3"} 1.0' in lines(Program("1.2.3", LedgerHealth))


def test_the_ledger_is_asked_anew_for_every_page():
    healths = iter(
        [LedgerHealth(rows_written=1), LedgerHealth(rows_written=2, last_commit_at=5 * SECOND, errors={"row": 3})]
    )
    program = Program("1.2.3", lambda: next(healths))
    assert "inference_sidecar_ledger_rows_written_total 1.0" in lines(program)
    second = lines(program)
    assert "inference_sidecar_ledger_rows_written_total 2.0" in second
    assert "inference_sidecar_ledger_last_commit_timestamp_seconds 5.0" in second
    assert 'inference_sidecar_ledger_errors_total{operation="row"} 3.0' in second
    assert 'inference_sidecar_ledger_errors_total{operation="write"} 0.0' in second


def test_connections_are_asked_anew_for_every_page_and_are_0_before_there_are_any():
    program = Program("1.2.3", LedgerHealth)
    assert 'inference_sidecar_downstream_connections{state="idle"} 0.0' in lines(program)
    counts = iter([{"active": 1, "idle": 2}, {"active": 3, "idle": 0}])
    program.connections = lambda: next(counts)
    assert 'inference_sidecar_downstream_connections{state="idle"} 2.0' in lines(program)
    assert 'inference_sidecar_downstream_connections{state="active"} 3.0' in lines(program)


def test_connections_to_providers_are_asked_anew_for_every_page():
    program = Program("1.2.3", LedgerHealth)
    program.upstream_connections = lambda: {("gemini", "busy"): 2}
    assert 'inference_sidecar_upstream_connections{state="busy",upstream="gemini"} 2.0' in lines(program)


def test_kept_answers_are_asked_anew_for_every_page_and_are_0_before_there_are_any():
    program = Program("1.2.3", LedgerHealth)
    assert "inference_sidecar_rescue_kept_bytes 0.0" in lines(program)
    assert "inference_sidecar_rescue_kept_answers 0.0" in lines(program)
    program.kept = lambda: (65536, 3)
    assert "inference_sidecar_rescue_kept_bytes 65536.0" in lines(program)
    assert "inference_sidecar_rescue_kept_answers 3.0" in lines(program)


def test_settings_that_were_refused_show_as_0():
    program = Program("1.2.3", LedgerHealth)
    program.settings_are_good, program.settings_read_at = False, 7 * SECOND
    assert "inference_sidecar_config_last_reload_successful 0.0" in lines(program)
    assert "inference_sidecar_config_last_reload_success_timestamp_seconds 7.0" in lines(program)


def test_the_mode_is_a_label_once_it_is_known():
    program = Program("1.2.3", LedgerHealth)
    assert not [line for line in lines(program) if line.startswith("inference_sidecar_config_info")]
    program.mode = "enforce"
    assert 'inference_sidecar_config_info{mode="enforce"} 1.0' in lines(program)


def test_price_lists_that_have_not_been_read_are_not_from_1970():
    program = Program("1.2.3", LedgerHealth)
    assert not [line for line in lines(program) if line.startswith("inference_sidecar_price_table")]
    program.prices_listed_at = 9 * SECOND
    assert "inference_sidecar_price_table_timestamp_seconds 9.0" in lines(program)


def test_no_moment_is_0():
    assert unix_seconds(None) == 0.0
