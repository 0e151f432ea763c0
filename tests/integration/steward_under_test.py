# SPDX-License-Identifier: Apache-2.0
"""The built `steward` in a folder of its own: starting, asking and ending it, and a runner whose output tools/count_tests.sh understands."""
import fnmatch
import http.client
import json
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

BINARY = os.environ.get("STEWARD_BINARY", "")
CAP = 20.0  # seconds that anything may take; usually it takes milliseconds
BETWEEN_LOOKS = 0.01
MARK = "STEWARD_UNDER_TEST"  # in the environment of all that a test starts, so that it finds them again


# What runs on this machine

def state_of(pid):
    """The letter of a process' state, None when there is none."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:
            return stat.read().rpartition(")")[2].split()[0]
    except OSError:
        return None


def is_alive(pid):
    return state_of(pid) not in (None, "Z", "X")


def started_at(pid):
    """With the pid, this names a process: a pid alone may come again."""
    with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:
        return stat.read().rpartition(")")[2].split()[19]


def read_bytes(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def folder_of(pid):
    try:
        return os.readlink(f"/proc/{pid}/cwd")
    except OSError:
        return ""


def all_pids():
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def parent_of(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:
            return int(stat.read().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def below(roots):
    """All that descend from some processes."""
    parents = {pid: parent_of(pid) for pid in all_pids()}
    found = set(roots)
    grown = True
    while grown:
        more = {pid for pid, parent in parents.items() if parent in found} - found
        grown = bool(more)
        found |= more
    return found - set(roots)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def until(condition, what):
    """Waits until `condition` holds and yields its value; fails with `what`, which may be a function that says what was seen instead."""
    deadline = time.monotonic() + CAP
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {CAP:.0f} s: {what() if callable(what) else what}")
        time.sleep(BETWEEN_LOOKS)


def until_gone(*pids):
    until(lambda: not any(is_alive(pid) for pid in pids), lambda: f"the end of {[pid for pid in pids if is_alive(pid)]}")


# Units

def toml(value):
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(str(key))} = {toml(inner)}" for key, inner in value.items()) + " }"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(toml(inner) for inner in value) + "]"
    return json.dumps(value)


def units_text(units):
    lines = []
    for name, keys in units.items():
        lines.append(f"[unit.{name}]")
        lines += [f"{key} = {toml(value)}" for key, value in keys.items()]
        lines.append("")
    return "\n".join(lines)


def shell(script, **keys):
    """A unit that is a shell script in the test's folder."""
    return {"command": ["/bin/sh", "-c", script], "directory": ".", **keys}


def python(script, *arguments, **keys):
    return {"command": [sys.executable, "-c", script, *map(str, arguments)], "directory": ".", **keys}


class local_connection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=CAP)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(CAP)
        self.sock.connect(self.path)


class finished:
    """What a command printed and its exit code."""

    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    def __repr__(self):
        return f"exit code {self.code}, stdout {self.out!r}, stderr {self.err!r}"


# A test's own daemon

