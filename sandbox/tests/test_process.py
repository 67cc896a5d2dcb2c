import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import jwt
import psutil
import pytest
import requests

from sandbox.client import Sandbox
from sandbox.testing import SandboxProcess, running_sandbox
from sandbox.tests.calls import Gateway


def test_a_free_port_is_taken_and_told(tmp_path: Path) -> None:
    with running_sandbox() as one, running_sandbox() as two:
        assert one.base_url != two.base_url
        assert one.state()["sessions"] == two.state()["sessions"] == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_at_once_though_an_answer_is_held(tmp_path: Path, number: int) -> None:
    process = SandboxProcess(state=tmp_path / "state.json")
    process.sandbox.add_session("wa_1")
    process.sandbox.add_fault("create_community", "timeout_after_commit", seconds=60)
    with pytest.raises(requests.ReadTimeout):
        Gateway(process.sandbox).create("wa_1", "Pottery", timeout=0.3)
    began = time.monotonic()
    os.kill(process.pid, number)
    process.stop()
    assert time.monotonic() - began < 15
    assert '"Pottery"' in (tmp_path / "state.json").read_text()


def test_a_restart_goes_on_from_the_state(tmp_path: Path) -> None:
    with running_sandbox(state=tmp_path / "state.json") as sandbox:
        sandbox.add_session("wa_1")
        jid = sandbox.add_community("wa_1", "Pottery").parent_jid
        sandbox.join(jid, 30)
        sandbox.leave(jid, 5)
        sandbox.set_style(group_list="list")
        sandbox.set_clock(5)
        before = (sandbox.sessions(), sandbox.groups(), sandbox.truth(jid), sandbox.state()["style"])
    with running_sandbox(state=tmp_path / "state.json") as sandbox:
        assert (sandbox.sessions(), sandbox.groups(), sandbox.truth(jid), sandbox.state()["style"]) == before
        assert sandbox.state()["clock_offset"] == 5
        known = {change.person.lid for change in before[2].history}
        assert not known & {person.lid for person in sandbox.join(jid, 10)}


def test_a_late_effect_comes_though_the_sandbox_restarts(tmp_path: Path) -> None:
    with running_sandbox(state=tmp_path / "state.json") as sandbox:
        sandbox.add_session("wa_1")
        sandbox.add_fault("create_community", "late_effect", seconds=0.5)
        with pytest.raises(requests.ConnectionError):
            Gateway(sandbox).create("wa_1", "Wood")
    time.sleep(0.5)
    with running_sandbox(state=tmp_path / "state.json") as sandbox:
        assert [group.name for group in sandbox.groups()] == ["Wood", "Wood"]


def test_tokens_stay_good_over_a_restart(tmp_path: Path) -> None:
    with running_sandbox(state=tmp_path / "state.json") as sandbox:
        token = sandbox.issue_token("user_1", expires_in=600)
    with running_sandbox(state=tmp_path / "state.json") as sandbox:
        keys = jwt.PyJWKSet.from_dict(requests.get(sandbox.jwks_url, timeout=5).json())
        key = keys[jwt.get_unverified_header(token)["kid"]]
        assert jwt.decode(token, key, algorithms=["RS256"])["sub"] == "user_1"


def test_faults_and_journal_do_not_outlive_the_process(tmp_path: Path) -> None:
    with running_sandbox(state=tmp_path / "state.json") as sandbox:
        sandbox.add_fault("*", "null", times=None)
        Gateway(sandbox).get("/health")
    with running_sandbox(state=tmp_path / "state.json") as sandbox:
        assert not sandbox.faults()
        assert not sandbox.journal()


def test_a_change_is_on_disk_within_half_a_second(tmp_path: Path) -> None:
    process = SandboxProcess(state=tmp_path / "state.json")
    for number in range(20):
        process.sandbox.add_session(f"wa_{number}")
    time.sleep(0.5)
    process.kill()
    assert len(json.loads((tmp_path / "state.json").read_text())["state"]["gateway"]["sessions"]) == 20
    assert [path.name for path in tmp_path.iterdir()] == ["state.json"]


def test_the_state_is_for_its_owner_alone(tmp_path: Path) -> None:
    with running_sandbox(state=tmp_path / "state.json"):
        assert (tmp_path / "state.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("content", ["{", "[]", '{"version": 99}', '{"version": 1, "state": {}}'])
def test_a_file_that_is_no_state_gets_one_clear_line(tmp_path: Path, content: str) -> None:
    state = tmp_path / "state.json"
    state.write_text(content)
    ended = subprocess.run(
        [sys.executable, "-m", "sandbox", "--port", "0", "--state", str(state)],
        cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=20, check=False,
    )  # fmt: skip
    assert ended.returncode == 1
    assert ended.stderr.startswith("sandbox: ")
    assert ended.stderr.count("\n") == 1
    assert state.read_text() == content


def test_a_port_that_is_taken_gets_one_clear_line(sandbox: Sandbox) -> None:
    port = sandbox.base_url.rsplit(":", 1)[1]
    ended = subprocess.run(
        [sys.executable, "-m", "sandbox", "--port", port],
        cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=20, check=False,
    )  # fmt: skip
    assert ended.returncode == 1
    assert ended.stderr == f"sandbox: 127.0.0.1:{port}: Address already in use\n"


def test_it_ends_with_the_process_that_started_it() -> None:
    starter = (
        "from sandbox.testing import SandboxProcess; import os; print(SandboxProcess().pid, flush=True); os._exit(0)"
    )
    told = subprocess.run(
        [sys.executable, "-c", starter],
        cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=20, check=True,
    )  # fmt: skip
    deadline = time.monotonic() + 5
    while psutil.pid_exists(int(told.stdout)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _lives(int(told.stdout))


def _lives(pid: int) -> bool:
    """A process that nobody waited for is still there, and dead."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_clients_that_leave_early_make_no_noise(capfd: pytest.CaptureFixture[str]) -> None:
    with running_sandbox() as sandbox:
        sandbox.add_session("wa_1")
        sandbox.join(sandbox.add_group("wa_1", "A"), 5_000)
        sandbox.set_style(group_participants="list")
        for kind in ("delay", "timeout_after_commit"):
            sandbox.add_fault("groups", kind, seconds=0.3)
            with pytest.raises(requests.ReadTimeout):
                Gateway(sandbox).get("/groups/wa_1", timeout=0.1)
        time.sleep(0.6)
    assert capfd.readouterr().err == ""


def test_the_key_of_the_gateway_and_the_issuer_are_settings() -> None:
    with running_sandbox(environment={"SANDBOX_GATEWAY_API_KEY": "another"}) as sandbox:
        assert Gateway(sandbox).get("/health").status_code == 401
        assert Gateway(sandbox, "another").get("/health").status_code == 200


def test_a_sandbox_that_cannot_start_says_so(sandbox: Sandbox) -> None:
    with pytest.raises(RuntimeError, match="did not start"):
        SandboxProcess(port=int(sandbox.base_url.rsplit(":", 1)[1]))
