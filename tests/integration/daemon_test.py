#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The built `steward` with real programs, from start to stop, and through what can happen in between."""
import contextlib
import datetime
import fcntl
import glob
import json
import os
import re
import shutil
import signal
import sqlite3
import stat
import subprocess
import time
import unittest

from steward_under_test import (BINARY, CAP, below, finished, free_port, is_alive, main, parent_of, python, shell, started_at, steward_test, until,
                                until_gone)

SLEEP = ["sleep", "1000"]
NGINX = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin")
FIRST = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "examples", "first")


def grown(before):
    return lambda generation: generation is not None and generation > before["generation"]


# Prints that it begins and what a server answers at that moment, then goes on.
CLIENT = """
import sys, time, urllib.request
try:
    print("answered", urllib.request.urlopen(sys.argv[1], timeout=5).status, flush=True)
except OSError as why:
    print("no answer:", why, flush=True)
time.sleep(1000)
"""

# Answers at once, but with 503 until there is a file `open`.
GATE = """
import http.server, os, sys
class gate(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if os.path.exists("open") else 503)
        self.end_headers()
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), gate).serve_forever()
"""


@unittest.skipUnless(NGINX, "nginx is not installed")
class nginx_test(steward_test):
    def web(self):
        self.port = free_port()
        with open(os.path.join(FIRST, "nginx.conf"), encoding="utf-8") as file:
            self.write("nginx.conf", file.read().replace("18080", str(self.port)))
        os.makedirs(self.at("runtime"), exist_ok=True)
        return {"command": [NGINX, "-p", ".", "-c", "nginx.conf", "-e", "stderr"], "directory": ".", "start_deadline": "15s",
                "ready": {"http": f"http://127.0.0.1:{self.port}/health"}, "stop": {"signal": "QUIT", "deadline": "5s"}}

    def test_is_ready_when_it_answers_and_its_worker_starts_after_that(self):
        web = self.web()
        self.run_daemon(web=web, worker=python(CLIENT, f"http://127.0.0.1:{self.port}/", after=["web"]))
        self.running("worker")
        self.assertEqual(self.first_line("worker"), "answered 200")
        until(lambda: "worker: running" in self.text("out"), lambda: f"a line of the worker in {self.text('out')!r}")
        told = [line.split(" ", 1)[1] for line in self.text("out").splitlines()]
        ready = next(i for i, line in enumerate(told) if line.startswith("web: running"))
        begun = next(i for i, line in enumerate(told) if line.startswith(("worker: starting", "worker: running")))
        self.assertLess(ready, begun, told)

    def test_killed_is_restarted_and_answers_again(self):
        web = self.web()
        self.run_daemon(web=web)
        first = self.running("web")
        workers = below([first["pid"]])
        os.kill(first["pid"], signal.SIGKILL)
        second = self.wait_for("web", state="running", incarnation=2)
        self.assertNotEqual(first["pid"], second["pid"])
        self.assertEqual((first["restarts"], second["restarts"]), (0, 1))
        self.assertEqual((second["exit"]["reason"], second["exit"]["signal"]), ("failed", "KILL"))
        until_gone(*workers)

    def test_is_told_to_stop_with_its_own_signal_and_leaves_nothing(self):
        web = self.web()
        self.run_daemon(web=web)
        pid = self.running("web")["pid"]
        everything = [pid, *below([pid])]
        self.assertGreater(len(everything), 1, "nginx has no worker")
        self.assertEqual(self.interrupt_daemon(), 0, self.text("err"))
        self.assertFalse([each for each in everything if is_alive(each)])
        self.assertIn("gracefully shutting down", self.text("s.db.logs/web.log"))


class readiness_test(steward_test):
    def test_unit_waits_until_the_one_before_it_is_ready(self):
        port = free_port()
        self.run_daemon(server=python(GATE, port, ready={"http": f"http://127.0.0.1:{port}/"}),
                        client=python(CLIENT, f"http://127.0.0.1:{port}/", after=["server"]))
        self.wait_for("server", state="starting", pid=lambda pid: pid)
        waiting = self.wait_for("client", state="waiting")
        self.assertEqual((waiting["waiting_for"], waiting["pid"]), (["server"], None))
        self.assertIn("for server", self.does("status"))
        self.write("open", "")
        self.running("client")
        self.assertEqual(self.unit("server")["state"], "running")
        self.assertEqual(self.first_line("client"), "answered 200")

    def test_python_server_is_ready_when_its_port_is_open(self):
        port = free_port()
        command = ["python3", "-m", "http.server", "--bind", "127.0.0.1", str(port)]
        self.run_daemon(files={"command": command, "directory": ".", "ready": {"tcp": f"127.0.0.1:{port}"}}, late={"command": SLEEP, "after": ["files"]})
        self.running("late")
        fetched = subprocess.run(["python3", "-c", f"import urllib.request as r; print(r.urlopen('http://127.0.0.1:{port}/units.toml').read().decode())"],
                                 capture_output=True, timeout=CAP, check=True)
        self.assertIn("[unit.files]", fetched.stdout.decode())

    def test_who_is_not_ready_in_time_is_restarted_and_status_says_why(self):
        port = free_port()
        self.run_daemon(never={"command": SLEEP, "ready": {"tcp": f"127.0.0.1:{port}"}, "start_deadline": "200ms",
                               "stop": {"signal": "KILL", "deadline": "1s"}})
        seen = self.wait_for("never", restarts=lambda count: count and count >= 1)
        self.assertEqual(seen["exit"]["reason"], "start_deadline")
        self.assertIn(f"not ready in time: tcp 127.0.0.1:{port}: connection refused\n", self.does("status", "never"))

    def test_that_is_long_in_coming_is_explained_by_its_last_probe(self):
        port = free_port()
        command = ["python3", "-m", "http.server", "--bind", "127.0.0.1", str(port)]
        answer = f"http://127.0.0.1:{port}/nope answered 404"
        self.run_daemon(files={"command": command, "ready": {"http": f"http://127.0.0.1:{port}/nope"}, "start_deadline": "4s", "restart": "never"})
        until(lambda: f"not ready: {answer}\n" in self.does("explain", "files"), lambda: self.does("explain", "files"))
        self.wait_for("files", state="completed")
        self.assertIn(f"not ready in time: {answer}\n", self.does("explain", "files"))
        self.assertIn(f"files start_deadline: {answer}: ", self.does("failures"))


