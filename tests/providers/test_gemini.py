from sidecar.providers.gemini import GEMINI


def test_gemini_is_a_dialect_and_a_provider_of_its_own():
    assert (GEMINI.name, GEMINI.provider, GEMINI.tier_header) == ("gemini", "gemini", "x-gemini-service-tier")
    assert repr(GEMINI) == "<GoogleDialect gemini>"
