from sidecar.providers.gemini import GEMINI


def test_gemini_is_a_dialect_and_a_provider_of_its_own():
    assert (GEMINI.name, GEMINI.provider, GEMINI.hosts) == ("gemini", "gemini", ())
    assert repr(GEMINI) == "<GoogleDialect gemini>"