class steward_test(unittest.TestCase):
    longMessage = True

    def setUp(self):
        self.folder = os.path.realpath(tempfile.mkdtemp(prefix="steward."))
        self.database = self.at("s.db")
        self.socket = self.at("s.db.sock")
        self.environment = {**os.environ, MARK: self.folder}
        self.environment.pop("STEWARD_SOCKET", None)
        self.open_files = None  # the daemon's limit of them, soft and hard; None: that of the test
        self.daemon = None
        self.started = []
        self.addCleanup(self.end_everything)

    def at(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.at(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.at(name)

    def text(self, name):
        return read_bytes(self.at(name)).decode(errors="replace")

    def first_line(self, key):
        """A unit's first line of output, once it is whole: a program may write it in pieces."""
        until(lambda: "\n" in self.text(f"s.db.logs/{key}.log"), f"the first line of {key}")
        return self.text(f"s.db.logs/{key}.log").splitlines()[0]

    def units(self, name="units.toml", **units):
        return self.write(name, units_text(units))

    # The daemon

    def launch(self, *arguments, database=None):
        """`steward run`, without waiting for anything. In a session of its own, as from a shell with job control."""
        limit = (lambda: resource.setrlimit(resource.RLIMIT_NOFILE, self.open_files)) if self.open_files else None
        with open(self.at("out"), "ab") as out, open(self.at("err"), "ab") as err:
            daemon = subprocess.Popen([BINARY, "run", "--db", database or self.database, *arguments], stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                      cwd=self.folder, env=self.environment, start_new_session=True, preexec_fn=limit)
        self.started.append(daemon)
        return daemon

    def run_daemon(self, *arguments, **units):
        """The daemon, up and answering, with these units applied."""
        if units:
            arguments += ("--apply", self.units(**units))
        self.daemon = self.launch(*arguments)
        until(lambda: self.daemon.poll() is not None or self.answers(), lambda: f"an answer of the daemon; it said: {self.text('err')}")
        self.assertIsNone(self.daemon.poll(), self.text("err"))
        return self.daemon

    def answers(self):
        try:
            return self.ask("GET", "/v1/version")[1]["pid"] == self.daemon.pid
        except OSError:
            return False

    def kill_daemon(self):
        self.daemon.kill()
        self.daemon.wait(CAP)

    def interrupt_daemon(self, with_signal=signal.SIGINT):
        """Ctrl-C: the signal goes to the whole group, as a terminal sends it. Yields the exit code."""
        os.killpg(self.daemon.pid, with_signal)
        return self.daemon.wait(CAP)

    def keepers(self):
        wanted = self.database.encode() + b".keeper"
        named = [pid for pid in all_pids() if wanted in read_bytes(f"/proc/{pid}/cmdline").split(b"\0") and is_alive(pid)]
        return [pid for pid in named if parent_of(pid) not in named]  # its child has its name until it executes a program

    def keeper(self):
        return until(lambda: self.keepers(), "a keeper")[0]

    # Talking to it

    def ask(self, method, target, body=None):
        connection = local_connection(self.socket)
        try:
            connection.request(method, target, body)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def unit(self, key):
        """The status of a unit; empty when there is none."""
        status, body = self.ask("GET", f"/v1/units/{key}")
        return body if status == 200 else {}

    def wait_for(self, key, **wanted):
        """Waits until a unit's status has these values; a value may be a function."""
        seen = {}

        def fits():
            nonlocal seen
            seen = self.unit(key)
            return all(value(seen.get(name)) if callable(value) else seen.get(name) == value for name, value in wanted.items())

        until(fits, lambda: f"{key} with {wanted}; it is {seen}")
        return seen

    def running(self, key):
        return self.wait_for(key, state="running")

    def steward(self, *arguments, folder=None, socket=True, program=None):
        """A command to its end."""
        command = [program or BINARY, *arguments]
        environment = dict(self.environment)
        if socket:
            environment["STEWARD_SOCKET"] = self.socket
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=CAP, check=False, cwd=folder or self.folder, env=environment)
        return finished(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))

    def does(self, *arguments, **how):
        """A command that must succeed, and say nothing on stderr. Yields what it printed."""
        done = self.steward(*arguments, **how)
        self.assertEqual((done.code, done.err), (0, ""), f"steward {' '.join(arguments)}: {done}")
        return done.out

    def refused(self, code, line, *arguments, **how):
        """A command that must fail with this exit code and one line on stderr that matches."""
        done = self.steward(*arguments, **how)
        self.assert_one_line(done, code, line, f"steward {' '.join(arguments)}")

    def assert_one_line(self, done, code, line, what):
        self.assertEqual(done.code, code, f"{what}: {done}")
        self.assertEqual(len(done.err.splitlines()), 1, f"{what}: {done}")
        self.assertRegex(done.err, line, what)
        self.assertEqual(done.out, "", what)

    def assert_still(self, before):
        """What a unit's status told before still runs: the same process, not one with its number."""
        now = self.unit(before["key"])
        same = ("state", "pid", "incarnation", "restarts", "generation", "since")
        self.assertEqual({name: now.get(name) for name in same}, {name: before[name] for name in same})
        self.assertTrue(is_alive(before["pid"]), before)

    # The end

    def strangers(self):
        """All that this test has started and that still lives."""
        mark = f"{MARK}={self.folder}".encode()
        # Some write their title over their environment, as nginx does, and are not below the keeper any more once it is gone.
        marked = {pid for pid in all_pids() if mark in read_bytes(f"/proc/{pid}/environ").split(b"\0") or f"{folder_of(pid)}/".startswith(f"{self.folder}/")}
        found = marked | set(self.keepers()) | {each.pid for each in self.started if each.poll() is None}
        found |= below(found)
        return [pid for pid in found if is_alive(pid) and pid != os.getpid()]

    def end_everything(self):
        def ended():
            left = self.strangers()
            for pid in left:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            for each in self.started:
                each.poll()
            return not left

        try:
            until(ended, lambda: f"the end of {self.strangers()}")
        finally:
            for each in self.started:
                for stream in (each.stdout, each.stderr):
                    if stream:
                        stream.close()
            shutil.rmtree(self.folder, ignore_errors=True)