class restart_test(steward_test):
    def test_killed_program_gets_a_new_pid_and_is_counted(self):
        self.run_daemon(one={"command": SLEEP})
        first = self.running("one")
        self.assertEqual((first["incarnation"], first["restarts"], first["exit"]), (1, 0, None))
        os.kill(first["pid"], signal.SIGKILL)
        second = self.wait_for("one", state="running", incarnation=2)
        self.assertEqual((second["restarts"], second["exit"]["signal"], second["exit"]["code"]), (1, "KILL", None))
        self.assertNotEqual(first["pid"], second["pid"])
        self.assertFalse(is_alive(first["pid"]))

    def test_leaves_nothing_of_the_last_one_with_the_keeper(self):
        held = lambda: len(os.listdir(f"/proc/{self.keeper()}/fd"))
        self.run_daemon(one={"command": SLEEP, "backoff": {"initial": "1ms", "jitter": 0}})
        self.running("one")
        before = held()
        for incarnation in (2, 3, 4):
            os.kill(self.running("one")["pid"], signal.SIGKILL)
            self.wait_for("one", state="running", incarnation=incarnation)
        until(lambda: held() == before, lambda: f"{before} descriptors of the keeper; it has {held()}")

    def test_output_of_the_last_one_takes_no_room_of_the_next(self):
        self.run_daemon(weak=shell("echo output; exit 1", backoff={"initial": "1h", "max": "1h", "jitter": 0}))
        self.wait_for("weak", state="backoff", incarnation=2)
        pipes = [path for path in glob.glob(f"/proc/{self.keeper()}/fd/*") if os.readlink(path).startswith("pipe:")]
        self.assertEqual(len(pipes), 1, "the end is kept until the next program runs, and its output with it")
        with open(pipes[0], "rb", buffering=0) as output:
            self.assertLessEqual(fcntl.fcntl(output, fcntl.F_GETPIPE_SZ), 4096)
        self.assertEqual(self.text("s.db.logs/weak.log"), "output\noutput\n")

    def test_pause_outlives_a_killed_daemon_and_the_end_before_it_counts_once(self):
        self.run_daemon(weak={"command": ["false"], "backoff": {"initial": "1h", "max": "1h", "jitter": 0}})
        before = self.wait_for("weak", state="backoff", incarnation=2)
        until(lambda: {"incarnation 2", "state backoff"} <= self.remembered("weak"), "the pause in the database")
        self.kill_daemon()
        self.run_daemon()
        after = self.wait_for("weak", state="backoff")
        self.assertEqual((after["incarnation"], after["restarts"]), (before["incarnation"], before["restarts"]))
        self.does("start", "weak")
        self.wait_for("weak", state="backoff", incarnation=4)

    def test_end_that_a_killed_daemon_has_not_written_down_is_told_to_the_next(self):
        self.run_daemon(weak={"command": ["false"], "backoff": {"initial": "1h", "max": "1h", "jitter": 0}})
        self.wait_for("weak", state="backoff", incarnation=2)
        self.kill_daemon()
        with contextlib.closing(sqlite3.connect(self.database)) as table, table:
            table.execute("delete from steward_state")
        self.run_daemon()
        after = self.wait_for("weak", state="backoff")
        self.assertEqual((after["incarnation"], after["restarts"]), (3, 1), "the second one has failed, and is followed by a third")

    def remembered(self, key):
        with contextlib.closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as table:
            found = table.execute("select value from steward_state where key = ? and name = 'past'", (key,)).fetchone()
        return set(found[0].splitlines()) if found else set()

    def test_nothing_of_the_last_one_lives_when_the_next_starts(self):
        script = "test ! -e child || { kill -0 $(cat child) 2>/dev/null && touch overlap; }; sleep 1000 & echo $! > child; wait"
        self.run_daemon(tree=shell(script))
        first = self.running("tree")
        child = int(until(lambda: self.text("child").strip(), "the grandchild"))
        os.kill(first["pid"], signal.SIGKILL)
        self.wait_for("tree", state="running", incarnation=2)
        until(lambda: self.text("child").strip() not in ("", str(child)), "the second grandchild")
        self.assertFalse(is_alive(child))
        self.assertFalse(os.path.exists(self.at("overlap")))

    def test_policy_decides_by_how_it_ended(self):
        soon = {"initial": "50ms", "max": "50ms", "jitter": 0}
        units = {f"{policy}_{end}": {"command": [end], "restart": policy, "backoff": soon}
                 for policy in ("always", "on_failure", "never") for end in ("true", "false")}
        self.run_daemon(**units)
        again = lambda count: count is not None and count >= 2
        self.assertEqual(self.wait_for("always_true", restarts=again)["exit"]["code"], 0)
        self.assertEqual(self.wait_for("always_false", restarts=again)["exit"]["code"], 1)
        self.assertEqual(self.wait_for("on_failure_false", restarts=again)["exit"]["code"], 1)
        done = self.wait_for("on_failure_true", state="completed")
        self.assertEqual((done["restarts"], done["exit"]["code"], done["pid"]), (0, 0, None))
        done = self.wait_for("never_true", state="completed")
        self.assertEqual((done["restarts"], done["exit"]["code"]), (0, 0))
        broken = self.wait_for("never_false", state=lambda state: state in ("completed", "stopped"))
        self.assertEqual((broken["restarts"], broken["exit"]["code"]), (0, 1))

    def test_pauses_between_restarts_grow_and_can_be_seen(self):
        script = "date +%s%N >> starts; exit 3"
        self.run_daemon(weak=shell(script, backoff={"initial": "300ms", "max": "1h", "factor": 2, "jitter": 0}))
        seen = self.wait_for("weak", state="backoff", incarnation=2)
        self.assertIsNotNone(seen["next_start_at"])
        self.assertEqual((seen["pid"], seen["exit"]["code"]), (None, 3))
        self.assertRegex(self.does("status"), r"weak +backoff .*exited with code 3; starts again in")
        self.wait_for("weak", state="backoff", incarnation=4)
        starts = [int(line) / 1e9 for line in self.text("starts").split()]
        pauses = [after - before for before, after in zip(starts, starts[1:])]
        self.assertEqual(len(pauses), 3)
        self.assertLess(pauses[0], 0.3, "the first restart is at once")
        self.assertGreaterEqual(pauses[1], 0.3)
        self.assertGreaterEqual(pauses[2], 0.6)

    def test_completed_stays_completed_over_restarts_of_the_daemon(self):
        self.run_daemon(once=shell("echo ran >> runs", restart="on_failure"))
        done = self.wait_for("once", state="completed")
        self.assertEqual((done["incarnation"], done["exit"]["reason"]), (1, "completed"), done)
        self.assertEqual(self.interrupt_daemon(), 0)
        self.run_daemon()
        self.wait_for("once", state="completed")
        self.kill_daemon()
        self.run_daemon()
        self.wait_for("once", state="completed")
        self.assertEqual(self.text("runs"), "ran\n")
        self.does("start", "once")
        self.wait_for("once", state="completed", incarnation=2)
        self.assertEqual(self.text("runs"), "ran\nran\n")


