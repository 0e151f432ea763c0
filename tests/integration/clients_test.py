#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The built `steward` and its clients: many at a time, wrong ones, large ones, and what the commands say."""
import contextlib
import json
import os
import pty
import select
import signal
import socket
import sqlite3
import subprocess
import time
import unittest

from steward_under_test import BINARY, CAP, main, shell, steward_test, until

SLEEP = ["sleep", "1000"]
MOST, FOLLOWERS = 256, 192
LARGEST_BODY = 4 << 20
MOST_MEMORY = 256 << 20


class clients_test(steward_test):
    def connect(self):
        one = socket.socket(socket.AF_UNIX)
        self.addCleanup(one.close)
        one.settimeout(CAP)
        one.connect(self.socket)
        return one

    def send(self, raw):
        """Some bytes, and all that comes back until the other end closes."""
        one = self.connect()
        try:
            one.sendall(raw)
        except BrokenPipeError:
            pass  # it has heard enough
        answer = b""
        try:
            while piece := one.recv(65536):
                answer += piece
        except ConnectionResetError:
            pass  # there was more than it wanted to read
        one.close()
        return answer.decode()

    def assert_refused(self, answer, status, text):
        self.assertRegex(answer, f"^HTTP/1.1 {status} ")
        self.assertRegex(json.loads(answer.partition("\r\n\r\n")[2])["error"], text)

    def follow(self):
        """A connection that asks to follow, and the head of the answer."""
        one = self.connect()
        one.sendall(b"GET /v1/units/one/logs?follow=1&lines=0 HTTP/1.1\r\nHost: x\r\n\r\n")
        return one, one.recv(4096)

    def may_follow(self):
        one, head = self.follow()
        one.close()
        return b"200 OK" in head


class crowd_test(clients_test):
    def test_of_followers_leaves_room_for_short_requests(self):
        self.run_daemon(one={"command": SLEEP})
        self.running("one")
        crowd = [self.follow()[0] for _ in range(FOLLOWERS)]
        for _ in range(3):
            self.refused(1, r"192 connections follow logs or events already.*end some", "logs", "-f", "one")
        self.assertIn("one is stopped", self.does("stop", "one"))
        self.assertEqual(self.text("err").count("follow logs or events already"), 1, self.text("err"))
        crowd.pop().close()
        until(lambda: self.may_follow(), "a place for another follower")

    def test_of_connections_is_told_that_it_is_one(self):
        self.run_daemon(one={"command": SLEEP})
        self.running("one")
        crowd = [self.connect() for _ in range(MOST)]
        self.refused(1, r"too many connections at a time; end some", "status")
        self.refused(1, r"too many connections at a time; end some", "status")
        self.assertEqual(self.text("err").count("no more are answered"), 1, self.text("err"))
        for each in crowd[:8]:
            each.close()
        until(lambda: self.steward("status").code == 0, "an answer")


# UndefinedBehaviorSanitizer looks at memory through a pipe, and reports an error where it cannot open one.
@unittest.skipIf(os.environ.get("STEWARD_SANITIZED"), "sanitizers need descriptors of their own")
class descriptors_test(clients_test):
    LIMIT = 48

    def launch(self, *arguments, database=None):
        # Hard and soft: the daemon raises its soft limit to the hard one.
        limited = ["/bin/sh", "-c", f'ulimit -n {self.LIMIT}; exec "$@"', "sh", BINARY, "run", "--db", database or self.database, *arguments]
        with open(self.at("out"), "ab") as out, open(self.at("err"), "ab") as err:
            daemon = subprocess.Popen(limited, stdin=subprocess.DEVNULL, stdout=out, stderr=err, cwd=self.folder, env=self.environment, start_new_session=True)
        self.started.append(daemon)
        return daemon

    def test_that_are_short_leave_some_for_one_request_at_a_time(self):
        self.run_daemon(one={"command": SLEEP})
        self.running("one")
        crowd = []
        while "one at a time" not in self.text("err"):
            crowd.append(self.connect())  # and says nothing
            self.assertLess(len(crowd), self.LIMIT)
            time.sleep(0.01)
        for _ in range(3):
            self.assertIn("one", self.does("status"))
        self.assertIn("one is stopped", self.does("stop", "one"))
        self.refused(1, "short of descriptors.*raise its limit", "logs", "-f", "one")
        self.assertEqual(self.text("err").count("one at a time"), 1, self.text("err"))
        for each in crowd:
            each.close()
        until(lambda: self.may_follow(), "a connection that is not hung up on")


