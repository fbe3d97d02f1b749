"""Sockets of Live, as google-wire 8 has them."""

import pytest

from sidecar.lifecycle.record import CallKind
from sidecar.providers.contract import Role
from sidecar.providers.google_routes import SOCKETS, route_of

OPENED = [
    ("/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent", "BidiGenerateContent"),
    (
        "/ws/google.ai.generativelanguage.v1alpha.GenerativeService.BidiGenerateContentConstrained",
        "BidiGenerateContentConstrained",
    ),
    ("/ws/google.ai.generativelanguage.v1alpha.GenerativeService.BidiGenerateMusic", "BidiGenerateMusic"),
    ("/ws/google.cloud.aiplatform.v1beta1.LlmBidiService/BidiGenerateContent", "BidiGenerateContent"),
]


@pytest.mark.parametrize("base", ["", "/", "/gateway"])
@pytest.mark.parametrize(("path", "method"), OPENED)
def test_a_socket_is_known_by_its_method(base, path, method):
    route = route_of("GET", base + path)
    assert route is not None
    assert (route.method, route.role, route.kind, route.model) == (method, Role.LIVE, CallKind.LIVE, "")
    assert route.open_live is not None
    assert route.open_live(path).turn(1).reported() is None


def test_every_socket_has_its_test():
    assert {row.method for row in SOCKETS} == {method for _, method in OPENED}


@pytest.mark.parametrize(
    ("verb", "path"),
    [
        ("POST", "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"),
        ("GET", "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateElse"),
        ("GET", "/ws/google.cloud.aiplatform.v1beta1.LlmBidiService/BidiGenerateMusic"),
    ],
)
def test_what_is_unknown_is_no_socket(verb, path):
    assert route_of(verb, path) is None