class stop_test(steward_test):
    def test_stays_down_over_a_restart_of_the_daemon_until_started(self):
        self.run_daemon(one={"command": SLEEP}, two={"command": SLEEP})
        pid = self.running("one")["pid"]
        self.running("two")
        self.assertEqual(self.does("stop", "one"), "one is stopped\n")
        down = self.wait_for("one", state="stopped")
        self.assertEqual((down["pid"], down["exit"]["reason"]), (None, "stopped"))
        until_gone(pid)
        self.assertEqual(self.interrupt_daemon(), 0)
        self.run_daemon("--apply", self.at("units.toml"))
        self.running("two")
        self.assertEqual(self.unit("one")["state"], "stopped")
        self.kill_daemon()
        self.run_daemon()
        self.running("two")
        self.assertEqual(self.unit("one")["state"], "stopped")
        self.assertEqual(self.does("start", "one"), "one starts\n")
        self.running("one")

    def test_verbs_can_be_repeated_and_say_so(self):
        self.run_daemon(one={"command": SLEEP})
        first = self.running("one")
        self.assertEqual(self.does("start", "one"), "one is running already\n")
        self.assert_still(first)
        self.assertEqual(self.does("restart", "one"), "one restarts\n")
        second = self.wait_for("one", state="running", incarnation=2)
        self.assertNotEqual(first["pid"], second["pid"])
        self.assertEqual(second["restarts"], 0, "only automatic restarts are counted")
        self.does("stop", "one")
        self.assertEqual(self.does("stop", "one"), "one is stopped already\n")
        self.assertEqual(self.does("rm", "one"), "one is removed\n")
        for verb in ("start", "stop", "restart", "rm"):
            self.refused(1, "there is no unit one$", verb, "one")

    def test_of_what_has_ended_already_says_that_it_changed_the_row(self):
        self.run_daemon(done={"command": ["true"], "restart": "never"},
                        gave={"command": ["false"], "backoff": {"initial": "1ms"}, "budget": {"restarts": 1, "window": "1m", "then": "give_up"}})
        for key, state in (("done", "completed"), ("gave", "gave_up")):
            before = self.wait_for(key, state=state)
            self.assertEqual(self.ask("POST", f"/v1/units/{key}/stop")[1], {"key": key, "changed": True, "message": f"{key} is stopped"})
            self.wait_for(key, state="stopped", generation=grown(before))
            self.assertEqual(self.ask("POST", f"/v1/units/{key}/stop")[1], {"key": key, "changed": False, "message": f"{key} is stopped already"})

    def test_who_ignores_it_is_killed_with_all_that_it_started(self):
        script = "trap '' TERM; sleep 1000 & echo $! > child; echo up; while :; do sleep 1000; done"
        self.run_daemon(deaf=shell(script, stop={"signal": "TERM", "deadline": "300ms"}))
        pid = self.running("deaf")["pid"]
        child = int(until(lambda: self.text("child").strip(), "the grandchild"))
        until(lambda: "up" in self.text("s.db.logs/deaf.log"), "the trap")
        everything = [pid, child, *below([pid])]
        before = time.monotonic()
        self.does("stop", "deaf")
        down = self.wait_for("deaf", state="stopped")
        self.assertGreaterEqual(time.monotonic() - before, 0.3, "it was not given its time")
        self.assertFalse([each for each in everything if is_alive(each)])
        self.assertEqual(down["exit"]["signal"], "KILL", down)

    def test_child_that_outlives_its_parent_is_killed_too(self):
        script = "(trap '' TERM; echo $$ > ready; exec sleep 1000) & echo $! > child; trap 'exit 0' TERM; wait"
        self.run_daemon(tree=shell(script, stop={"deadline": "300ms"}))
        self.running("tree")
        until(lambda: self.text("ready") and self.text("child"), "the grandchild")
        child = int(self.text("child"))
        self.assertTrue(is_alive(child))
        self.does("stop", "tree")
        self.wait_for("tree", state="stopped")
        self.assertFalse(is_alive(child))

    def test_is_asked_with_the_signal_of_the_unit(self):
        script = "trap 'echo got usr1; exit 0' USR1; trap 'echo got term; exit 0' TERM; echo up; while :; do sleep 0.05; done"
        self.run_daemon(choosy=shell(script, stop={"signal": "USR1", "deadline": "10s"}))
        self.running("choosy")
        until(lambda: "up" in self.text("s.db.logs/choosy.log"), "the trap")
        self.does("stop", "choosy")
        self.wait_for("choosy", state="stopped")
        self.assertEqual(self.text("s.db.logs/choosy.log"), "up\ngot usr1\n")

    def test_comes_in_the_reverse_order_of_after(self):
        script = "trap 'echo $0 >> order; exit 0' TERM; echo up; while :; do sleep 0.02; done"
        part = lambda name, *after: {"command": ["/bin/sh", "-c", script, name], "directory": ".", "after": list(after)}
        self.run_daemon(a=part("a"), b=part("b", "a"), c=part("c", "b"))
        self.running("c")
        for name in "abc":
            until(lambda: "up" in self.text(f"s.db.logs/{name}.log"), "the trap")
        self.assertEqual(self.interrupt_daemon(), 0)
        self.assertEqual(self.text("order"), "c\nb\na\n")

    def test_of_a_starting_unit_does_not_wait_for_its_readiness(self):
        self.run_daemon(slow={"command": SLEEP, "ready": {"after": "1h"}, "start_deadline": "2h"})
        pid = self.wait_for("slow", state="starting", pid=lambda pid: pid)["pid"]
        self.does("stop", "slow")
        self.wait_for("slow", state="stopped")
        self.assertFalse(is_alive(pid))


class stop_while_it_starts_test(steward_test):
    TRAP = """import signal, sys, time
def end(number, frame):
    print("got TERM", flush=True)
    if sys.argv[1] == "ends": sys.exit(0)
signal.signal(signal.SIGTERM, end)
print("up", flush=True)
while True: time.sleep(1000)"""

    def starting(self, how, *arguments, **stop):
        self.run_daemon(*arguments, db=python(self.TRAP, how, ready={"after": "1h"}, start_deadline="2h", **stop))
        until(lambda: "up" in self.text("s.db.logs/db.log"), "the trap")
        return self.wait_for("db", state="starting", pid=lambda pid: pid)

    def got_term(self):
        return self.text("s.db.logs/db.log").endswith("got TERM\n")

    def test_asks_and_tells_that_it_stopped(self):
        self.starting("ends")
        self.assertEqual(self.does("stop", "db"), "db is stopped\n")
        self.assertTrue(self.got_term())
        ended = self.unit("db")["exit"]
        self.assertEqual((ended["reason"], ended["error"], ended["signal"]), ("stopped", None, None))

    def test_kills_who_does_not_end_in_time(self):
        pid = self.starting("stays", stop={"deadline": "300ms"})["pid"]
        self.assertEqual(self.does("stop", "db"), "db is stopped\n")
        self.assertTrue(self.got_term())
        self.assertFalse(is_alive(pid))
        ended = self.unit("db")["exit"]
        self.assertEqual((ended["reason"], ended["error"], ended["signal"]), ("forced", "stopped: deadline", "KILL"))

    def test_of_a_restart_and_an_edit_asks(self):
        self.starting("ends")
        self.does("restart", "db")
        self.wait_for("db", state="starting", incarnation=2)
        until(lambda: self.text("s.db.logs/db.log") == "up\ngot TERM\nup\n", lambda: self.text("s.db.logs/db.log"))
        self.does("apply", self.units(db=python(self.TRAP, "ends", ready={"after": "2h"}, start_deadline="3h")))
        self.wait_for("db", state="starting", incarnation=3)
        self.assertIn("up\ngot TERM\nup\ngot TERM\n", self.text("s.db.logs/db.log"))

    def test_by_the_end_of_the_daemon_asks(self):
        self.starting("ends")
        self.assertEqual(self.interrupt_daemon(), 0, self.text("err"))
        self.assertTrue(self.got_term())

    def test_by_a_second_signal_kills_at_once(self):
        pid = self.starting("stays", stop={"deadline": "1h"})["pid"]
        self.daemon.send_signal(signal.SIGTERM)
        until(self.got_term, "the first signal")
        self.assertEqual(self.interrupt_daemon(), 1)
        self.assertFalse(is_alive(pid))


class interrupt_test(steward_test):
    def test_stops_everything_and_the_keeper_leaves(self):
        self.run_daemon(one={"command": SLEEP}, two=shell("trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.05; done"))
        pids = [self.running("one")["pid"], self.running("two")["pid"]]
        until(lambda: "up" in self.text("s.db.logs/two.log"), "the trap")
        keeper = self.keeper()
        self.assertNotIn(os.getsid(self.daemon.pid), [os.getsid(pid) for pid in [*pids, keeper]], "a terminal's Ctrl-C must reach the daemon alone")
        self.assertEqual([os.getpgid(pid) for pid in pids], pids, "each leads a group of its own")
        self.assertEqual(self.interrupt_daemon(), 0, self.text("err"))
        self.assertFalse([pid for pid in pids if is_alive(pid)])
        self.assertTrue(self.text("s.db.logs/two.log").endswith("bye\n"))
        until_gone(keeper)
        self.assertFalse(os.path.exists(self.socket))
        self.assertEqual(self.text("err"), "")
        until(lambda: not self.strangers(), "the end of all")

    def test_by_sigterm_is_the_same(self):
        self.run_daemon(one={"command": SLEEP})
        pid = self.running("one")["pid"]
        keeper = self.keeper()
        self.daemon.terminate()
        self.assertEqual(self.daemon.wait(CAP), 0, self.text("err"))
        until_gone(pid, keeper)
        self.run_daemon()
        self.running("one")

    def test_by_a_terminal_that_is_closed_is_the_same(self):
        self.run_daemon(one={"command": SLEEP})
        pid = self.running("one")["pid"]
        self.daemon.send_signal(signal.SIGHUP)
        self.assertEqual(self.daemon.wait(CAP), 0, self.text("err"))
        until_gone(pid)

    def test_the_second_time_is_forced(self):
        self.run_daemon(deaf=shell("trap '' TERM; echo up; while :; do sleep 1000; done", stop={"deadline": "1h"}))
        pid = self.running("deaf")["pid"]
        until(lambda: "up" in self.text("s.db.logs/deaf.log"), "the trap")
        os.kill(self.daemon.pid, signal.SIGINT)
        self.wait_for("deaf", state="stopping")
        os.kill(self.daemon.pid, signal.SIGINT)
        self.assertEqual(self.daemon.wait(CAP), 1, self.text("err"))
        until_gone(pid)
        self.assertIn("steward: forced: asked to stop a second time", self.text("err"))

    def test_while_units_wait_and_back_off(self):
        self.run_daemon(slow={"command": SLEEP, "ready": {"after": "1h"}, "start_deadline": "2h"}, late={"command": SLEEP, "after": ["slow"]},
                        weak={"command": ["false"], "backoff": {"initial": "1h", "max": "1h"}})
        self.wait_for("slow", state="starting")
        self.wait_for("weak", state="backoff")
        self.assertEqual(self.interrupt_daemon(), 0, self.text("err"))
        until(lambda: not self.strangers(), "the end of all")