class first_answer_test(clients_test):
    ROWS = 4000

    def rows(self, wanted):
        """As many rows as the table of a stopped daemon is to have beside those that it has."""
        with contextlib.closing(sqlite3.connect(self.database)) as table, table:
            columns = [name for _, name, *_ in table.execute("pragma table_info(steward_row)")]
            one = dict(zip(columns, table.execute("select * from steward_row where key = 'one'").fetchone()))
            rows = ([{**one, "key": f"u{i:05}", "wanted": wanted}[name] for name in columns] for i in range(self.ROWS))
            table.executemany(f"insert into steward_row values ({','.join('?' * len(columns))})", rows)

    def as_soon_as_it_listens(self, request):
        """Of a daemon that has only just begun."""
        def done():
            try:
                return request()
            except OSError:
                return None

        return until(done, lambda: f"an answer of the daemon; it said: {self.text('err')}")

    def test_of_a_new_daemon_knows_all_units(self):
        self.run_daemon(one={"command": SLEEP})
        self.assertEqual(self.interrupt_daemon(), 0)
        self.rows(wanted="down")
        last = f"u{self.ROWS - 1:05}"
        for target, is_whole in (("/v1/status", lambda body: len(body["units"]) == self.ROWS + 1), (f"/v1/units/{last}", lambda body: body["key"] == last),
                                 (f"/v1/units/{last}/explain", lambda body: body["key"] == last)):
            self.daemon = self.launch()
            status, body = self.as_soon_as_it_listens(lambda: self.ask("GET", target))
            self.assertEqual(status, 200, body)
            self.assertTrue(is_whole(body), target)
            self.kill_daemon()

    def test_that_needs_no_unit_does_not_wait_for_the_table(self):
        self.run_daemon(one={"command": SLEEP})
        self.assertEqual(self.interrupt_daemon(), 0)
        self.rows(wanted="down")
        self.daemon = self.launch()
        waiting = self.as_soon_as_it_listens(self.connect)
        waiting.sendall(b"GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n")
        self.assertEqual(self.ask("GET", "/v1/version")[0], 200)
        self.assertEqual(select.select([waiting], [], [], 0)[0], [], "the answer that does")
        self.assertIn(b"200 OK", waiting.recv(4096))


class ending_test(clients_test):
    def test_daemon_begins_nothing_any_more_and_says_so(self):
        self.run_daemon(slow=shell("trap '' TERM; echo up; while :; do sleep 0.1; done", stop={"deadline": "3s"}), other={"command": SLEEP})
        self.running("other")
        self.first_line("slow")
        os.kill(self.daemon.pid, signal.SIGTERM)
        self.wait_for("slow", state="stopping")
        body = json.dumps({"units": {"new": {"command": SLEEP}}})
        for target, what in (("/v1/units/other/restart", None), ("/v1/units/other/start", None), ("/v1/apply", body), ("/v1/plan", body)):
            self.assertEqual(self.ask("POST", target, what), (503, {"error": "the daemon is ending"}), target)
        self.assertEqual(self.ask("GET", "/v1/status")[0], 200)


class user_signals_test(clients_test):
    def test_end_neither_daemon_nor_keeper_and_are_not_ignored_by_programs(self):
        self.run_daemon(one={"command": SLEEP, "restart": "never"})
        pid = self.running("one")["pid"]
        for each in (self.daemon.pid, self.keeper()):
            for number in (signal.SIGUSR1, signal.SIGUSR2):
                os.kill(each, number)
        self.assertTrue(self.answers())
        self.assertTrue(self.keepers())
        os.kill(pid, signal.SIGUSR1)
        self.wait_for("one", exit=lambda ended: ended and ended["signal"] == "USR1")


