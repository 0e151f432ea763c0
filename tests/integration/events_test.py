#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the built `steward` tells of what happens: its events, to those who follow and to those who cannot keep up, and what took what down."""
import json
import os
import re
import signal
import socket
import subprocess
import time

from steward_under_test import BINARY, CAP, main, steward_test, until

SLEEP = ["sleep", "1000"]
HASTY = {"initial": "1ms", "max": "1ms"}
REMEMBERED = 1024


def link_of(path):
    try:
        return os.readlink(path)
    except OSError:
        return ""


class events_test_base(steward_test):
    def follow(self, *arguments):
        """`steward events -f`; what it prints goes to the files `followed` and `complained`."""
        with open(self.at("followed"), "wb") as out, open(self.at("complained"), "wb") as err:
            follower = subprocess.Popen([BINARY, "events", "-f", *arguments, "--socket", self.socket], stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                        env=self.environment)
        self.started.append(follower)
        return follower

    def until_followed(self, *texts):
        until(lambda: all(text in self.text("followed") for text in texts), lambda: f"{texts}; it is {self.text('followed')!r}")


class events_test(events_test_base):
    def test_show_a_crash_to_who_follows(self):
        self.run_daemon(web={"command": SLEEP}, api={"command": SLEEP, "requires": ["web"]})
        self.running("api")
        follower = self.follow()
        self.until_followed("web: starting\n", "web: running\n", "api: running\n")
        os.kill(self.unit("web")["pid"], signal.SIGKILL)
        self.until_followed("web: backoff, killed by signal 9 (SIGKILL)", "api: stopping, because of web\n")
        self.wait_for("api", state="running", incarnation=2)
        self.assertIsNone(follower.poll())
        follower.terminate()
        follower.wait(CAP)
        shown = self.does("events")
        self.assertLess(shown.index("web: running"), shown.index("web: backoff"))
        self.assertTrue(shown.startswith(self.text("followed")), "the same, in the same order")

    def test_are_json_for_programs_and_may_be_of_some_units(self):
        self.run_daemon(web={"command": SLEEP}, db={"command": SLEEP})
        self.running("web")
        self.running("db")
        events = [json.loads(line) for line in self.does("events", "--json", "web").splitlines()]
        self.assertEqual([(each["key"], each["state"], each["incarnation"]) for each in events], [("web", "starting", 1), ("web", "running", 1)])
        self.assertEqual(set(events[0]), {"at", "key", "state", "generation", "incarnation", "exit", "error", "because_of", "until"})
        self.refused(1, "there is no unit other$", "events", "other")
        self.does("rm", "web")
        self.assertIn("web: stopped", self.does("events", "web"), "of one that is gone")

    def test_tell_an_error_of_no_unit(self):
        self.run_daemon(good={"command": SLEEP})
        self.running("good")
        os.rename(self.database, self.at("away"))
        self.steward("start", "good")
        until(lambda: any("Z error: " in line for line in self.does("events").splitlines()), lambda: self.does("events"))
        os.rename(self.at("away"), self.database)

    def test_end_with_the_daemon(self):
        self.run_daemon(web={"command": SLEEP})
        self.running("web")
        follower = self.follow()
        self.until_followed("web: running\n")
        self.assertEqual(self.interrupt_daemon(), 0)
        self.assertEqual((follower.wait(CAP), self.text("complained")), (0, ""))
        self.assertIn("web: stopped\n", self.text("followed"), "up to the last")

    def test_that_are_cut_off_say_so(self):
        self.run_daemon(web={"command": SLEEP})
        self.running("web")
        follower = self.follow()
        self.until_followed("web: running\n")
        self.kill_daemon()
        self.assertEqual(follower.wait(CAP), 1)
        self.assertRegex(self.text("complained"), r"\Asteward: the daemon at .* went away without having ended: it was killed, or has crashed[^\n]*\n\Z")


class deaf_follower_test(events_test_base):
    def deaf(self):
        """Asks to follow, and reads nothing."""
        one = socket.socket(socket.AF_UNIX)
        self.addCleanup(one.close)
        one.settimeout(CAP)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        one.connect(self.socket)
        one.sendall(b"GET /v1/events?follow=1 HTTP/1.1\r\nHost: x\r\n\r\n")
        return one

    def storm(self, events):
        """So many events and more."""
        names = [f"flaky{i}" for i in range(4)]
        self.does("apply", self.units("storm.toml", **{name: {"command": ["true"], "backoff": HASTY} for name in names}))
        until(lambda: 3 * sum(self.unit(name).get("incarnation", 0) for name in names) > events, "a storm")
        self.does("stop", *names)

    def test_holds_up_nobody_and_is_told_what_it_has_lost(self):
        self.run_daemon()
        one = self.deaf()
        one.recv(16)  # it is being answered
        self.storm(4 * REMEMBERED)
        follower = self.follow()
        self.until_followed("flaky0: stopped")
        follower.terminate()
        follower.wait(CAP)
        told = b""
        while not re.search(rb'\{"lost":[1-9]\d*\}\n', told):
            told += one.recv(1 << 16)
        self.assertIn(b'"key":"flaky0"', told.partition(b'{"lost":')[2] + one.recv(1 << 16), "and goes on")

    def test_that_vanishes_is_let_go_whatever_it_has_sent(self):
        self.run_daemon()
        links = f"/proc/{self.daemon.pid}/fd"
        sockets = lambda: {link for link in map(link_of, (f"{links}/{fd}" for fd in os.listdir(links))) if link.startswith("socket:")}
        before = sockets()  # with those who have just been answered
        one = self.deaf()
        one.recv(16)
        one.sendall(b"GET /v1/version HTTP/1.1\r\n")
        its = until(lambda: sockets() - before, "another one")
        one.close()
        until(lambda: not its & sockets(), "its end")

    def test_does_not_hold_the_daemon(self):
        self.run_daemon()
        self.deaf().recv(16)
        self.storm(2 * REMEMBERED)
        began = time.monotonic()
        self.assertEqual(self.interrupt_daemon(), 0)
        self.assertLess(time.monotonic() - began, 10)


class failures_test(steward_test):
    def test_name_the_root_first_and_explain_names_it_too(self):
        lost = lambda whom: [{"unit": whom, "on_loss": "stop"}]
        self.run_daemon(db={"command": SLEEP}, mid={"command": SLEEP, "requires": lost("db")}, web={"command": SLEEP, "requires": lost("mid")})
        self.running("web")
        self.assertEqual(self.does("failures"), "nothing has failed lately\n")
        os.kill(self.unit("db")["pid"], signal.SIGKILL)
        self.wait_for("mid", state="stopped")
        self.wait_for("web", state="stopped")
        self.running("db")
        tree = "  db failed: killed by signal 9 (SIGKILL)\n    mid stopped\n      web stopped\n"
        self.assertRegex(self.does("failures"), rf"\A\S+Z \(\S+ ago\)\n{tree.replace('(', '[(]').replace(')', '[)]')}\Z")
        self.assertTrue(self.does("failures", "web").endswith(tree))
        line = "db failed: killed by signal 9 (SIGKILL); took down 2: mid, web"
        self.assertEqual([each["text"] for each in json.loads(self.does("failures", "--json"))], [line])
        self.assertIn(f"root cause   {line}\n", self.does("explain", "web"))
        self.assertIsNone(self.ask("GET", "/v1/units/db/explain")[1]["root_cause"])
        self.refused(1, "there is no unit other$", "failures", "other")


if __name__ == "__main__":
    main()
