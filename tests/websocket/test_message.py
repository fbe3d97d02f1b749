from sidecar.websocket.message import Message


def test_what_a_message_says_is_not_in_its_repr():
    assert repr(Message(b"my secret")) == "<Message text, 9 bytes>"
    assert repr([Message(b"my secret", is_text=False, is_whole=False)]) == "[<Message binary, 9 bytes kept>]"
