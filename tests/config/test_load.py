"""Priority, origins, and errors that name what the user typed."""

from decimal import Decimal
from pathlib import Path

import pytest

from sidecar.config.groups import HalfClose, Live, LogFormat, Mode, OnRepeat, Rescue, ServerTimeout
from sidecar.config.load import leaves, load
from sidecar.config.problems import BadSettings
from sidecar.config.quantities import GIB
from sidecar.config.schema import dotted
from sidecar.config.settings import Settings
from sidecar.config.sockets import Connect, Others
from sidecar.config.upstreams import RouteRule
from sidecar.lifecycle.policy import FollowBounds, OnClose, OnDeparture
from tests.config.loading import loaded, refusal
from tests.proxy.certificates import Authority

GOOD = Path(__file__).parent / "good" / "everything.yaml"


pytestmark = pytest.mark.usefixtures("folder")


def test_nothing_set__defaults_alone():
    result = load({}, {})
    assert result.settings == Settings()
    assert result.file is None
    assert set(result.origins.values()) == {"default"}


def test_every_setting_can_stand_in_the_file(folder):
    pair = Authority(folder).pair("me", name="me")
    (folder / "ca.pem").rename("authority.pem")
    assert pair.certificate.name == "me.pem"
    result = load({}, {}, str(GOOD))
    settings = result.settings
    assert settings.mode is Mode.ENFORCE
    assert str(settings.control.listen) == "[::1]:9782"
    assert settings.ledger.retention_days is None
    assert settings.proxy.tls.is_on
    assert settings.proxy.tls.names == ("sidecar.internal", "10.0.0.7")
    assert settings.proxy.connect == Connect(intercept=True, others=Others.REFUSE, ports=(443, 8443))
    assert settings.calls.live == Live(resume_seconds=0, max_message_bytes=GIB // 64, idle_seconds=600)
    assert settings.calls.half_close is HalfClose.WAIT
    assert settings.calls.follow.bounds() == FollowBounds(0, 90.0, 3 * GIB // 2)
    assert settings.calls.server_timeout is ServerTimeout.FROM_CLIENT
    assert settings.rescue == Rescue(
        enabled=False, window_seconds=60, max_bytes=GIB, max_answer_bytes=GIB // 8, on_repeat=OnRepeat.REFUSE
    )
    assert settings.upstreams["gemini"].routes == (
        RouteRule(path="/v1/images/*", on_departure=OnDeparture.CUT, rescue=True),
        RouteRule(path="/*:streamGenerateContent", on_departure=OnDeparture.AUTO),
    )
    assert settings.upstreams["my-vllm"].on_close.unary is OnClose.RUNS_ON
    assert str(settings.upstreams["gemini"].url) == "https://gateway.example:8443/google"
    assert settings.prices.book()[0].input_per_mtok_usd == Decimal("0.1")
    assert settings.log.format is LogFormat.CONSOLE
    assert str(settings.egress.https_proxy) == "http://***@proxy.example:3128"
    assert settings.egress.proxy_for("api.example", 443) is None
    assert settings.upstreams["my-vllm"].client_key_file == Path("me.key")
    defaults = {key for key, origin in result.origins.items() if origin == "default"}
    assert all(key.startswith(("upstreams.", "prices.overrides[")) for key in defaults)


def test_flag_beats_variable_beats_file_beats_default():
    text = "calls: {on_departure: follow}"
    variable = {"SIDECAR_CALLS__ON_DEPARTURE": "cut"}
    found = [
        loaded("").settings.calls.on_departure,
        loaded(text).settings.calls.on_departure,
        loaded(text, **variable).settings.calls.on_departure,
        loaded(text, {"--on-departure": "follow"}, **variable).settings.calls.on_departure,
    ]
    assert found == [OnDeparture.AUTO, OnDeparture.FOLLOW, OnDeparture.CUT, OnDeparture.FOLLOW]


def test_each_key_names_where_its_value_stands():
    text = "log: {level: debug}\nupstreams:\n  gemini:\n    url: https://gateway.example\n"
    origins = loaded(text, {"--mode": "observe", "--ledger": None}, SIDECAR_LABELS__MAX_MODELS="5").origins
    assert origins["mode"] == "flag --mode"
    assert origins["labels.max_models"] == "variable SIDECAR_LABELS__MAX_MODELS"
    assert origins["log.level"] == "file s.yaml:1"
    assert origins["upstreams.gemini.url"] == "file s.yaml:4"
    assert origins["upstreams.gemini.dialect"] == origins["log.format"] == origins["ledger.url"] == "default"


def test_every_key_has_an_origin():
    result = loaded("prices: {overrides: [{model: a, image_usd: 1}]}")
    assert [dotted(path) for path, _ in leaves(result.settings)] == list(result.origins)
    assert result.origins["prices.overrides[0].image_usd"] == "file s.yaml:1"


def test_group_whose_keys_are_all_commented_out__as_if_absent():
    assert loaded("calls:\n  # on_departure: follow\nupstreams:\n").settings == Settings()


def test_empty_file__defaults():
    assert loaded("# nothing yet\n").settings == Settings()


def test_built_in_upstream_keeps_what_is_not_overridden():
    upstream = loaded("upstreams: {vertex: {on_departure: follow}}").settings.upstreams["vertex"]
    assert str(upstream.url) == "https://aiplatform.googleapis.com"
    assert upstream.on_departure is OnDeparture.FOLLOW


def test_merged_keys_of_yaml_are_understood():
    text = "upstreams:\n  a: &a {dialect: gemini, url: 'https://a.example'}\n  b: {<<: *a, on_departure: cut}\n"
    upstream = loaded(text).settings.upstreams["b"]
    assert (upstream.dialect, upstream.on_departure) == ("gemini", "cut")


def test_variables_that_programs_share_count_where_no_setting_says_otherwise():
    shared = {"HTTPS_PROXY": "http://a.example:1", "NO_PROXY": "x.example"}
    found = [
        loaded("", **shared),
        loaded("", https_proxy="http://b.example:2", **shared),
        loaded("egress: {https_proxy: 'http://c.example:3'}", **shared),
        loaded("egress: {https_proxy: off, no_proxy: ''}", **shared),
        loaded("", SIDECAR_EGRESS__HTTPS_PROXY="off", **shared),
    ]
    proxies = [result.settings.egress.https_proxy for result in found]
    assert [proxy and proxy.host for proxy in proxies] == ["a.example", "b.example", "c.example", None, None]
    assert found[0].origins["egress.https_proxy"] == "variable HTTPS_PROXY"
    assert found[1].origins["egress.https_proxy"] == "variable https_proxy"
    assert str(found[0].settings.egress.no_proxy) == "x.example"
    assert str(found[3].settings.egress.no_proxy) == ""


def test_bad_proxy_of_the_environment_is_named_as_it_is_called_and_not_shown():
    said = refusal(HTTPS_PROXY="socks5://me:hunter2@proxy.example:1")
    assert said.startswith(
        "HTTPS_PROXY: what stands there (not shown: it may hold a password) is not an http or https URL"
    )
    assert "hunter2" not in said


ROUTES = '[{path: "/v1/images/*", on_departure: follow}]'


def test_rescue_and_routes_are_set_by_variables_as_by_the_file():
    result = loaded(
        "rescue: {window_seconds: 5, on_repeat: refuse}",
        {"--mode": "enforce", "--on-departure": "cut"},
        SIDECAR_RESCUE__WINDOW_SECONDS="1m",
        SIDECAR_RESCUE__MAX_ANSWER_BYTES="1MiB",
        SIDECAR_CALLS__SERVER_TIMEOUT="from_client",
        SIDECAR_UPSTREAMS__OPENAI__RESCUE="false",
        SIDECAR_UPSTREAMS__OPENAI__ROUTES=ROUTES,
    )
    settings, origins = result.settings, result.origins
    assert (settings.rescue.window_seconds, settings.rescue.max_answer_bytes) == (60, 1 << 20)
    assert settings.rescue.on_repeat is OnRepeat.REFUSE
    assert settings.calls.server_timeout is ServerTimeout.FROM_CLIENT
    assert settings.upstreams["openai"].rescue is False
    assert settings.upstreams["openai"].routes == (RouteRule(path="/v1/images/*", on_departure=OnDeparture.FOLLOW),)
    assert origins["rescue.window_seconds"] == "variable SIDECAR_RESCUE__WINDOW_SECONDS"
    assert origins["rescue.on_repeat"] == "file s.yaml:1"
    assert origins["upstreams.openai.routes[0].path"] == "variable SIDECAR_UPSTREAMS__OPENAI__ROUTES"
    assert origins["calls.on_departure"] == "flag --on-departure"


def test_bad_route_of_a_variable_is_named_by_its_place_in_it():
    said = refusal(SIDECAR_UPSTREAMS__OPENAI__ROUTES='[{path: "/v1/*", rescue: true}, {path: v1}]')
    assert said == (
        "SIDECAR_UPSTREAMS__OPENAI__ROUTES ([1].path): 'v1' does not begin with /; "
        "write the path as it stands behind the upstream's name: /v1/images/*"
    )
    said = refusal(SIDECAR_UPSTREAMS__OPENAI__ROUTES='[{path: "/v1/*", rescue: true}, {path: /v1/x, rescue: true}]')
    assert said.startswith("SIDECAR_UPSTREAMS__OPENAI__ROUTES ([1].path): '/v1/x' never counts: ")


@pytest.mark.parametrize("off", ["off", "'off'", "OFF", "no", "false"])
def test_off_is_off_although_yaml_reads_it_as_false(off):
    assert loaded(f"calls: {{server_timeout: {off}}}").settings.calls.server_timeout is ServerTimeout.OFF


def test_on_is_no_word_of_what_is_off_or_from_client():
    said = refusal("calls: {server_timeout: on}")
    assert said == "s.yaml:1: calls.server_timeout: true is not one of off, from_client"
    assert loaded("", SIDECAR_CALLS__SERVER_TIMEOUT="off").settings.calls.server_timeout is ServerTimeout.OFF


def test_misspelt_variable_of_the_rescue_is_met_with_the_right_one():
    said = refusal(SIDECAR_RESCUE__WINDOW="5")
    assert said.endswith("did you mean SIDECAR_RESCUE__WINDOW_SECONDS?")


def test_bad_flag_is_named_as_it_was_typed():
    assert refusal(flags={"--proxy-listen": "8780"}) == "--proxy-listen: '8780' is not host:port; write 127.0.0.1:8780"


def test_problems_of_all_places_come_at_once():
    said = refusal(
        "calls: {on_departure: folow}\nxyzzy: 1", {"--mode": "x"}, SIDECAR_LOG__LEVEL="loud", SIDECAR_FOO="1"
    )
    assert [line.split(": ")[0] for line in said.splitlines()] == [
        "--mode", "SIDECAR_FOO", "SIDECAR_LOG__LEVEL", "s.yaml:1", "s.yaml:2",
    ]  # fmt: skip


def test_value_hidden_by_a_higher_place_is_not_complained_about():
    assert loaded("mode: nonsense", {"--mode": "observe"}).settings.mode is Mode.OBSERVE


def test_what_only_others_can_know_is_wrong_at_the_key_as_it_was_typed():
    def unreachable(settings):
        yield ("proxy", "listen"), f"{settings.proxy.listen} is not ours", "write another"

    Path("s.yaml").write_text("mode: observe\nproxy: {listen: '127.0.0.1:1'}")
    with pytest.raises(BadSettings, match=r"s\.yaml:2: proxy\.listen: 127\.0\.0\.1:1 is not ours; write another"):
        load({}, {}, "s.yaml", (unreachable,))