class killed_daemon_test(steward_test):
    def is_stored(self, key, text):
        with contextlib.closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as table:
            return any(text in value for value, in table.execute("select value from steward_state where key = ? and name = 'past'", (key,)))

    def test_leaves_to_the_next_one_since_when_they_run(self):
        self.run_daemon(one={"command": SLEEP}, flop={"command": ["false"], "budget": {"restarts": 0, "window": "1h", "then": "give_up"}})
        before = {"one": self.running("one"), "flop": self.wait_for("flop", state="gave_up")}
        until(lambda: self.is_stored("one", "state running") and self.is_stored("flop", "state gave_up"), "both, stored")
        for _ in range(2):
            self.kill_daemon()
            time.sleep(1)  # what it would be off by
            self.run_daemon()
            for key, state in (("one", "running"), ("flop", "gave_up")):
                now = self.wait_for(key, state=state)
                apart = datetime.datetime.fromisoformat(now["since"][:-1]) - datetime.datetime.fromisoformat(before[key]["since"][:-1])
                self.assertLess(abs(apart.total_seconds()), 0.2, f"{key}: since a former daemon was killed, and not since this one has begun")
                self.assertEqual(self.ask("GET", f"/v1/units/{key}/explain")[1]["since"], now["since"])
        os.kill(before["one"]["pid"], signal.SIGKILL)
        after = self.wait_for("one", state="running", incarnation=2)
        self.assertGreater(after["since"], before["one"]["since"], "another one has an instant of its own")

    def test_leaves_to_the_next_one_which_programs_were_ready_and_are_not_probed_again(self):
        port = free_port()
        self.write("open", "")
        self.run_daemon(web=python(GATE, port, ready={"http": f"http://127.0.0.1:{port}/"}, start_deadline="20s"),
                        worker={"command": SLEEP, "requires": [{"unit": "web", "on_loss": "stop"}]})
        before = {key: self.running(key) for key in ("web", "worker")}
        until(lambda: self.is_stored("web", "state running") and self.is_stored("worker", "state running"), "both, stored")
        os.remove(self.at("open"))
        self.kill_daemon()
        self.run_daemon()
        for key, was in before.items():
            self.assertEqual(self.running(key)["pid"], was["pid"])
        self.assertNotIn("not ready", self.does("explain", "web"))

    def test_leaves_to_the_next_one_which_programs_were_not_ready_and_are_probed(self):
        port = free_port()
        self.run_daemon(web=python(GATE, port, ready={"http": f"http://127.0.0.1:{port}/"}, start_deadline="1h"))
        os.kill(self.wait_for("web", state="starting", pid=lambda pid: pid)["pid"], signal.SIGKILL)
        before = self.wait_for("web", state="starting", incarnation=2, pid=lambda pid: pid)
        until(lambda: self.is_stored("web", "state "), "what it was before")
        self.kill_daemon()
        self.run_daemon()
        self.assertEqual(self.wait_for("web", state="starting", pid=before["pid"])["incarnation"], 2)
        self.write("open", "")
        self.assertEqual(self.running("web")["pid"], before["pid"])

    def test_leaves_its_programs_to_the_next_one(self):
        count = "echo $$ >> starts; i=0; while :; do i=$((i+1)); echo line $i; echo $i > count; sleep 0.005; done"
        leave = "echo $$ >> leaver_starts; while test ! -e leave; do sleep 0.02; done; rm leave; exit 7"
        self.run_daemon(counter=shell(count), quiet={"command": SLEEP}, leaver=shell(leave, backoff={"reset_after": "1h"}))
        before = {key: self.running(key) for key in ("counter", "quiet", "leaver")}
        names = {key: started_at(each["pid"]) for key, each in before.items()}
        keeper = self.keeper()
        self.kill_daemon()

        written = int(until(lambda: self.text("count").strip(), "a line"))
        until(lambda: int(self.text("count").strip() or 0) > written + 50, "lines while there is no daemon")
        written = int(until(lambda: self.text("count").strip(), "a line"))
        self.write("leave", "")
        until_gone(before["leaver"]["pid"])

        self.run_daemon()
        for key in ("counter", "quiet"):
            now = self.running(key)
            self.assertEqual((now["pid"], now["incarnation"], now["restarts"], now["generation"]),
                             (before[key]["pid"], before[key]["incarnation"], before[key]["restarts"], before[key]["generation"]))
            self.assertEqual(started_at(now["pid"]), names[key])
        self.assertEqual(self.keepers(), [keeper])
        self.assertEqual(self.text("starts").split(), [str(before["counter"]["pid"])], "none twice")

        left = self.wait_for("leaver", state="running", incarnation=2)
        self.assertEqual((left["restarts"], left["exit"]["reason"], left["exit"]["code"]), (1, "failed", 7))
        until(lambda: len(self.text("leaver_starts").split()) == 2, "the second start")

        log = lambda: [line for line in self.text("s.db.logs/counter.log").splitlines(keepends=True) if line.endswith("\n")]
        until(lambda: len(log()) > written + 50, "what was printed meanwhile")
        lines = log()
        self.assertEqual(lines, [f"line {i}\n" for i in range(1, len(lines) + 1)])

        os.kill(before["quiet"]["pid"], signal.SIGKILL)
        self.wait_for("quiet", state="running", incarnation=2)
        self.assertEqual(self.interrupt_daemon(), 0, self.text("err"))
        until(lambda: not self.strangers(), "the end of all")

    def test_again_and_again_starts_nothing_twice(self):
        units = {f"u{i}": shell("echo $$ >> starts; exec sleep 1000") for i in range(8)}
        self.run_daemon(**units)
        pids = sorted(str(self.running(key)["pid"]) for key in units)
        for _ in range(4):
            self.kill_daemon()
            self.run_daemon()
        self.assertEqual(sorted(str(self.running(key)["pid"]) for key in units), pids)
        self.assertEqual(sorted(self.text("starts").split()), pids)

    def test_in_the_middle_of_starting_leaves_one_of_each(self):
        units = {f"u{i}": shell(f"echo $$ >> starts{i}; exec sleep 1000") for i in range(12)}
        self.daemon = self.launch("--apply", self.units(**units))
        until(lambda: os.path.exists(self.at("starts0")) or os.path.exists(self.at("starts5")), "the first starts")
        self.kill_daemon()
        self.run_daemon()
        for i, key in enumerate(units):
            pid = self.running(key)["pid"]
            mine = lambda: [int(line) for line in self.text(f"starts{i}").split()]
            until(lambda: pid in mine(), "its first line")
            self.assertEqual([each for each in mine() if is_alive(each)], [pid], "one of each")

    def test_goes_on_with_what_comes_after_a_unit_that_is_done(self):
        self.run_daemon(job={"command": SLEEP}, web={"command": SLEEP, "after": ["job"]},
                        some={"command": SLEEP, "requires": [{"unit": "job", "on_loss": "ignore"}]})
        before = {key: self.running(key) for key in ("web", "some")}
        self.does("stop", "job")
        until(lambda: self.is_stored("web", "state running") and self.is_stored("some", "state running"), "both, stored")
        self.kill_daemon()
        self.run_daemon()
        for key, each in before.items():
            now = self.running(key)
            self.assertEqual((now["pid"], now["incarnation"]), (each["pid"], each["incarnation"]))
        self.does("stop", "web")
        self.assertFalse(is_alive(before["web"]["pid"]))
        os.kill(before["some"]["pid"], signal.SIGKILL)
        self.wait_for("some", state="waiting")

    def test_stops_what_requires_a_unit_that_is_down_by_then(self):
        wait = "while test ! -e leave; do sleep 0.02; done"
        self.run_daemon(db=shell(wait, restart="never"), web={"command": SLEEP, "requires": ["db"]})
        web = self.running("web")
        self.kill_daemon()
        self.write("leave", "")
        self.run_daemon()
        self.wait_for("db", state="completed")
        self.wait_for("web", state="waiting")
        self.assertFalse(is_alive(web["pid"]))

    def test_starts_again_what_was_being_stopped_for_that(self):
        slow = "trap 'sleep 2; exit 0' TERM; echo $$ >> starts; while :; do sleep 0.1; done"
        self.run_daemon(again=shell(slow, restart="on_failure"))
        until(lambda: self.text("starts"), "its first line")
        self.does("restart", "again")
        until(lambda: self.is_stored("again", "state stopping"), "that, stored")
        self.kill_daemon()
        self.run_daemon()
        self.wait_for("again", state="running", incarnation=2)
        until(lambda: len(self.text("starts").split()) == 2, "the second start")

    def test_leaves_down_what_lost_its_requirement(self):
        self.run_daemon(cache={"command": SLEEP}, shop={"command": SLEEP, "requires": [{"unit": "cache", "on_loss": "stop"}]})
        self.running("shop")
        self.does("stop", "cache")
        self.wait_for("shop", state="stopped")
        until(lambda: self.is_stored("shop", "parked 1"), "that, stored")
        self.kill_daemon()
        self.run_daemon()
        self.does("start", "cache")
        self.running("cache")
        self.assertEqual(json.loads(self.does("explain", "shop", "--json"))["why"], "requirement_lost")
        self.assertEqual(self.unit("shop")["state"], "stopped")

    def test_with_a_table_changed_for_the_next_one(self):
        self.run_daemon(kept={"command": SLEEP}, edited=shell("exec sleep 1000"), gone={"command": SLEEP})
        before = {key: self.running(key) for key in ("kept", "edited", "gone")}
        self.kill_daemon()
        self.run_daemon("--apply", self.units(kept={"command": SLEEP}, edited=shell("exec sleep 1001")))
        after = self.wait_for("edited", state="running", generation=grown(before["edited"]), incarnation=2)
        self.assertNotEqual(after["pid"], before["edited"]["pid"])
        self.assertFalse(is_alive(before["edited"]["pid"]))
        for key in ("kept", "gone"):
            self.assertEqual(self.running(key)["pid"], before[key]["pid"], "apply removes nothing")


