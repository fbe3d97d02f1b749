"""Families of operations as requests find them, and what is checked of each of them."""

from sidecar.providers.contract import Dialect, Route
from sidecar.providers.operation import Observed, OperationWire, Place, Progress
from tests.providers.operation_wire import lines, observed


def routed(dialect: Dialect, path: str, verb: str = "POST") -> Route:
    """The route of a request that the dialect knows."""
    found = dialect.route(verb, path)
    assert found is not None
    return found


def family(dialect: Dialect, path: str, verb: str = "POST") -> OperationWire:
    """The family of the operation that a request opens, asks about or cancels."""
    operation = routed(dialect, path, verb).operation
    assert operation is not None
    return operation


def seen(wire: OperationWire, document: object) -> Observed:
    """What a document says of an operation that it does describe."""
    found = observed(wire, document)
    assert found is not None
    return found


def stands(wire: OperationWire, document: object) -> Progress:
    """Where it stands."""
    return seen(wire, document).progress


def asks_of_itself(dialect: Dialect, path: str, name: str) -> dict[str, str]:
    """What a family asks, by what for; each is a request that the dialect knows to be about that very operation."""
    wire = family(dialect, path)
    asks = lines(wire, Place(path, name))
    for what, line in asks.items():
        verb, target = line.split(" ")[:2]
        found = routed(dialect, target, verb)
        assert what == "find" or found.operation is not None
        assert what == "find" or found.operation_id in (name, name.rpartition("/")[2], "")
    return asks
