"""The newest credential of each operation: never another tenant's, never more than so many, never shown."""

from hypothesis import given, strategies as st

from sidecar.reaper.credentials_seen import SeenCredentials

PATH = "/v1beta1/projects/p/locations/us-central1/batchPredictionJobs"


def bearer(token: str, more: str = "") -> bytes:
    return f"\r\nAuthorization: Bearer {token}{more}".encode()


def auth(token: str) -> tuple[tuple[bytes, bytes], ...]:
    return ((b"authorization", f"Bearer {token}".encode()),)


class Memory(SeenCredentials):
    """Sees what a caller called `app` sends to Vertex, unless it is told otherwise."""

    def sees(
        self, operation: str, fields: bytes, caller: str | None = "app", target: str = PATH, upstream: str = "vertex"
    ) -> None:
        self.saw(operation, upstream, "vertex", caller, fields, target)


def test_newest_of_its_own_counts():
    memory = Memory()
    memory.sees("o1", bearer("ya29.1"))
    memory.sees("o1", bearer("ya29.2"))
    assert memory.of("o1") == [auth("ya29.2")]


def test_request_without_a_credential_changes_nothing():
    memory = Memory()
    memory.sees("o1", bearer("ya29.1"))
    memory.sees("o1", b"\r\nAccept: */*")
    assert memory.of("o1") == [auth("ya29.1")]


def test_request_that_is_about_no_operation_of_ours_is_not_kept():
    memory = SeenCredentials()
    memory.saw(None, "vertex", "vertex", "app", bearer("ya29.1"), PATH)
    assert len(memory) == 0


def test_operation_that_was_never_seen_has_none():
    memory = Memory()
    memory.sees("o1", bearer("ya29.1"))
    assert memory.of("o2") == []


def test_settled_operation_has_none_and_lends_none():
    memory = Memory()
    memory.sees("o1", bearer("ya29.1"))
    memory.sees("o2", bearer("ya29.2"))
    memory.forget("o2")
    memory.forget("never seen")
    assert memory.of("o2") == []
    assert memory.of("o1") == [auth("ya29.1")]


def test_newer_token_of_the_same_tenant_stands_behind_its_own():
    memory = Memory()
    memory.sees("o1", bearer("ya29.1"))
    memory.sees("o2", bearer("eyJhbGciOi"))
    memory.sees("o3", bearer("ya29.3"))
    assert memory.of("o1") == [auth("ya29.1"), auth("ya29.3")]
    assert memory.of("o3") == [auth("ya29.3")]


def test_older_token_of_the_same_tenant_does_not():
    memory = Memory()
    memory.sees("o2", bearer("ya29.2"))
    memory.sees("o1", bearer("ya29.1"))
    assert memory.of("o1") == [auth("ya29.1")]


def test_others_tokens_are_never_lent():
    memory = Memory()
    memory.sees("o1", bearer("ya29.1"))
    memory.sees("o2", bearer("ya29.2"), caller="other")
    memory.sees("o3", bearer("ya29.3"), caller=None)
    memory.sees("o4", bearer("ya29.4"), target=PATH.replace("/p/", "/q/"))
    memory.sees("o5", bearer("ya29.5"), upstream="vertex-2")
    memory.sees("o6", bearer("ya29.6", "\r\nx-goog-user-project: q"))
    memory.sees("o7", bearer("ya29.7"), target="")
    for number in range(1, 8):
        assert [fields[0][1] for fields in memory.of(f"o{number}")] == [f"Bearer ya29.{number}".encode()]


def test_callers_without_a_name_share_nothing():
    memory = Memory()
    memory.sees("o1", bearer("ya29.1"), caller=None)
    memory.sees("o2", bearer("ya29.2"), caller=None)
    assert memory.of("o1") == [auth("ya29.1")]


def test_keys_are_never_lent__as_each_may_be_another_projects():
    memory = Memory()
    memory.sees("o1", bearer("sk-proj-1"))
    memory.sees("o2", bearer("sk-proj-2"))
    assert memory.of("o1") == [auth("sk-proj-1")]


def test_version_that_is_spoken_does_not_tell_tenants_apart():
    memory = SeenCredentials()
    for operation, token, version in (("o1", "eyJ1", "1"), ("o2", "eyJ2", "2")):
        fields = bearer(token, f"\r\nanthropic-version: {version}")
        memory.saw(operation, "foundry", "anthropic", "app", fields, "/v1/messages/batches")
    assert [fields[0] for fields in memory.of("o1")] == [*auth("eyJ1"), *auth("eyJ2")]


def test_beyond_the_bound__who_was_not_heard_of_for_longest_is_forgotten():
    memory = Memory(most=2)
    memory.sees("o1", bearer("sk-1"))
    memory.sees("o2", bearer("sk-2"))
    memory.sees("o1", bearer("sk-1"))
    memory.sees("o3", bearer("sk-3"))
    assert [bool(memory.of(operation)) for operation in ("o1", "o2", "o3")] == [True, False, True]


def test_it_shows_no_secret():
    memory = Memory()
    memory.sees("o1", bearer("ya29.canary"))
    assert "canary" not in repr(memory) + repr(memory.__dict__)


NAMES = st.sampled_from(["a", "b", None])
STEPS = st.tuples(st.integers(0, 5), NAMES, st.sampled_from(["p", "q"]), st.sampled_from(["ya29.", "eyJ", "sk-"]))


@given(st.lists(STEPS, max_size=40))
def test_whatever_was_seen__only_the_same_callers_and_projects_credential_is_lent(steps):
    memory, sent = Memory(most=4), {}
    for number, (operation, caller, project, kind) in enumerate(steps):
        token = f"{kind}{number}"
        memory.sees(f"o{operation}", bearer(token), caller, PATH.replace("/p/", f"/{project}/"))
        sent[f"o{operation}"] = (token, caller, project)
    owners = {token: (caller, project) for token, caller, project in sent.values()}
    assert len(memory) <= 4
    for operation, (own, caller, project) in sent.items():
        found = [fields[0][1].decode().removeprefix("Bearer ") for fields in memory.of(operation)]
        assert found[:1] in ([own], [])
        assert all(owners[token] == (caller, project) and caller for token in found[1:])
