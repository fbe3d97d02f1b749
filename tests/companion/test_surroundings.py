from sidecar.companion.leading import Led
from sidecar.companion.surroundings import surroundings
from sidecar.injection.variables import SDK_VARIABLES, sdk_values

BASE = "http://127.0.0.1:40000"


def test_every_sdk_is_led_to_us__and_nothing_else_changes() -> None:
    around = surroundings({"HOME": "/people/me"}, BASE, overrides=False)
    assert around.variables == {"HOME": "/people/me", **sdk_values(BASE)}
    assert around.elsewhere == ()
    assert around.other_sidecar is None


def test_own_value_stays__unless_it_is_to_be_replaced() -> None:
    own = {"OPENAI_BASE_URL": "http://engine:8000/v1"}
    kept = surroundings(own, BASE, overrides=False)
    assert kept.variables["OPENAI_BASE_URL"] == "http://engine:8000/v1"
    assert kept.elsewhere == ("OPENAI_BASE_URL",)
    replaced = surroundings(own, BASE, overrides=True)
    assert replaced.variables["OPENAI_BASE_URL"] == f"{BASE}/openai/v1"
    assert replaced.elsewhere == ()


def test_empty_value_counts_as_not_set() -> None:
    around = surroundings({"OPENAI_BASE_URL": ""}, BASE, overrides=False)
    assert around.variables["OPENAI_BASE_URL"] == f"{BASE}/openai/v1"


def test_all_lead_to_another_sidecar__then_it_is_named() -> None:
    around = surroundings(sdk_values("http://127.0.0.1:8780"), BASE, overrides=False)
    assert set(around.elsewhere) == set(SDK_VARIABLES)
    assert around.other_sidecar == "http://127.0.0.1:8780"


def test_another_machine_or_several_places_are_no_sidecar_of_ours() -> None:
    far = surroundings(sdk_values("http://gateway:8780"), BASE, overrides=False)
    two = {"OPENAI_BASE_URL": "http://127.0.0.1:1/openai/v1", "ANTHROPIC_BASE_URL": "http://127.0.0.1:2/anthropic"}
    assert far.other_sidecar is None
    assert surroundings(two, BASE, overrides=False).other_sidecar is None


def test_proxy_is_set__then_this_machine_is_excepted_in_every_spelling_that_counts() -> None:
    around = surroundings({"https_proxy": "http://proxy", "NO_PROXY": "a, localhost"}, BASE, overrides=False)
    assert around.variables["NO_PROXY"] == "a,localhost,127.0.0.1"
    neither = surroundings({"HTTP_PROXY": "http://proxy"}, BASE, overrides=False).variables
    assert neither["NO_PROXY"] == neither["no_proxy"] == "127.0.0.1,localhost"
    everything = surroundings({"HTTP_PROXY": "http://proxy", "no_proxy": "*"}, BASE, overrides=False).variables
    assert everything["no_proxy"] == "*"
    assert "NO_PROXY" not in everything


LED = Led({"HTTPS_PROXY": BASE, "NO_PROXY": "localhost", "SSL_CERT_FILE": "made/bundle.pem"}, (), ())


def test_we_are_its_proxy__then_both_ways_lead_to_us() -> None:
    around = surroundings(
        {"HTTPS_PROXY": "http://proxy", "OPENAI_BASE_URL": "https://api.openai.com/v1"}, BASE, overrides=False, led=LED
    )
    assert around.variables["HTTPS_PROXY"] == BASE
    assert around.variables["SSL_CERT_FILE"] == "made/bundle.pem"
    assert around.variables["ANTHROPIC_BASE_URL"] == f"{BASE}/anthropic"
    assert around.variables["OPENAI_BASE_URL"] == "https://api.openai.com/v1"
    assert around.led is LED


def test_all_goes_through_another_sidecar_already__then_it_still_does() -> None:
    other = "http://127.0.0.1:8780"
    own = {**sdk_values(other), "https_proxy": f"{other}/", "SSL_CERT_FILE": "its/bundle.pem"}
    around = surroundings(own, BASE, overrides=False, led=LED)
    assert around.led is None
    assert around.variables["SSL_CERT_FILE"] == "its/bundle.pem"
    assert surroundings(own, BASE, overrides=True, led=LED).led is LED


def test_another_sidecar_is_no_proxy__then_we_are() -> None:
    around = surroundings(sdk_values("http://127.0.0.1:8780"), BASE, overrides=False, led=LED)
    assert around.other_sidecar == "http://127.0.0.1:8780"
    assert around.led is LED
