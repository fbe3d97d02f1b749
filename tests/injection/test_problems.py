"""What is wrong with manifests, all at once."""

from sidecar.errors import SidecarError
from sidecar.injection.problems import BadManifests


def test_each_problem_is_a_line():
    bad = BadManifests(["a.yaml:1: is empty", "b.yaml:2: is worse"])
    assert str(bad) == "a.yaml:1: is empty\nb.yaml:2: is worse"
    assert bad.problems == ("a.yaml:1: is empty", "b.yaml:2: is worse")
    assert isinstance(bad, SidecarError)