@unittest.skipIf(os.environ.get("STEWARD_SANITIZED"), "sanitizers need descriptors of their own")
class too_few_descriptors_test(clients_test):
    def test_are_told_at_the_start_or_leave_one_for_answers(self):
        answered = set()
        for self.open_files in ((count, count) for count in range(14, 32)):
            daemon = self.launch()
            until(lambda: daemon.poll() is not None or os.path.exists(self.socket), "a socket, or the end of the daemon")
            answers = daemon.poll() is None and self.steward("status").code == 0
            if answers:
                daemon.send_signal(signal.SIGTERM)
                self.assertEqual(daemon.wait(CAP), 0)
            else:
                self.assertEqual(daemon.wait(CAP), 1, f"{self.open_files}: {self.text('err')}")
            answered.add(answers)
        self.assertEqual(answered, {True, False})


class large_request_test(clients_test):
    def test_is_told_to_go_on_when_it_asks(self):
        self.run_daemon()
        one = self.connect()
        body = b'{"units":{"one":{"command":["sleep","1000"]}}}'
        one.sendall(b"POST /v1/apply HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(body))
        self.assertEqual(one.recv(4096), b"HTTP/1.1 100 Continue\r\n\r\n")
        one.sendall(body)
        self.assertRegex(one.recv(4096), b"^HTTP/1.1 200 OK")
        one.sendall(b"POST /v1/apply HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 99999999\r\n\r\n")
        self.assertRegex(one.recv(4096), b"^HTTP/1.1 413")

    def test_of_a_file_names_it(self):
        self.run_daemon()
        units = {f"u{i}": {"command": ["sleep", "1000", *["x" * 100_000] * 9]} for i in range(5)}
        self.refused(1, r"large\.toml: its units take 4\d{6} bytes to send, .* at most 4194304", "apply", self.units("large.toml", **units))


class wrong_request_test(clients_test):
    def test_of_a_method_is_told_which_are_right(self):
        self.run_daemon()
        answer = self.send(b"PUT /v1/units/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        self.assert_refused(answer, 405, "takes GET or DELETE")
        self.assertIn("\r\nAllow: GET, DELETE\r\n", answer)

    def test_is_answered(self):
        self.run_daemon()
        for raw, status, text in ((b"hello\r\n\r\n", 400, "not an HTTP/1.1 request"), (b"GET / HTTP/9.9\r\n\r\n", 400, "not an HTTP/1.1 request: bad version"),
                                  (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400, "not an HTTP/1.1 request"),
                                  (b"GET / HTTP/1.1\r\nX: " + b"x" * 20000 + b"\r\n\r\n", 431, "too large"),
                                  (b"POST /v1/apply HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % (LARGEST_BODY + 1), 413, "larger than 4 MiB; send it in parts")):
            with self.subTest(raw[:40]):
                self.assert_refused(self.send(raw), status, text)

    def test_with_a_body_that_cannot_be_told_from_the_next_one_is_the_last(self):
        self.run_daemon(good={"command": SLEEP})
        self.running("good")
        for coding in (b"gzip", b"gzip, chunked", b"chunked, gzip", b"identity", b"", b"chunked\r\nTransfer-Encoding: gzip"):
            with self.subTest(coding):
                answer = self.send(b"POST /v1/apply HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: %s\r\n\r\nDELETE /v1/units/good HTTP/1.1\r\nHost: x\r\n\r\n" % coding)
                self.assertRegex(answer, "^HTTP/1.1 (400|501) ")
                self.assertEqual(answer.count("Content-Length: "), 1, answer)
        self.assert_refused(self.send(b"POST /v1/apply HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n"), 501, "Transfer-Encoding other than chunked")
        self.running("good")

    def test_that_ends_too_early_is_answered(self):
        self.run_daemon()
        one = self.connect()
        one.sendall(b"GET /v1/sta")
        one.shutdown(socket.SHUT_WR)
        self.assertIn(b"400", one.recv(4096))

    def test_for_a_head_alone_gets_no_body_also_when_it_is_refused_unread(self):
        self.run_daemon()
        head, _, body = self.send(b"HEAD /v1/status HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n").partition("\r\n\r\n")
        self.assertTrue(head.startswith("HTTP/1.1 413 "), head)
        self.assertEqual(body, "")

    def test_for_a_head_alone_gets_no_body(self):
        self.run_daemon()
        one = self.connect()
        one.sendall(b"HEAD /v1/status HTTP/1.1\r\nHost: x\r\n\r\nGET /v1/version HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = b""
        while piece := one.recv(65536):
            answer += piece
        refused, head, body = answer.decode().split("\r\n\r\n")
        self.assertRegex(refused, r"^HTTP/1.1 405 (?s:.*)Content-Length: [1-9]")
        self.assertTrue(head.startswith("HTTP/1.1 200 "), "the next answer follows the head")
        self.assertIn("api", json.loads(body))

    def test_of_the_old_version_gets_no_chunks(self):
        self.run_daemon(one=shell("echo a; echo b; exec sleep 1000"))
        until(lambda: "b" in self.text("s.db.logs/one.log"), "its output")
        head, _, body = self.send(b"GET /v1/units/one/logs HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").partition("\r\n\r\n")
        self.assertRegex(head, "^HTTP/1.0 200 ")
        self.assertNotRegex(head.lower(), "chunked|keep-alive")
        self.assertEqual(body, "a\nb\n", "it ends with the connection")
        head, _, body = self.send(b"GET /v1/events HTTP/1.0\r\n\r\n").partition("\r\n\r\n")
        self.assertEqual({json.loads(line)["key"] for line in body.splitlines()}, {"one"})
        head, _, body = self.send(b"GET /v1/version HTTP/1.0\r\n\r\n").partition("\r\n\r\n")
        self.assertIn(f"Content-Length: {len(body)}", head)

    def test_with_the_host_in_its_target_is_none(self):
        self.run_daemon()
        self.assertEqual(self.ask("GET", "http://localhost/v1/version")[0], 200)


@unittest.skipIf(os.environ.get("STEWARD_SANITIZED"), "sanitizers take memory of their own")
class large_body_test(clients_test):
    """The worst that was found: what takes most memory for each byte."""

    def most_memory(self):
        with open(f"/proc/{self.daemon.pid}/status", encoding="utf-8") as status:
            return next(int(line.split()[1]) << 10 for line in status if line.startswith("VmHWM"))

    def takes_no_more_than_it_may(self, body, status):
        self.assertLessEqual(len(body), LARGEST_BODY)
        self.assertGreater(len(body), LARGEST_BODY * 9 // 10)
        self.run_daemon()
        self.assertEqual(self.ask("POST", "/v1/apply", body)[0], status)
        self.assertLess(self.most_memory(), MOST_MEMORY)

    def test_of_many_values(self):
        self.takes_no_more_than_it_may("[" + "0," * (LARGEST_BODY // 2 - 10) + "0]", 400)

    def test_of_many_keys(self):
        self.takes_no_more_than_it_may("{" + ",".join(f'"{i:x}":0' for i in range(LARGEST_BODY // 10)) + "}", 400)

    def test_of_many_units_that_are_none(self):
        self.takes_no_more_than_it_may('{"units":{' + ",".join(f'"{i:x}":{{}}' for i in range(LARGEST_BODY // 11)) + "}}", 400)

    def test_of_many_units(self):
        units = ",".join(f'"{i:x}":{{"command":["sh"]}}' for i in range(LARGEST_BODY // 27))
        self.takes_no_more_than_it_may('{"units":{' + units + ',"none":{"command":["/none"]}}}', 422)


class command_test(clients_test):
    def test_takes_several_units_and_tries_all(self):
        self.run_daemon(one={"command": SLEEP}, two={"command": SLEEP})
        self.running("one")
        self.running("two")
        done = self.steward("stop", "one", "none", "two")
        self.assertEqual((done.code, done.out, done.err), (1, "one is stopped\ntwo is stopped\n", "steward: none: there is no unit none\n"))

    def test_apply_reads_stdin(self):
        self.run_daemon()

        def apply(text):
            return subprocess.run([BINARY, "apply", "--db", self.database, "-"], input=text, capture_output=True, text=True, timeout=CAP, check=False,
                                  cwd=self.folder, env=self.environment)

        done = apply('[unit.one]\ncommand = ["./here.sh"]\n')
        self.assertEqual((done.returncode, done.stderr), (2, f'<stdin>:2:12: unit.one.command[0]: "{self.at("here.sh")}" does not exist\n'))
        done = apply('[unit.one]\ncommand = ["sleep", "1000"]\n')
        self.assertEqual((done.returncode, done.stdout), (0, "added: one\n"))
        self.running("one")

    def test_restart_says_whom_it_waits_for(self):
        self.run_daemon(web={"command": SLEEP}, worker={"command": SLEEP, "after": ["web"]})
        self.running("worker")
        self.assertEqual(self.does("restart", "worker"), "worker restarts\n")
        self.does("stop", "web", "worker")
        self.assertEqual(self.does("restart", "worker"), "worker restarts, but first waits for web (stopped)\n")
        self.wait_for("worker", state="waiting")
        self.assertEqual(self.does("start", "worker"), "worker waits for web (stopped)\n")

    def test_rm_names_those_that_come_after(self):
        self.run_daemon(web={"command": SLEEP}, a={"command": SLEEP, "after": ["web"]}, b={"command": SLEEP, "after": ["web"]})
        self.running("b")
        self.assertEqual(self.does("rm", "web"), "web is removed; what comes after it waits for it at its next start: a, b\n")
        self.assertEqual(self.does("rm", "b"), "b is removed\n")

    def test_rm_tells_those_that_go_down_from_those_that_go_on(self):
        lost = lambda how: {"command": SLEEP, "requires": [{"unit": "db", "on_loss": how}]}
        self.run_daemon(db={"command": SLEEP}, shop={"command": SLEEP, "requires": ["db"]}, job=lost("stop"), log=lost("ignore"),
                        web={"command": SLEEP, "after": ["db"]})
        for key in ("shop", "job", "log", "web"):
            self.running(key)
        self.assertEqual(self.does("rm", "db"), "db is removed; what requires it is down until there is a unit db again: job, shop; "
                                                "what comes after it waits for it at its next start: log, web\n")
        self.wait_for("shop", state="waiting")
        until(lambda: self.unit("db") == {}, "the end of db")
        self.assertIn("it waits for db, which does not run; there is no unit db\n", self.does("explain", "shop"))
        self.assertRegex(self.does("status"), r"shop +waiting .* for db; there is no unit db\n")
        self.assertEqual((self.unit("shop")["missing"], self.unit("web")["state"]), (["db"], "running"))
        self.refused(1, "^steward: there is no unit db$", "rm", "db")
        self.does("apply", self.units(db={"command": SLEEP}))
        self.running("shop")

    def test_completed_unit_does_not_let_start_what_comes_after_it(self):
        self.run_daemon(done={"command": ["true"], "restart": "never"}, next={"command": SLEEP, "after": ["done"]})
        self.wait_for("done", state="completed")
        self.does("restart", "next")
        self.assertEqual(self.wait_for("next", state="waiting")["waiting_for"], ["done"])

    def test_run_on_a_terminal_ends_with_what_is_so(self):
        self.units(one={"command": SLEEP})
        ours, theirs = pty.openpty()
        self.daemon = subprocess.Popen([BINARY, "run", "--db", self.database, "--apply", "units.toml"], stdin=subprocess.DEVNULL, stdout=theirs,
                                       stderr=theirs, cwd=self.folder, env=self.environment, start_new_session=True)
        self.started.append(self.daemon)
        os.close(theirs)
        os.set_blocking(ours, False)
        shown = b""

        def shows(text):
            nonlocal shown
            try:
                shown += os.read(ours, 65536)
            except OSError:
                pass
            return text in shown

        until(lambda: shows(b"1 running - Ctrl-C stops everything"), lambda: shown)
        self.daemon.send_signal(signal.SIGINT)
        self.assertEqual(self.daemon.wait(CAP), 0, shown)
        until(lambda: shows(b"1 stopped\x1b[K"), lambda: shown)
        os.close(ours)


if __name__ == "__main__":
    main()
