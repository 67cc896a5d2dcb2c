import pytest

from sandbox.client import Sandbox, SandboxError
from sandbox.tests.calls import Gateway


def test_connect_shows_a_qr_code_until_the_code_is_scanned(sandbox: Sandbox, gateway: Gateway) -> None:
    assert gateway.post("/connect", {"sessionId": "wa_1"}).status_code == 200
    waiting = gateway.status("wa_1")
    assert waiting["status"] == "qr"
    assert waiting["qr"].startswith("2@")
    assert "phoneNumber" not in waiting
    assert sandbox.sessions()[0].qr == waiting["qr"]

    scanned = sandbox.change_session("wa_1", status="connected", phone_number="+919812345678")
    assert scanned.phone_number == "919812345678"
    assert gateway.status("wa_1") == {"sessionId": "wa_1", "status": "connected", "phoneNumber": "919812345678"}


def test_a_scan_without_a_number_draws_one(sandbox: Sandbox, gateway: Gateway) -> None:
    gateway.post("/connect", {"sessionId": "wa_1"})
    session = sandbox.change_session("wa_1", status="connected")
    assert (session.phone_number or "").startswith("91")
    assert (session.lid or "").endswith("@lid")


def test_a_lost_connection_comes_back_without_a_qr_code(sandbox: Sandbox, gateway: Gateway) -> None:
    sandbox.add_session("wa_1")
    sandbox.change_session("wa_1", status="disconnected")
    assert gateway.status("wa_1")["status"] == "disconnected"
    gateway.post("/connect", {"sessionId": "wa_1"})
    assert gateway.status("wa_1")["status"] == "connected"


def test_disconnect_logs_out_so_that_the_next_connect_needs_a_qr_code(sandbox: Sandbox, gateway: Gateway) -> None:
    sandbox.add_session("wa_1")
    assert gateway.post("/disconnect/wa_1").status_code == 200
    assert gateway.status("wa_1") == {"sessionId": "wa_1", "status": "disconnected"}
    gateway.post("/connect", {"sessionId": "wa_1"})
    assert gateway.status("wa_1")["status"] == "qr"


def test_connecting_twice_changes_nothing(sandbox: Sandbox, gateway: Gateway) -> None:
    sandbox.add_session("wa_1")
    assert gateway.post("/connect", {"sessionId": "wa_1"}).json()["status"] == "connected"


def test_a_number_linked_under_a_new_session_is_the_same_person_in_the_same_groups(
    sandbox: Sandbox, gateway: Gateway
) -> None:
    old = sandbox.add_session("wa_old", phone_number="919812345678")
    community = sandbox.add_community("wa_old", "Pottery")
    gateway.post("/connect", {"sessionId": "wa_new"})
    new = sandbox.change_session("wa_new", status="connected", phone_number="919812345678")
    assert new.lid == old.lid
    assert gateway.listed("wa_new") == [community.parent_jid, community.announcement_jid]


@pytest.mark.parametrize("status", ["connecting", "qr", "disconnected", "logged_out"])
@pytest.mark.parametrize("path", ["/groups/wa_1", "/groups/wa_1/1%40g.us/participants", "/groups/wa_1/1%40g.us/invite"])
def test_a_session_that_is_not_connected_reads_nothing(
    sandbox: Sandbox, gateway: Gateway, status: str, path: str
) -> None:
    sandbox.add_session("wa_1", status=status)
    answer = gateway.get(path)
    assert answer.status_code == 500
    assert "not connected" in answer.json()["error"]


@pytest.mark.parametrize(
    ("path", "body"),
    [("/create-community", {"sessionId": "wa_1", "name": "A"}), ("/send", {"sessionId": "wa_1", "phone": "9198"})],
)
def test_a_session_that_is_not_connected_writes_nothing(
    sandbox: Sandbox, gateway: Gateway, path: str, body: dict[str, str]
) -> None:
    sandbox.add_session("wa_1", status="disconnected")
    answer = gateway.post(path, body)
    assert answer.status_code == 500
    assert "not connected" in answer.json()["error"]
    assert sandbox.groups() == []


@pytest.mark.parametrize("path", ["/status/wa_0", "/groups/wa_0", "/groups/wa_0/1%40g.us/participants"])
def test_an_unknown_session_is_404(gateway: Gateway, path: str) -> None:
    assert gateway.get(path).status_code == 404


@pytest.mark.parametrize("key", ["", "wrong", "sandbox-gateway-key2"])
@pytest.mark.parametrize("path", ["/health", "/status/wa_1", "/groups/wa_1", "/nothing"])
def test_a_wrong_key_is_401_and_noted(sandbox: Sandbox, key: str, path: str) -> None:
    answer = Gateway(sandbox, key).get(path)
    assert answer.status_code == 401
    assert answer.json()["success"] is False
    assert [entry.status for entry in sandbox.journal()] == [401]


def test_a_key_that_is_not_ascii_is_401(sandbox: Sandbox) -> None:
    assert Gateway(sandbox, "ключ".encode().decode("latin-1")).get("/health").status_code == 401


def test_health_says_ok(sandbox: Sandbox, gateway: Gateway) -> None:
    sandbox.add_session("wa_1")
    assert gateway.get("/health").json() == {"status": "ok", "sessions": 1, "connected": 1}


def test_what_is_not_in_the_contract_is_404_and_noted(sandbox: Sandbox, gateway: Gateway) -> None:
    assert gateway.get("/sessions").status_code == 404
    assert gateway.get("/connect").status_code == 404
    assert [entry.operation for entry in sandbox.journal()] == ["unknown", "unknown"]


def test_a_session_without_a_name_gets_one_as_the_product_mints_them(sandbox: Sandbox) -> None:
    assert sandbox.add_session().session_id.startswith("wa_")


def test_a_session_that_exists_is_refused(sandbox: Sandbox) -> None:
    sandbox.add_session("wa_1")
    with pytest.raises(SandboxError, match="session_exists"):
        sandbox.add_session("wa_1")


def test_a_number_cannot_be_given_to_a_session_that_is_linked_to_none(sandbox: Sandbox) -> None:
    sandbox.add_session("wa_1", status="qr")
    with pytest.raises(SandboxError, match="not_paired"):
        sandbox.change_session("wa_1", phone_number="919812345678")