# Running the tests

def printed_name(test):
    """Subject.BehaviourInPlainWords, as everywhere: class stop_test, test_stays_down -> Stop.StaysDown."""
    subject, _, behaviour = test.id().rpartition(".")
    words = [subject.rpartition(".")[2].removesuffix("_test"), behaviour.removeprefix("test_")]
    return ".".join("".join(part[:1].upper() + part[1:] for part in word.split("_")) for word in words)


def tests_of(suite):
    for each in suite:
        if isinstance(each, unittest.TestSuite):
            yield from tests_of(each)
        else:
            yield each


def is_chosen(name, pattern):
    wanted, _, unwanted = pattern.partition("-")
    fits = lambda patterns: any(fnmatch.fnmatchcase(name, each) for each in patterns.split(":") if each)
    return (not wanted or fits(wanted)) and not fits(unwanted)


class verdicts(unittest.TestResult):
    """Tells each case as GoogleTest does."""

    def startTest(self, test):
        super().startTest(test)
        self.begun = time.monotonic()
        self.verdict = "      OK"
        print(f"[ RUN      ] {printed_name(test)}", flush=True)

    def stopTest(self, test):
        super().stopTest(test)
        took = (time.monotonic() - self.begun) * 1000
        print(f"[ {self.verdict} ] {printed_name(test)} ({took:.0f} ms)", flush=True)

    def fails(self, test, why):
        self.verdict = " FAILED "
        print(self._exc_info_to_string(why, test), flush=True)

    def addError(self, test, err):
        super().addError(test, err)
        self.fails(test, err)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.fails(test, err)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            print(subtest.id(), flush=True)
            self.fails(test, err)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.verdict = " SKIPPED"
        print(reason, flush=True)


def main():
    """Runs the tests of the calling program. Takes GoogleTest's filter and shards, so that ./dev test treats it as any other."""
    if not os.access(BINARY, os.X_OK):
        sys.exit("STEWARD_BINARY must be the path of the built steward")
    pattern = os.environ.get("GTEST_FILTER", "")
    for argument in sys.argv[1:]:
        given = re.fullmatch(r"--gtest_filter=(.*)", argument)
        if not given:
            sys.exit(f"{argument} is not known; --gtest_filter=PATTERN is")
        pattern = given[1]
    shards, shard = int(os.environ.get("GTEST_TOTAL_SHARDS", "1")), int(os.environ.get("GTEST_SHARD_INDEX", "0"))
    everything = unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"])
    chosen = [each for each in tests_of(everything) if is_chosen(printed_name(each), pattern)][shard::shards]
    print(f"[==========] Running {len(chosen)} tests from 1 test suite.", flush=True)
    result = verdicts()
    unittest.TestSuite(chosen).run(result)
    print(f"[==========] {len(chosen)} tests from 1 test suite ran.", flush=True)
    sys.exit(0 if result.wasSuccessful() else 1)
