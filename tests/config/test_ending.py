"""What the settings say about the end: well formed, and within the time that Kubernetes gives."""

from pathlib import Path

import pytest

from sidecar.config.ending import Drain, Pod
from tests.config.loading import loaded, refusal

pytestmark = pytest.mark.usefixtures("folder")


def test_the_last_scrape_is_waited_for_within_the_time_that_kubernetes_gives():
    assert 15 < Drain().linger_seconds < Drain().deadline_seconds < 30


def test_a_pods_grace_and_its_message_are_taken_from_variables():
    variables = {
        "SIDECAR_DRAIN__POD_GRACE_SECONDS": "120",
        "SIDECAR_DRAIN__TERMINATION_MESSAGE_FILE": "/dev/termination-log",
    }
    drain = loaded(**variables).settings.drain
    assert (drain.pod_grace_seconds, drain.termination_message_file) == (120, Path("/dev/termination-log"))


def test_an_annotation_that_is_not_there_makes_an_empty_variable__then_the_default_counts():
    assert loaded(SIDECAR_DRAIN__POD_GRACE_SECONDS="").settings.drain.pod_grace_seconds == 30


def test_a_message_file_hangs_on_no_working_directory():
    assert "is not a file's whole path" in refusal(SIDECAR_DRAIN__TERMINATION_MESSAGE_FILE="termination-log")


def test_of_a_pod_what_is_known_is_told():
    assert Pod(name="api-0", node="n1").known() == {"name": "api-0", "node": "n1"}
    assert Pod().known() == {}