class killed_keeper_test(steward_test):
    def test_does_not_harm_the_programs_and_the_daemon_says_so(self):
        self.run_daemon(one={"command": SLEEP}, two={"command": SLEEP})
        one, two = self.running("one"), self.running("two")
        first = self.keeper()
        os.kill(first, signal.SIGKILL)
        until(lambda: "the keeper is lost" in self.text("err"), "a word about the keeper")
        until(lambda: "there is a new keeper" in self.text("err"), lambda: f"a new keeper; {self.text('err')}")
        self.assert_still(one)
        self.assert_still(two)
        self.assertNotEqual(self.keeper(), first)
        os.kill(one["pid"], signal.SIGKILL)
        again = self.wait_for("one", state="running", incarnation=2)
        self.assertEqual(parent_of(again["pid"]), self.keeper())
        self.does("stop", "two")
        self.wait_for("two", state="stopped")
        self.assertFalse(is_alive(two["pid"]))
        self.assertEqual(self.interrupt_daemon(), 0, self.text("err"))
        until(lambda: not self.strangers(), "the end of all")


class table_test(steward_test):
    def test_apply_starts_restarts_and_leaves_alone(self):
        one, two = shell("exec sleep 1000"), shell("exec sleep 1000")
        self.run_daemon()
        self.assertEqual(self.does("apply", self.units(one=one, two=two)), "added: one, two\n")
        first, other = self.running("one"), self.running("two")
        self.assertEqual(self.does("apply", "units.toml"), "nothing to change\n")
        self.assert_still(first)
        self.assert_still(other)
        self.assertEqual(self.does("apply", self.units(one=one, two=shell("exec sleep 1001"), three=one)), "added: three\nchanged: two\n")
        second = self.wait_for("two", state="running", generation=grown(other))
        self.assertNotEqual(second["pid"], other["pid"])
        self.assertEqual((second["incarnation"], second["restarts"]), (2, 0))
        self.assertFalse(is_alive(other["pid"]))
        self.running("three")
        self.assert_still(first)
        self.assertEqual(self.does("apply", self.units(one=one)), "nothing to change\n")
        self.assertEqual(self.running("two")["pid"], second["pid"], "apply removes nothing")

    def test_apply_starts_nothing_that_was_stopped(self):
        self.run_daemon(one={"command": SLEEP}, two={"command": SLEEP})
        self.running("two")
        self.does("stop", "one")
        self.assertEqual(self.does("apply", "units.toml"), "nothing to change\n")
        self.wait_for("one", state="stopped")
        self.assertEqual(self.does("apply", self.units(one={"command": ["sleep", "1001"]})), "changed: one\n")
        self.running("two")
        self.assertEqual(self.unit("one")["state"], "stopped")

    def test_edit_of_a_unit_looks_at_no_other(self):
        self.run_daemon(a={"command": SLEEP}, b={"command": SLEEP, "requires": ["a"]})
        self.assertEqual(self.interrupt_daemon(), 0)
        with contextlib.closing(sqlite3.connect(self.database)) as table, table:
            table.execute("insert into steward_row select 'units', 'broken', '{', 'up', max(generation) from steward_row")
        self.run_daemon()
        self.running("b")
        looks = lambda: self.does("events", "broken", "--json").count('"key":"broken"')
        until(looks, "a word about the row that cannot be read")
        before = looks()  # each pass over the table tells of it
        for verb in ("restart", "stop", "start", "stop", "start"):
            self.does(verb, "a")
        self.assertIn("; what requires it is down until there is a unit a again: b", self.does("rm", "a"))
        self.does("apply", self.units(a={"command": SLEEP}))
        self.running("b")
        self.assertEqual(looks(), before)

    def test_key_that_is_no_unit_name_does_not_run(self):
        self.run_daemon(good={"command": SLEEP})
        good = self.running("good")
        names = ("../../evil2", "with space", "")
        for again in (False, True):
            with contextlib.closing(sqlite3.connect(self.database)) as table, table:
                for name in names:
                    table.execute("insert or replace into steward_row select table_name, ?, value, wanted, generation from steward_row where key = 'good'", (name,))
            if again:
                self.assertEqual(self.interrupt_daemon(), 0)
                self.run_daemon()
                good = self.running("good")
            told = "its key is not a name: a unit name is 1 to 64 of"
            tells = lambda: {event.get("key"): event["error"] for event in map(json.loads, self.does("events", "--json").splitlines()) if event.get("error")}
            until(lambda: set(names) <= set(tells()), lambda: f"an error for each; there are {tells()}")
            self.assertTrue(all(told in tells()[name] for name in names), tells())
            units = {unit["key"]: unit for unit in self.ask("GET", "/v1/status")[1]["units"]}
            for name in names:
                self.assertEqual((units[name]["state"], units[name]["pid"]), ("stopped", None))
                self.assertIn(told, units[name]["error"])
            self.assert_still(good)
            self.assertEqual(glob.glob(self.at("**/*evil2*"), recursive=True) + glob.glob(self.at("../*evil2*")), [])
            self.assertEqual(os.listdir(self.at("s.db.logs")) if os.path.isdir(self.at("s.db.logs")) else [], [])

    def test_row_that_cannot_be_read_is_not_started(self):
        self.run_daemon(good={"command": SLEEP})
        self.running("good")
        with contextlib.closing(sqlite3.connect(self.database)) as table, table:
            table.execute("insert into steward_row select 'units', 'broken', '{}', 'down', max(generation) from steward_row")
        for verb in ("start", "restart"):
            done = self.steward(verb, "broken")
            self.assertEqual((done.code, done.out), (1, ""), done)
            self.assertRegex(done.err, r"row broken of units:\s+command: missing")
        self.assertEqual(self.does("start", "good"), "good is running already\n")
        with contextlib.closing(sqlite3.connect(self.database)) as table, table:
            self.assertEqual(table.execute("select wanted from steward_row where key = 'broken'").fetchone(), ("down",))

    def test_of_what_is_stopping_to_start_it_again_holds(self):
        self.run_daemon(a=shell("trap 'sleep 0.5; exit' TERM; echo up; while :; do sleep 0.01; done"))
        self.first_line("a")
        stopping = subprocess.Popen([BINARY, "stop", "a"], env={**self.environment, "STEWARD_SOCKET": self.socket}, stdout=subprocess.DEVNULL)
        self.started.append(stopping)
        self.wait_for("a", state="stopping")
        self.does("start", "a")
        self.assertEqual(stopping.wait(CAP), 0)
        self.wait_for("a", state="running", incarnation=lambda number: number > 1)

    def test_removed_unit_is_stopped_and_forgotten(self):
        self.run_daemon(one={"command": SLEEP}, two={"command": SLEEP})
        pid = self.running("one")["pid"]
        two = self.running("two")
        self.assertEqual(self.does("rm", "one"), "one is removed\n")
        until(lambda: self.unit("one") == {}, lambda: f"no unit one; there is {self.unit('one')}")
        self.assertFalse(is_alive(pid))
        self.assertNotRegex(self.does("status"), "one")
        self.refused(1, "there is no unit one$", "status", "one")
        self.assertEqual(self.interrupt_daemon(), 0)
        self.run_daemon()
        self.running("two")
        self.assertEqual(self.unit("one"), {})
        self.does("apply", self.units(one={"command": SLEEP}))
        self.assertEqual(self.running("one")["incarnation"], 1)
        self.assertNotEqual(two["pid"], pid)


