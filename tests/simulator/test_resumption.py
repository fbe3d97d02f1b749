"""Sessions that another socket goes on with."""

from sidecar.simulator.live_context import Context
from sidecar.simulator.resumption import MOST_KEPT, Sessions


def test_handle__leads_back_to_the_session_as_it_stood():
    sessions, context = Sessions(), Context(text=10)
    early = sessions.keep(context)
    context.hear("and then some more")
    late = sessions.keep(context)
    assert sessions.find(early) == Context(text=10)
    assert sessions.find(late) == context
    assert sessions.find("a-handle") is None


def test_who_goes_on__leaves_what_is_kept_as_it_is():
    sessions = Sessions()
    handle = sessions.keep(Context(text=10))
    found = sessions.find(handle)
    assert found is not None
    found.hear("a text")
    assert sessions.find(handle) == Context(text=10)


def test_the_oldest__are_forgotten():
    sessions = Sessions()
    first, *_, last = [sessions.keep(Context()) for _ in range(MOST_KEPT + 1)]
    assert sessions.find(first) is None
    assert sessions.find(last) is not None