class logs_test(steward_test):
    def test_show_both_streams_and_the_last_lines(self):
        self.run_daemon(chatty=shell("echo one; echo two >&2; echo three; exec sleep 1000"))
        self.running("chatty")
        until(lambda: "three" in self.text("s.db.logs/chatty.log"), "the output")
        self.assertEqual(self.does("logs", "chatty"), "one\ntwo\nthree\n")
        self.assertEqual(self.does("logs", "-n", "2", "chatty"), "two\nthree\n")
        self.assertEqual(self.does("logs", "-n", "0", "chatty"), "")
        self.refused(1, "there is no unit other$", "logs", "other")

    def test_follow_goes_on_with_what_comes(self):
        script = "echo first; while test ! -e go; do sleep 0.02; done; echo second; exec sleep 1000"
        self.run_daemon(chatty=shell(script))
        self.running("chatty")
        until(lambda: "first" in self.text("s.db.logs/chatty.log"), "the output")
        with open(self.at("followed"), "wb") as out:
            follower = subprocess.Popen([os.environ["STEWARD_BINARY"], "logs", "-f", "chatty", "--socket", self.socket], stdout=out,
                                        stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=self.environment)
        self.started.append(follower)
        until(lambda: self.text("followed") == "first\n", lambda: f"the first line; {self.text('followed')!r}")
        self.write("go", "")
        until(lambda: self.text("followed") == "first\nsecond\n", lambda: f"the second line; {self.text('followed')!r}")
        self.assertIsNone(follower.poll())
        self.assertEqual(self.interrupt_daemon(), 0, "a client that follows must not hold the daemon")
        follower.wait(CAP)


class interface_test(steward_test):
    def test_status_as_json_has_the_pinned_keys(self):
        self.run_daemon(up={"command": SLEEP}, done={"command": ["true"], "restart": "never"})
        pid = self.running("up")["pid"]
        self.wait_for("done", state="completed")
        units = json.loads(self.does("status", "--json"))
        self.assertEqual([unit["key"] for unit in units], ["done", "up"])
        for unit in units:
            self.assertLessEqual({"key", "state", "pid", "incarnation", "restarts", "generation", "since", "exit"}, set(unit))
            self.assertRegex(unit["since"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        done, up = units
        self.assertEqual((up["state"], up["pid"], up["incarnation"], up["restarts"], up["exit"]), ("running", pid, 1, 0, None))
        self.assertEqual((done["state"], done["pid"]), ("completed", None))
        self.assertEqual(set(done["exit"]), {"reason", "error", "code", "signal", "started_at", "ready_at", "ended_at"})
        self.assertEqual((done["exit"]["reason"], done["exit"]["code"], done["exit"]["signal"]), ("completed", 0, None))
        self.assertEqual([unit["key"] for unit in json.loads(self.does("status", "up", "--json"))], ["up"])

    def test_socket_is_for_its_owner_alone(self):
        self.run_daemon(one=shell("echo hello; exec sleep 1000"))
        self.running("one")
        for name in ("s.db.sock", "s.db.keeper"):
            mode = os.stat(self.at(name)).st_mode
            self.assertTrue(stat.S_ISSOCK(mode), name)
            self.assertEqual(stat.S_IMODE(mode), 0o600, name)

    @unittest.skipUnless(shutil.which("curl"), "curl is not installed")
    def test_is_http_for_curl(self):
        self.run_daemon(one={"command": SLEEP})
        self.running("one")
        curl = lambda *arguments: subprocess.run(["curl", "-sS", "--max-time", str(CAP), "--unix-socket", self.socket, *arguments],
                                                 capture_output=True, check=True).stdout.decode()
        status = json.loads(curl("http://localhost/v1/status"))
        self.assertEqual((status["pid"], [unit["state"] for unit in status["units"]]), (self.daemon.pid, ["running"]))
        self.assertEqual(json.loads(curl("-X", "POST", "http://localhost/v1/units/one/stop"))["key"], "one")
        self.wait_for("one", state="stopped")
        self.assertEqual(curl("-o", "/dev/null", "-w", "%{http_code}", "http://localhost/v1/units/other"), "404")
        self.assertEqual(curl("-o", "/dev/null", "-w", "%{http_code}", "-X", "POST", "http://localhost/v1/status"), "405")
        self.assertEqual(curl("-o", "/dev/null", "-w", "%{http_code}", "-d", "{", "http://localhost/v1/apply"), "400")

    def test_socket_and_database_are_where_they_are_told_to_be(self):
        self.socket = self.at("elsewhere.sock")
        self.run_daemon("--socket", self.socket, one={"command": SLEEP})
        self.running("one")
        self.assertIn("running", self.does("status", "--socket", self.socket, socket=False))
        self.assertFalse(os.path.exists(self.at("s.db.sock")))


class mistake_test(steward_test):
    FILES = {
        "unknown key": ('[unit.a]\ncommand = ["true"]\nrestrat = "never"\n', r"^bad\.toml:3:\d+: unit\.a\.restrat: .*restart"),
        "unknown table": ('[units.a]\ncommand = ["true"]\n', r"^bad\.toml:1:\d+: units.*unit"),
        "wrong type": ('[unit.a]\ncommand = "true"\n', r"^bad\.toml:2:\d+: unit\.a\.command: .*array of strings"),
        "no unit": ('[unit.a]\ncommand = ["true"]\nstart_deadline = "10"\n', r"^bad\.toml:3:\d+: unit\.a\.start_deadline: .*has no unit.*10s"),
        "number for a duration": ('[unit.a]\ncommand = ["true"]\nstart_deadline = 10\n', r"^bad\.toml:3:\d+: unit\.a\.start_deadline: "),
        "circle": ('[unit.a]\ncommand = ["true"]\nafter = ["b"]\n[unit.b]\ncommand = ["true"]\nafter = ["a"]\n',
                   r"^bad\.toml:3:\d+: unit\.a\.after\[0\]: .*circle: a -> b -> a"),
        "itself": ('[unit.a]\ncommand = ["true"]\nafter = ["a"]\n', r"^bad\.toml:3:\d+: unit\.a\.after\[0\]: .*itself"),
        "unknown unit": ('[unit.a]\ncommand = ["true"]\nafter = ["sleeper"]\n', r'^bad\.toml:3:\d+: unit\.a\.after\[0\]: there is no unit "sleeper"'),
        "missing executable": ('[unit.a]\ncommand = ["no-such-program-here"]\n', r'^bad\.toml:2:\d+: unit\.a\.command\[0\]: "no-such-program-here" is in no'),
        "missing file": ('[unit.a]\ncommand = ["./none"]\n', r"^bad\.toml:2:\d+: unit\.a\.command\[0\]: .*none\" does not exist"),
        "no command": ("[unit.a]\n", r"^bad\.toml:1:\d+: unit\.a\.command: missing"),
        "not TOML": ('[unit.a\ncommand = ["true"]\n', r"^bad\.toml:\d+:\d+: not TOML"),
        "bad policy": ('[unit.a]\ncommand = ["true"]\nrestart = "sometimes"\n', r"^bad\.toml:3:\d+: unit\.a\.restart: .*always.*on_failure.*never"),
        "bad probe": ('[unit.a]\ncommand = ["true"]\nready = { tcp = "nowhere" }\n', r"^bad\.toml:3:\d+: unit\.a\.ready\.tcp: "),
    }

    def test_in_a_file_is_told_in_one_line_and_changes_nothing(self):
        self.run_daemon(good={"command": SLEEP})
        good = self.running("good")
        for name, (text, line) in self.FILES.items():
            with self.subTest(name):
                self.write("bad.toml", text + '[unit.good]\ncommand = ["sleep", "2000"]\n')
                self.refused(2, line, "apply", "bad.toml")
                self.assertEqual(self.unit("a"), {}, "half applied")
                self.assert_still(good)

    def test_in_a_file_for_run_ends_it_before_anything_is_touched(self):
        for name in ("unknown key", "circle", "missing executable", "unknown unit"):
            with self.subTest(name):
                text, line = self.FILES[name]
                self.write("bad.toml", text)
                done = self.run_to_its_end("--apply", "bad.toml")
                self.assertEqual(done.code, 2, done)
                self.assertEqual(len(done.err.splitlines()), 1, done)
                self.assertRegex(done.err, line)
                until(lambda: not self.strangers(), "the end of the keeper")

    def run_to_its_end(self, *arguments, database=None):
        """A `steward run` that is to fail: from its exit code to what it said."""
        said = len(self.text("err"))
        code = self.launch(*arguments, database=database).wait(CAP)
        return finished(code, "", self.text("err")[said:])

    def test_in_a_file_that_is_not_there_or_not_a_file(self):
        self.run_daemon(good={"command": SLEEP})
        self.refused(2, r"none\.toml: no such file", "apply", "none.toml")
        self.refused(2, r"is a folder", "apply", ".")

    def test_on_the_command_line_is_usage(self):
        for arguments, line in ((("aply", "x"), 'unknown command "aply".*apply'), (("status", "--jsno"), "unknown option.*--json"), ((), "a command is missing"),
                                (("stop",), "KEY"), (("stop", "a b"), "is not a unit"), (("run", "--db"), "run: --db takes a value"), (("logs", "-n", "x", "a"), "x")):
            with self.subTest(arguments):
                self.refused(2, line, *arguments)

    def test_second_daemon_on_the_same_database(self):
        self.run_daemon(good={"command": SLEEP})
        good = self.running("good")
        keeper = self.keeper()
        done = self.run_to_its_end("--socket", self.at("other.sock"))
        self.assert_one_line(done, 1, rf"s\.db.*{self.daemon.pid}|another.*s\.db|s\.db.*another", "second daemon")
        self.assert_still(good)
        self.assertEqual(self.keepers(), [keeper])
        done = self.run_to_its_end()
        self.assertEqual(done.code, 1)
        self.assertTrue(self.answers(), "the socket must still be the first one's")

    def test_socket_of_another_daemon_is_not_taken(self):
        self.run_daemon(good={"command": SLEEP})
        good = self.running("good")
        done = self.run_to_its_end("--socket", self.socket, database=self.at("other.db"))
        self.assert_one_line(done, 1, "another process listens at .*s.db.sock", "taken socket")
        self.assertEqual(glob.glob(self.at("other.db*")), [], "nothing is left of it")
        self.assert_still(good)
        self.assertTrue(self.answers())

    def test_too_long_socket_path(self):
        path = self.at("x" * 120)
        self.assert_one_line(self.run_to_its_end("--socket", path), 1, "has 1[0-9][0-9] bytes, and a socket's path has at most 107", "run")
        self.refused(1, "a socket's path has at most 107", "status", "--socket", path)
        self.assertFalse(os.path.exists(self.database), "nothing is made before all is known to be right")

    def test_too_long_database_path_leaves_room_for_no_socket(self):
        folder = self.at("y" * 90)
        os.mkdir(folder)
        database = os.path.join(folder, "s.db")
        told = rf"the database's path \S*/s\.db has {len(database)} bytes, .* at most 100 are possible; choose a shorter one with --db"
        for arguments in (("--socket", self.socket), ()):
            self.assert_one_line(self.run_to_its_end(*arguments, database=database), 1, told, "run")
        self.assertEqual(os.listdir(folder), [], "nothing is made before all is known to be right")
        os.symlink(folder, self.at("short"))
        self.database, self.socket = self.at("short/s.db"), self.at("short/s.db.sock")
        self.run_daemon(good={"command": SLEEP})
        self.running("good")

    def test_foreign_file_at_the_socket_path_is_left_alone(self):
        self.write("s.db.sock", "somebody's letter")
        self.assert_one_line(self.run_to_its_end(), 1, "s.db.sock exists and is not a socket", "run")
        self.assertEqual(self.text("s.db.sock"), "somebody's letter")
        self.refused(1, "s.db.sock is not a socket", "status")
        until(lambda: not self.strangers(), "the end of the keeper")

    def test_foreign_file_at_the_socket_path_ends_nothing_that_runs(self):
        self.run_daemon(good={"command": SLEEP})
        good = self.running("good")
        self.kill_daemon()
        os.unlink(self.socket)
        self.write("s.db.sock", "somebody's letter")
        self.assert_one_line(self.run_to_its_end(), 1, "s.db.sock exists and is not a socket", "run")
        self.assertTrue(is_alive(good["pid"]), "what ran must go on")
        os.unlink(self.socket)
        self.run_daemon()
        self.assertEqual(self.running("good")["pid"], good["pid"])

    def test_dead_socket_is_replaced(self):
        self.run_daemon(good={"command": SLEEP})
        self.running("good")
        self.kill_daemon()
        self.assertTrue(os.path.exists(self.socket))
        self.refused(1, r"no daemon at .* \(start one with: steward run; --socket names that of another\)", "status")
        self.run_daemon()
        self.running("good")

    def test_database_is_the_same_by_whatever_name_a_link_gives_it(self):
        os.mkdir(self.at("data"))
        os.symlink("data/s.db", self.at("cur.db"))  # of a file that is not there yet
        self.database, self.socket = self.at("data/s.db"), self.at("data/s.db.sock")
        database, self.database = self.database, "cur.db"
        self.run_daemon(good={"command": SLEEP})
        self.database = database
        good = self.running("good")
        self.kill_daemon()
        self.run_daemon()
        self.assertEqual(self.running("good")["pid"], good["pid"])
        self.assertIn("good", self.does("status", "--db", "cur.db", socket=False))
        self.kill_daemon()
        self.database = self.at("cur.db")
        self.run_daemon()
        self.assertEqual(self.running("good")["pid"], good["pid"])
        self.database = database
        self.assertEqual(len(self.keepers()), 1)
        beside = sorted(name for name in os.listdir(self.folder) if name.startswith(("cur.db", "s.db")))
        self.assertEqual(beside, ["cur.db"], "all else stands beside the file itself")

    def test_database_with_hard_links_is_refused_and_harms_nothing(self):
        self.run_daemon(good={"command": SLEEP})
        good = self.running("good")
        self.kill_daemon()
        os.link(self.database, self.at("other.db"))
        before = sorted(os.listdir(self.folder))
        told = r"s\.db: has 2 names \(hard links\).*; remove all names but one, or use a copy"
        self.assert_one_line(self.run_to_its_end(), 1, told, "the first name")
        self.assert_one_line(self.run_to_its_end("--socket", self.at("o.sock"), database=self.at("other.db")), 1, told.replace("s", "other", 1), "the second")
        self.assertEqual(sorted(os.listdir(self.folder)), before, "nothing is touched")
        os.unlink(self.at("other.db"))
        self.run_daemon()
        self.assertEqual(self.running("good")["pid"], good["pid"])

    def test_corrupt_database_is_refused_and_harms_nothing(self):
        self.run_daemon(good={"command": SLEEP})
        good = self.running("good")
        self.kill_daemon()
        for name in ("s.db-wal", "s.db-shm"):
            if os.path.exists(self.at(name)):
                os.unlink(self.at(name))
        self.write("s.db", "this is no database, " * 500)
        done = self.run_to_its_end()
        self.assert_one_line(done, 1, r"s\.db.*not a SQLite database", "corrupt database")
        self.assertTrue(is_alive(good["pid"]), "what ran must go on")
        self.assertEqual(self.text("s.db")[:20], "this is no database,")

    def test_database_that_is_gone_ends_nothing_that_runs(self):
        units = {f"u{i}": shell("sleep 1000") for i in range(7)}
        self.run_daemon(**units)
        pids = {key: self.running(key)["pid"] for key in units}
        self.kill_daemon()
        files = [name for name in ("s.db", "s.db-wal", "s.db-shm") if os.path.exists(self.at(name))]
        for name in files:
            os.rename(self.at(name), self.at(f"away.{name}"))
        told = rf"s\.db: there was none, but 7 programs run on that were started from it: u0 \(pid {pids['u0']}\), .* and 2 more; put the file back, or .*kill -- -{pids['u0']} "
        for arguments in ((), ("--apply", self.units(other={"command": SLEEP})), ()):
            with self.subTest(arguments):
                self.assert_one_line(self.run_to_its_end(*arguments), 1, told, "a database that is gone")
                self.assertFalse(os.path.exists(self.database), "the next try says the same")
        self.write("s.db", "")
        self.assert_one_line(self.run_to_its_end(), 1, told, "an empty file in its place")
        for name in files:
            os.rename(self.at(f"away.{name}"), self.at(name))
        self.run_daemon()
        self.assertEqual({key: self.running(key)["pid"] for key in units}, pids)

    def test_database_that_is_gone_is_made_anew_once_nothing_runs(self):
        self.run_daemon(one=shell("sleep 1000 & sleep 1000"))
        self.running("one")
        self.kill_daemon()
        for name in ("s.db", "s.db-wal", "s.db-shm"):
            if os.path.exists(self.at(name)):
                os.unlink(self.at(name))
        hint = re.search(r"\(kill -- -(\d+)\)", self.run_to_its_end().err)
        os.killpg(int(hint[1]), signal.SIGTERM)
        until(lambda: self.launch_succeeds(), "a daemon that begins")
        self.assertEqual(self.ask("GET", "/v1/status")[1]["units"], [])

    def launch_succeeds(self):
        self.daemon = self.launch()
        until(lambda: self.daemon.poll() is not None or self.answers(), "an answer or an end")
        return self.daemon.poll() is None

    def test_database_in_a_folder_that_is_not_there(self):
        self.assert_one_line(self.run_to_its_end("--socket", self.socket, database=self.at("none/s.db")), 1, "none", "run")

    def test_output_that_cannot_be_written_is_told(self):
        self.run_daemon(one=shell("echo one; exec sleep 1000"))
        self.first_line("one")
        self.running("one")
        for arguments in (("status",), ("status", "one", "--json"), ("logs", "one"), ("logs", "-f", "one"), ("events",), ("events", "-f"), ("explain", "one"),
                          ("restart", "one"), ("version",), ("--help",)):
            with self.subTest(arguments), open("/dev/full", "wb") as full:
                done = subprocess.run([BINARY, *arguments], stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE, timeout=CAP, check=False,
                                      env={**self.environment, "STEWARD_SOCKET": self.socket})
                self.assertEqual((done.returncode, done.stderr), (1, b"steward: cannot write the output: No space left on device\n"))

    def test_no_daemon(self):
        for arguments in (("status",), ("stop", "a"), ("logs", "a"), ("rm", "a"), ("apply", self.units(a={"command": ["true"]}))):
            with self.subTest(arguments):
                self.refused(1, r"^steward: no daemon at .*s\.db\.sock \(start one with: steward run; --socket names that of another\)$", *arguments)
        self.refused(1, r"^steward: no daemon at \./steward\.db\.sock ", "status", socket=False)

    def test_program_that_cannot_be_executed_when_its_time_comes(self):
        script = self.write("tool", "#!/bin/sh\nexec sleep 1000\n")
        os.chmod(script, 0o755)
        self.run_daemon(tool={"command": [script]}, good={"command": SLEEP})
        self.running("tool")
        good = self.running("good")
        os.unlink(script)
        self.does("restart", "tool")
        failed = self.wait_for("tool", state="backoff")
        self.assertRegex(failed["exit"]["error"], "exec.*tool.*[Nn]o such file")
        self.assert_still(good)


@unittest.skipUnless(os.geteuid() == 0, "only root can mount a small disk")
class full_disk_test(steward_test):
    def setUp(self):
        super().setUp()
        disk = self.at("disk")
        os.mkdir(disk)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "steward-test", disk], capture_output=True, check=False)
        if mounted.returncode != 0:
            self.skipTest(f"no disk can be mounted: {mounted.stderr.decode().strip()}")
        self.addCleanup(subprocess.run, ["umount", "-l", disk], check=False)
        self.addCleanup(self.end_everything)
        self.database, self.socket = self.at("disk/s.db"), self.at("disk/s.db.sock")

    def fill(self):
        with open(self.at("disk/ballast"), "wb", buffering=0) as file:
            for size in (65536, 4096, 1):
                try:
                    while True:
                        file.write(b"x" * size)
                except OSError:
                    pass

    def test_refuses_changes_in_one_line_and_keeps_all_running(self):
        self.run_daemon(good={"command": SLEEP}, chatty=shell("while :; do echo talk talk talk; echo t >> talked; sleep 0.01; done"))
        good, chatty = self.running("good"), self.running("chatty")
        self.fill()
        many = {f"u{i}": {"command": ["sleep", "1000", *["x" * 1000] * 20]} for i in range(20)}
        done = self.steward("apply", self.units("many.toml", **many))
        self.assert_one_line(done, 1, "disk.*full|full.*disk", "apply")
        self.assertEqual(self.unit("u0"), {}, "half applied")
        talked = len(self.text("talked"))
        until(lambda: len(self.text("talked")) > talked + 40, "a program that goes on although its output cannot be kept")
        self.assert_still(good)
        self.assert_still(chatty)
        os.unlink(self.at("disk/ballast"))
        self.does("apply", self.units("few.toml", more={"command": SLEEP}))
        self.running("more")
        self.assert_still(good)

    def test_refuses_to_begin(self):
        self.fill()
        said = self.launch().wait(CAP)
        self.assertEqual((said, len(self.text("err").splitlines())), (1, 1), self.text("err"))
        self.assertRegex(self.text("err"), "full|[Nn]o space")


if __name__ == "__main__":
    main()
